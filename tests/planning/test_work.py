"""Phases, durations, efforts and posts of small inventories, by hand."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digistrat.planning.posts import staffed_fte
from digistrat.planning.work import (
    effort_by_activity,
    effort_by_role,
    one_off_costs,
    planning_months,
    project_phases,
    template_of,
)
from inventories import THRESHOLDS, cost, make_inventory, make_strategy, post, procedure, project, step


def phases_of(strategy=None, *, ids=("a",), start=None, **tables):
    inventory = make_inventory(strategy or make_strategy(), **tables)
    index = pd.Index(list(ids), dtype="str")
    return project_phases(inventory, index, one_off_costs(inventory, index), start=start)


def months(**tables):
    return dict(zip(*[phases_of(**tables)[c] for c in ("phase_id", "duration_months")], strict=True))


def reported(phase, **more):
    return {"project_id": "a", "phase_id": phase} | more


# --- posts


def test_posts_count_in_whole_months_only():
    positions = [
        post("always", "PL", 0.5),
        post("from", "PL", 1.0, start_date="2027-02-01"),
        post("within", "PL", 2.0, start_date="2027-02-02"),
        post("until", "EN", 1.0, end_date="2027-02-28"),
        post("short", "EN", 4.0, end_date="2027-02-27"),
        post("unknown", "EN", None),
        post("nobody", None, 3.0),
    ]
    inventory = make_inventory(make_strategy(), positions=positions)
    fte = staffed_fte(inventory, months=pd.date_range("2027-01-01", periods=4, freq="MS"))
    assert fte["PL"].tolist() == [0.5, 1.5, 3.5, 3.5]
    assert fte["EN"].tolist() == [5.0, 1.0, 0.0, 0.0]


def test_a_role_that_nobody_holds_and_no_posts_at_all():
    fte = staffed_fte(make_inventory(make_strategy(), positions=[post("1", "PL")]))
    assert (len(fte), fte["PL"].min(), fte["EN"].max()) == (36, 1.0, 0.0)
    assert staffed_fte(make_inventory(make_strategy())).to_numpy().sum() == 0


def test_the_horizon():
    assert [f"{m:%Y-%m-%d}" for m in planning_months(make_strategy())[[0, -1]]] == [
        "2027-01-01",
        "2029-12-01",
    ]
    assert planning_months(make_strategy(), dt.date(2027, 7, 1))[0] == pd.Timestamp("2027-07-01")
    assert planning_months(make_strategy(), dt.date(2027, 7, 9))[0] == pd.Timestamp("2027-08-01")


# --- templates and durations


@pytest.mark.parametrize(
    ("euros", "wanted"), [(0, "s"), (100.0, "s"), (100.01, "m"), (1e9, "m"), (float("nan"), "s")]
)
def test_the_template_for_a_cost(euros, wanted):
    phases = (step("KO", 1.0, 1.0),)
    strategy = make_strategy(
        phase_templates=(
            {"id": "s", "name": "s", "duration_months": 3, "upper_limit_eur": 100.0, "phases": phases},
            {"id": "m", "name": "m", "duration_months": 9, "phases": phases},
        )
    )
    assert template_of(strategy, euros).id == wanted


def test_without_templates_it_says_so():
    with pytest.raises(ValueError, match="strategy must have phase_templates to plan projects, found none"):
        template_of(make_strategy(phase_templates=()), 1.0)


def test_the_templates_durations_stretched_to_the_projects_own():
    assert months(projects=[project("a")]) == {"KO": 2, "BE": 2, "VG": 2, "UM": 4}
    # 20 months: all doubled
    own = project("a", start_date="2027-01-01", end_date="2028-08-31")
    assert months(projects=[own]) == {"KO": 4, "BE": 4, "VG": 4, "UM": 8}
    # an end before the beginning says nothing
    wrong = project("a", start_date="2028-01-01", end_date="2027-01-01")
    assert months(projects=[wrong]) == {"KO": 2, "BE": 2, "VG": 2, "UM": 4}


def test_what_the_office_says_comes_first():
    found = months(
        projects=[project("a")],
        phases=[
            reported("KO", duration_months=5.0),
            reported("BE", duration_months=2.5),  # half a month goes up
            reported("VG", start_date="2027-05-01", end_date="2027-07-31"),
            reported("UM", start_date="2027-05-01"),  # no end: the template's
        ],
    )
    assert found == {"KO": 5, "BE": 3, "VG": 3, "UM": 4}


def test_the_templates_least_months_do_not_bind_the_office():
    template = {
        "id": "t",
        "name": "t",
        "duration_months": 10,
        "phases": (step("KO", 0.1, 0.5, months_min=4), step("UM", 0.9, 0.5)),
    }
    strategy = make_strategy(phase_templates=(template,))
    assert months(strategy=strategy, projects=[project("a")])["KO"] == 4
    said = [reported("KO", duration_months=1.0)]
    assert months(strategy=strategy, projects=[project("a")], phases=said)["KO"] == 1


def test_no_role_needs_more_than_one_person():
    # 100 days at 20 a month take five months
    efforts = [
        reported("UM", role_id="EN", effort_days=100.0),
        reported("UM", role_id="PL", effort_days=20.0),
    ]
    assert months(projects=[project("a")], efforts=efforts)["UM"] == 5
    efforts[0]["effort_days"] = 100.5
    assert months(projects=[project("a")], efforts=efforts)["UM"] == 6


def test_columns_and_order():
    table = phases_of(ids=["b", "a"], projects=[project("a"), project("b")])
    assert table.index.tolist() == ["b KO", "b BE", "b VG", "b UM", "a KO", "a BE", "a VG", "a UM"]
    assert table["predecessor"].tolist()[:5] == ["", "b KO", "b BE", "b VG", ""]
    assert table["share_cost"].tolist()[:4] == pytest.approx([0.1, 0, 0, 0.9])
    assert table["is_decision"].tolist()[:4] == [False, True, False, False]
    empty = phases_of(ids=[])
    assert empty.empty
    pd.testing.assert_series_equal(empty.dtypes, table.dtypes)


# --- progress


def left(**tables):
    return phases_of(**tables).set_index("phase_id")["share_left"].to_dict()


def test_reported_progress():
    a = project("a", "in_preparation")
    done = reported("KO", actual_end_date="2026-03-31")
    assert left(projects=[a], phases=[done]) == {"BE": 1, "VG": 1, "UM": 1}
    half = [done, reported("BE", share_done=0.5)]
    found = phases_of(projects=[a], phases=half)
    assert found.set_index("phase_id")["share_left"].to_dict() == {"BE": 0.5, "VG": 1, "UM": 1}
    assert found.loc["a BE", "duration_months"] == 1
    assert found.loc["a BE", "predecessor"] == ""
    # all money that is left goes to the phases that are left
    assert found["share_cost"].tolist() == pytest.approx([0, 0, 1])


def test_what_comes_before_a_phase_that_has_begun_is_done_unless_the_office_says_otherwise():
    a = project("a", "in_preparation")
    later = reported("UM", share_done=0.25)
    assert left(projects=[a], phases=[later]) == {"UM": 0.75}
    assert left(projects=[a], phases=[reported("BE", share_done=0.0), later]) == {"BE": 1, "UM": 0.75}


def test_progress_reported_as_none_is_not_guessed_from_dates():
    a = project("a", "in_preparation", start_date="2026-01-01", end_date="2027-12-31")
    nothing = [reported(phase, share_done=0.0) for phase in ("KO", "BE", "VG", "UM")]
    assert left(projects=[a], phases=nothing) == {"KO": 1, "BE": 1, "VG": 1, "UM": 1}


def test_progress_from_dates():
    # a quarter of 2026-07-02 … 2028-07-01 is over: KO is done (0.2), a quarter of BE too
    a = project("a", "in_preparation", start_date="2026-07-02", end_date="2028-07-01")
    shares = left(projects=[a])
    assert list(shares) == ["BE", "VG", "UM"]
    assert shares["BE"] == pytest.approx((0.4 - 183 / 731) / 0.2)
    # the same dates of a possible project say nothing of progress
    assert left(projects=[a | {"status": "possible"}]) == {"KO": 1, "BE": 1, "VG": 1, "UM": 1}
    # a beginning alone does not tell how far it is
    assert len(left(projects=[a | {"end_date": None}])) == 4
    # planning later finds it further
    assert list(left(projects=[a], start=dt.date(2028, 1, 1))) == ["UM"]


def test_the_last_phase_remains():
    late = project("a", "in_preparation", start_date="2024-01-01", end_date="2025-12-31")
    assert left(projects=[late]) == {"UM": 1}
    done = [reported("UM", share_done=1.0)]
    assert left(projects=[late], phases=done) == {"UM": 1}
    assert phases_of(projects=[late])["share_cost"].tolist() == [1.0]


def test_a_phase_that_takes_no_time_of_its_own_is_not_lost():
    template = {
        "id": "t",
        "name": "t",
        "duration_months": 10,
        "phases": (step("BE", 0.0, 0.0, is_decision=True), step("UM", 1.0, 1.0)),
    }
    strategy = make_strategy(phase_templates=(template,))
    assert months(strategy=strategy, projects=[project("a")]) == {"BE": 1, "UM": 10}


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["KO", "BE", "VG", "UM"]), st.floats(0, 1), max_size=4),
    st.sampled_from(["possible", "in_preparation"]),
)
def test_shares_stay_shares(shares, status):
    table = phases_of(
        projects=[project("a", status)],
        phases=[reported(phase, share_done=share) for phase, share in shares.items()],
    )
    assert table["share_left"].between(0, 1).all()
    assert (table["share_left"] > 0).all()
    assert table["share_cost"].sum() == pytest.approx(1)
    assert (table["duration_months"] >= 1).all()
    assert (table["predecessor"] == "").sum() == 1


# --- procurement


@pytest.mark.parametrize(
    ("value", "name", "length"),
    [
        (8_000.0, "Direct", 1),  # 2 weeks
        (50_000.0, "Public", 3),  # 14 weeks are 3.2 months
        (300_000.0, "EU-open", 6),  # 26 weeks are 5.98 months
        (0.0, "", 2),
        (None, "", 2),
    ],
)
def test_procurement_takes_as_long_as_its_procedure(value, name, length):
    row = phases_of(projects=[project("a", order_value_net_eur=value)]).loc["a VG"]
    assert (row["procedure"], row["duration_months"]) == (name, length)
    assert phases_of(projects=[project("a", order_value_net_eur=value)]).loc["a KO", "procedure"] == ""


def test_the_upper_end_of_the_order_value_decides():
    a = project("a", order_value_net_eur=100_000.0, order_value_net_eur_upper=400_000.0)
    assert phases_of(projects=[a]).loc["a VG", "procedure"] == "EU-open"


def test_never_shorter_than_the_procedures_least_weeks():
    # typical 15 weeks are 3.4 months, to the nearest 3; but 14 weeks at least are more than 3
    strategy = make_strategy(procedures=(procedure("Public", None, (14, 15, 22)),))
    a = project("a", order_value_net_eur=50_000.0)
    assert phases_of(strategy, projects=[a]).loc["a VG", "duration_months"] == 4


def test_after_the_last_known_threshold_that_one_stands():
    # 4 months of KO and BE: procurement from May 2027; of a project released in September 2027 from January
    # 2028, when no threshold is known yet
    a = project("a", order_value_net_eur=300_000.0)
    assert phases_of(projects=[a]).loc["a VG", "procedure"] == "EU-open"
    later = phases_of(projects=[a | {"release_date": "2027-09-01"}]).loc["a VG"]
    assert (later["procedure"], later["duration_months"]) == ("EU-open", 6)  # 26 weeks
    early = phases_of(projects=[a], start=dt.date(2025, 1, 1)).loc["a VG"]
    assert (early["procedure"], early["duration_months"]) == ("", 2)  # before the first one: the template


def test_of_two_thresholds_that_a_plan_may_meet_the_longer_procedure_counts():
    first, second = (
        THRESHOLDS[0],
        THRESHOLDS[0]
        | {
            "valid_from": dt.date(2028, 1, 1),
            "valid_to": dt.date(2029, 12, 31),
            "threshold_eur": 150_000.0,
        },
    )
    a = project("a", order_value_net_eur=180_000.0)
    assert phases_of(make_strategy(), projects=[a]).loc["a VG", "procedure"] == "Public"
    both = make_strategy(procurement_thresholds=(first, second))
    assert phases_of(both, projects=[a]).loc["a VG", "procedure"] == "EU-open"


def test_what_the_office_says_of_the_procedure():
    strategy = make_strategy(
        procedures=(
            procedure("Direct", 10_000.0, (1, 2, 4)),
            procedure("Public", None, (10, 14, 22)),
            procedure("EU", None, (4, 5, 6), is_eu=True, days_min=60.0, standstill_days=10.0)
            | {"name": "Open (EU)"},
            procedure("Inhouse", None, (2, 6, 12), is_framework=True),
        )
    )

    def path(value, named=None):
        a = project("a", order_value_net_eur=value, procedure=named)
        row = phases_of(strategy, projects=[a]).loc["a VG"]
        return row["procedure"], row["duration_months"]

    assert path(300_000.0, " inhouse ") == ("Inhouse", 1)  # a framework contract knows no threshold: 6 weeks
    assert path(50_000.0) == ("Public", 3)  # 14 weeks; never a framework that nobody names
    assert path(300_000.0) == (
        "Open (EU)",
        3,
    )  # 70 days by law, more than the table says: 10 weeks, at least 2.3
    assert path(5_000.0, "public") == ("Public", 3)  # longer than needed may be chosen
    assert path(300_000.0, "direct") == ("Open (EU)", 3)  # shorter than allowed may not
    assert path(None, "open") == ("Open (EU)", 3)
    assert path(None, "by lot") == ("", 2)


def test_the_offices_own_length_of_procurement_stands():
    said = [reported("VG", duration_months=1.0)]
    row = phases_of(projects=[project("a", order_value_net_eur=300_000.0)], phases=said).loc["a VG"]
    assert (row["procedure"], row["duration_months"]) == ("", 1)


def test_buyers_without_thresholds_and_incomplete_procedures():
    offices = ({"id": "A1", "name": "Verkehr", "kind": "company", "buyer": "sector"},)
    a = project("a", order_value_net_eur=300_000.0)
    assert phases_of(make_strategy(offices=offices), projects=[a]).loc["a VG", "procedure"] == ""
    sector = tuple(t | {"buyer": "sector", "threshold_eur": 432_000.0} for t in THRESHOLDS)
    strategy = make_strategy(offices=offices, procurement_thresholds=sector)
    assert phases_of(strategy, projects=[a]).loc["a VG", "procedure"] == "Public"
    # a table without a procedure for the value is a mistake in the strategy, never passed over
    few = make_strategy(procedures=(procedure("Direct", 10_000.0, (1, 2, 4)),))
    with pytest.raises(ValueError, match="procedures must cover every value; none for 300000 € net"):
        phases_of(few, projects=[a])
    assert phases_of(make_strategy(procedures=()), projects=[a]).loc["a VG", "procedure"] == ""


def test_in_house_orders_come_after_public_tender():
    kinds = (procedure("Public", None, (10, 14, 22)), procedure("Inhouse", None, (2, 6, 12)))
    a = project("a", order_value_net_eur=50_000.0)
    assert phases_of(make_strategy(procedures=kinds), projects=[a]).loc["a VG", "procedure"] == "Public"


# --- efforts


def efforts_of(**tables):
    inventory = make_inventory(make_strategy(), **tables)
    ids = pd.Index(["a"], dtype="str")
    costs = one_off_costs(inventory, ids)
    return effort_by_activity(inventory, project_phases(inventory, ids, costs), costs)


def test_the_templates_efforts():
    table = efforts_of(projects=[project("a")])
    assert table["PL"].tolist() == [10, 0, 0, 0]
    assert table["EN"].tolist() == [0, 0, 0, 40]


def test_own_efforts_where_the_office_says_any_and_the_templates_elsewhere():
    table = efforts_of(
        projects=[project("a")],
        efforts=[
            reported("UM", role_id="EN", effort_days=15.0),
            reported("UM", role_id="EN", effort_days=5.0),  # a second row adds
            reported("KO", role_id="EN", effort_days=3.0),
            reported("KO", role_id="PL", effort_days=None),  # illegible: the template's, never zero
        ],
    )
    assert table["EN"].tolist() == [3, 0, 0, 20]
    assert table["PL"].tolist() == [10, 0, 0, 0]
    zero = efforts_of(projects=[project("a")], efforts=[reported("UM", role_id="EN", effort_days=0.0)])
    assert zero["EN"].tolist() == [0, 0, 0, 0]


def test_work_of_a_phase_that_the_template_lacks_is_not_lost():
    template = {
        "id": "t",
        "name": "t",
        "duration_months": 4,
        "phases": (step("KO", 0.5, 0), step("RO", 0.5, 1)),
    }
    strategy = make_strategy(phase_templates=(template,))
    inventory = make_inventory(
        strategy, projects=[project("a")], efforts=[reported("UM", role_id="EN", effort_days=12.0)]
    )
    ids = pd.Index(["a"], dtype="str")
    table = effort_by_activity(
        inventory, project_phases(inventory, ids, pd.Series(dtype=float)), pd.Series(dtype=float)
    )
    assert table["EN"].to_dict() == {"a KO": 0, "a RO": 12}
    assert effort_by_role(inventory, ids).loc["a", "EN"] == 12


def test_only_the_work_that_is_left_counts():
    tables = {
        "projects": [project("a", "in_preparation")],
        "phases": [reported("UM", share_done=0.75)],
    }
    assert efforts_of(**tables)["EN"].tolist() == [10]
    inventory = make_inventory(make_strategy(), **tables)
    assert effort_by_role(inventory, pd.Index(["a"])).loc["a"].tolist() == [0, 10]


def test_one_off_costs_take_the_upper_end_and_keep_missing_apart():
    inventory = make_inventory(
        make_strategy(),
        projects=[project("a"), project("b"), project("c")],
        project_costs=[
            cost("a", 2027, 10.0, amount_eur_upper=20.0),
            cost("a", 2028, 5.0, "consumptive"),
            cost("a", 2028, 500.0, is_recurring=True),
            cost("b", 2027, 7.0, is_recurring=True),
        ],
    )
    found = one_off_costs(inventory, pd.Index(["a", "b", "c"]))
    assert found["a"] == 25
    assert found[["b", "c"]].isna().all()


def test_what_is_dated_before_planning_begins_is_done_by_then():
    # reported on 2026-04-30, planned from 2027-01-01 on
    a = project("a", "in_preparation")
    before = reported("KO", share_done=0.0, start_date="2026-05-01", end_date="2026-12-31")
    # 92 of the 184 days from 2026-10-01 to 2027-04-02 lie before the planning start
    across = reported("BE", share_done=0.0, start_date="2026-10-01", end_date="2027-04-02")
    # half is done; of the rest, dated 2026-05-01 … 2027-08-31, half again by 2027-01-01 (245 of 488 days)
    begun = reported("VG", share_done=0.5, start_date="2026-01-01", end_date="2027-08-31")
    late = reported("UM", share_done=0.5, start_date="2025-01-01", end_date="2026-03-31")
    shares = left(projects=[a], phases=[before, across, begun, late])
    assert "KO" not in shares
    assert shares["BE"] == pytest.approx(0.5)
    assert shares["VG"] == pytest.approx(0.5 * (1 - 245 / 488))
    assert shares["UM"] == 0.5


def test_nobody_works_on_a_possible_project_before_it_is_chosen():
    a = project("a", "possible")
    dated = reported("KO", share_done=0.0, start_date="2026-05-01", end_date="2026-12-31")
    assert left(projects=[a], phases=[dated])["KO"] == 1
