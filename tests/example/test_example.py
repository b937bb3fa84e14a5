from __future__ import annotations

import csv
import datetime as dt
import graphlib
import zipfile
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digistrat.example import ROUNDS, extended_offices, generate_round
from digistrat.example.sheets import write_date
from digistrat.example.tables import _spread
from digistrat.inventory.reading import read_inventory

DATA = Path(__file__).parents[2] / "data"
SOURCE = Path(__file__).parents[2] / "src" / "digistrat" / "example"
DATES = ("2025-10-31", "2026-04-30")


@pytest.mark.parametrize("date", DATES)
def test_clean_round_has_no_findings(clean, date):
    assert clean[date].findings[["file", "sheet", "cell", "code"]].values.tolist() == []


def test_first_round_is_as_large_as_asked(clean, strategy):
    inventory = clean[DATES[0]]
    projects = inventory.projects
    reporting = {Path(file).stem.split("_")[0] for file in inventory.sources["returns"]["file"]}
    kinds = {office.id: office.kind for office in strategy.offices}
    assert len(reporting) >= 43
    assert sum(kinds[office] != "partner" for office in reporting) >= 36
    assert {"IHK", "GU", "FRA-UAS"} <= reporting
    assert len(projects) >= 320
    assert set(projects["field_id"]) == {field.id for field in strategy.fields}
    assert projects.groupby("field_id").size().min() >= 8
    assert (projects["status"] == "possible").sum() >= 150
    assert (projects["status"] == "existing").sum() >= 70
    assert (projects["status"] == "in_preparation").sum() >= 40
    assert len(inventory.services) >= 150
    assert len(inventory.tables["requirements"]) >= 60
    assert 50 <= len(inventory.tables["positions"]) <= 75
    assert 50 <= len(inventory.tables["dependencies"]) <= 75
    assert set(inventory.tables["dependencies"]["kind"]) >= {
        "end_before_start",
        "requires",
        "excludes",
        "synergy",
    }


def test_all_typical_projects_are_placed_at_their_lead_office(clean, strategy):
    with (SOURCE / "catalogue.csv").open(encoding="utf-8", newline="") as file:
        typical = list(csv.DictReader(file, delimiter=";"))
    assert len(typical) == 78
    ids = {office.short_name: office.id for office in strategy.offices}
    projects = clean[DATES[0]].projects.set_index("title")
    for row in typical:
        found = projects.loc[row["title"]]
        assert (found["office_id"], found["field_id"]) == (ids[row["office"]], row["field_id"])
    # in operation in 2018 means still in operation
    done = [row["title"] for row in typical if row["status_2018"] == "E"]
    assert set(projects.loc[done, "status"]) <= {"existing", "in_preparation"}


def test_catalogue_is_the_shared_one(shared):
    original = (shared / "domain" / "projects_typical.csv").read_text("utf-8").splitlines()
    assert (SOURCE / "catalogue.csv").read_text("utf-8").splitlines()[1:] == original[1:]


@pytest.mark.parametrize("date", DATES)
def test_statuses_fit_dates(clean, date):
    inventory, on = clean[date], pd.Timestamp(date)
    projects = inventory.projects
    existing = projects[projects["status"] == "existing"]
    assert (existing["end_date"] <= on).all()
    preparing = projects[projects["status"] == "in_preparation"]
    assert (preparing["end_date"] > on).all()
    possible = projects[projects["status"] == "possible"]
    dated = possible.dropna(subset=["start_date"])
    assert len(dated) > 0.8 * len(possible)
    assert (dated["start_date"] >= "2027-01-01").all()
    assert (dated["start_date"] < "2030-01-01").all()
    assert (dated["end_date"] > dated["start_date"]).all()
    due = projects.dropna(subset=["due_date"])
    assert len(due) >= 10
    assert due["due_date"].between("2027-01-01", "2030-12-31").all()
    assert (due["due_date"] > due["end_date"]).all()
    assert (due["mandate"] == "legal").all()


def _types() -> dict[str, dict[str, str]]:
    """Title → the typical project whose ranges hold, from the files alone."""
    with (SOURCE / "catalogue.csv").open(encoding="utf-8", newline="") as file:
        typical = {row["nr"]: row for row in csv.DictReader(file, delimiter=";")}
    with (SOURCE / "topics.csv").open(encoding="utf-8", newline="") as file:
        topics = {row["title"]: typical[row["like"]] for row in csv.DictReader(file, delimiter=";")}
    return {row["title"]: row for row in typical.values()} | topics


@pytest.mark.parametrize("date", DATES)
def test_costs_and_durations_stay_within_the_catalogue(clean, date):
    inventory, types = clean[date], _types()
    costs = inventory.tables["project_costs"]
    assert costs["year"].between(2026, 2032).all()
    assert (costs["amount_eur"] > 0).all()
    one_off = costs[~costs["is_recurring"].astype(bool)].groupby("project_id")["amount_eur"].sum()
    yearly = costs[costs["is_recurring"].astype(bool)].groupby("project_id")["amount_eur"].max()
    checked = 0
    for label, project in inventory.projects.iterrows():
        kind = types.get(project["title"])
        if kind is None:
            continue
        checked += 1
        most = float(kind["one_off_teur_max"]) * 1000
        least = float(kind["one_off_teur_min"]) * 1000
        if project["status"] == "possible":
            assert least - 100 <= one_off[label] <= most + 100
        assert one_off.get(label, 0) <= most + 100
        assert yearly.get(label, 0) <= float(kind["recurring_teur_max"]) * 1000
        if project["status"] == "possible" and not pd.isna(project["start_date"]):
            months = (project["end_date"] - project["start_date"]).days / 30.4375
            assert float(kind["months_min"]) - 0.5 <= months <= float(kind["months_max"]) + 0.5
    assert checked > 250


@pytest.mark.parametrize("date", DATES)
def test_no_circle_and_no_contradiction_among_dependencies(clean, date):
    links = clean[date].tables["dependencies"]
    after: dict[str, list[str]] = {}
    for project, other in zip(links["project_id"], links["other_id"], strict=True):
        after.setdefault(project, []).append(other)
    graphlib.TopologicalSorter(after).prepare()
    projects = clean[date].projects
    excluded = links[links["kind"] == "excludes"]
    assert set(projects.loc[excluded["project_id"], "mandate"]) == {"none"}
    assert set(projects.loc[excluded["other_id"], "mandate"]) == {"none"}
    assert "discontinued" not in set(projects.loc[links["other_id"], "status"])


def test_ratings_are_neither_complete_nor_flat(clean):
    inventory = clean[DATES[0]]
    ratings = inventory.impact_ratings[inventory.impact_ratings["rated_by"] == "office"]
    states = ratings["state"].value_counts(normalize=True)
    assert 0.04 < states["missing"] < 0.09
    assert 0.015 < states["not_applicable"] < 0.05
    means = ratings.groupby("project_id")["points"].mean()
    assert means.std() > 1.2
    levels = inventory.tables["readiness_ratings"]
    status = levels["project_id"].map(inventory.projects["status"])
    by_status = levels.groupby(status)["level"].mean()
    assert by_status["in_preparation"] > by_status["possible"] + 0.8


@pytest.mark.parametrize("date", DATES)
def test_savings_and_revenues_are_of_projects_with_costs_and_begin_after_their_end(clean, date):
    inventory = clean[date]
    effects, projects = inventory.project_effects, inventory.projects
    of = projects.loc[effects["project_id"]]
    shares = of[~of.index.duplicated()]["status"].value_counts() / projects["status"].value_counts()
    assert shares["in_preparation"] > 0.3
    assert 0.05 < shares["possible"] < shares["in_preparation"]
    assert set(of["status"]) == {"existing", "in_preparation", "possible"}
    assert set(effects["project_id"]) <= set(inventory.project_costs["project_id"])
    ended = of["end_date"].dt.year.to_numpy()
    assert (effects["year"].to_numpy() > ended)[~of["end_date"].isna().to_numpy()].all()
    kinds = effects.groupby("kind")["is_budget_effective"].mean()
    assert kinds["revenue"] == 1
    assert 0.3 < kinds["saving"] < 0.6
    assert (effects["amount_eur"] > 0).all()


@pytest.mark.parametrize("date", DATES)
def test_the_unit_moderates_some_projects_of_others_with_a_reason(clean, date):
    ratings = clean[date].impact_ratings
    moderated = ratings[(ratings["rated_by"] == "unit") & ratings["points"].notna()]
    assert 8 <= moderated["project_id"].nunique() <= 40
    assert moderated["reason"].str.len().min() > 10
    own = ratings[ratings["rated_by"] == "office"].set_index(["project_id", "criterion_id"])["points"]
    keys = pd.MultiIndex.from_frame(moderated[["project_id", "criterion_id"]])
    apart = moderated["points"].to_numpy() - own.loc[keys]
    assert set(apart.abs()) == {2}
    files = clean[date].sources["impact_ratings"]["file"]
    assert set(files[moderated.index]) == {"StD_Bewertung.xlsx"}


@pytest.mark.parametrize("date", DATES)
def test_high_levels_of_maturity_have_evidence(clean, date):
    rated = clean[date].maturity_ratings
    assert rated.loc[rated["level"] >= 3, "evidence"].notna().all()
    assert 0.3 < rated.loc[rated["level"].between(1, 2), "evidence"].notna().mean() < 0.9


def test_open_projects_are_rated_and_services_follow_the_model_in_force(clean, strategy):
    inventory = clean[DATES[0]]
    projects = inventory.projects
    is_open = projects["status"].isin(["possible", "in_preparation"])
    assert set(projects.index[is_open]) <= set(inventory.tables["impact_ratings"]["project_id"])
    services = inventory.services
    assert set(services["model"]) == {"ozg-2.0"}
    assert services["level"].max() > 4
    assert services.index.str.fullmatch(r"99\d{12}").all()


def test_staff_is_enough_for_some_and_grows(clean):
    positions = clean[DATES[0]].tables["positions"]
    fte = positions.groupby("role_id")["fte"].sum()
    assert fte.between(5, 10).all()
    assert (positions["start_date"] > pd.Timestamp("2026-12-31")).sum() >= 5


def test_second_round_is_the_first_half_a_year_on(clean):
    first, second = (clean[date].projects for date in DATES)
    assert set(first.index) < set(second.index)
    later = second.loc[first.index]
    steps = Counter(zip(first["status"], later["status"], strict=True))
    assert set(steps) <= {
        ("existing", "existing"),
        ("discontinued", "discontinued"),
        ("in_preparation", "in_preparation"),
        ("in_preparation", "existing"),
        ("in_preparation", "discontinued"),
        ("possible", "possible"),
        ("possible", "in_preparation"),
        ("possible", "discontinued"),
    }
    assert steps["in_preparation", "existing"] >= 5
    assert steps["possible", "in_preparation"] >= 5
    assert steps["possible", "discontinued"] >= 1
    assert (first["office_id"] != later["office_id"]).sum() == 1
    assert (first["title"] == later["title"]).all()
    same = first["status"].eq(later["status"])
    assert (later["end_date"] > first["end_date"])[same].sum() >= 5
    assert (later["order_value_net_eur"] > first["order_value_net_eur"])[same].sum() >= 5
    levels = [clean[date].services["level"] for date in DATES]
    assert (levels[1] - levels[0]).dropna().isin([0, 1]).all()
    assert (levels[1] > levels[0]).sum() >= 3


def test_same_seed_same_bytes_other_seed_other_bytes(strategy, tmp_path):
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        generate_round(tmp_path / name, strategy, ROUNDS[0], offices=6, seed=seed)
    read = {name: {p.name: p.read_bytes() for p in (tmp_path / name).iterdir()} for name in "abc"}
    assert read["a"] == read["b"]
    assert read["a"] != read["c"]


@pytest.mark.parametrize("offices", [1, 4, 70])
def test_other_sizes_are_clean_too(strategy, tmp_path, offices):
    folder = tmp_path / DATES[0]
    generate_round(folder, strategy, ROUNDS[0], offices=offices, faults=False)
    wider = strategy.model_copy(update={"offices": (*strategy.offices, *extended_offices(strategy, offices))})
    inventory = read_inventory(folder, wider)
    assert inventory.files["office_id"].nunique() == offices
    assert inventory.findings[["file", "sheet", "cell", "code"]].values.tolist() == []


def test_extended_offices_has_any_size(strategy):
    offices = extended_offices(strategy, 400)
    assert len(offices) == len({office.id for office in offices}) == 400
    assert {office.id for office in extended_offices(strategy, 43)} < {office.id for office in offices}
    assert all(office.valid_to is None for office in offices)


def test_wrong_calls_are_told(strategy, tmp_path):
    with pytest.raises(ValueError, match=r"reporting_date must be one of .*2026-04-30.* not 2024-01-01"):
        generate_round(tmp_path, strategy, dt.date(2024, 1, 1))
    with pytest.raises(ValueError, match="n must be at least 1, not 0"):
        generate_round(tmp_path, strategy, ROUNDS[0], offices=0)
    assert list(tmp_path.iterdir()) == []


@given(
    st.integers(1, 10**6).map(lambda hundreds: hundreds * 100.0),
    st.dictionaries(st.integers(2026, 2032), st.integers(0, 12), min_size=1),
)
def test_spreading_loses_nothing(total, months):
    amounts = _spread(total, months)
    if any(months.values()):
        assert sum(amounts.values()) == pytest.approx(total, abs=100 * len(months))
    assert set(amounts) <= {str(year) for year, count in months.items() if count}


@pytest.mark.parametrize(
    ("date", "style", "end", "written"),
    [
        (dt.date(2027, 7, 1), "quarter", False, "Q3/2027"),
        (dt.date(2027, 9, 30), "quarter", True, "Q3/2027"),
        (dt.date(2027, 8, 1), "quarter", False, "8/2027"),
        (dt.date(2027, 8, 31), "month", True, "8/2027"),
        (dt.date(2027, 8, 1), "month", True, "01.08.2027"),
        (dt.date(2027, 4, 1), "day", False, "01.04.2027"),
    ],
)
def test_dates_are_written_without_loss(date, style, end, written):
    assert write_date(date, style, end=end) == written


def test_workbooks_do_not_depend_on_the_clock(faulty):
    path = next((faulty[0] / DATES[0]).glob("*.xlsx"))
    with zipfile.ZipFile(path) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"2025-10-01" in archive.read("docProps/core.xml")


@pytest.mark.parametrize("date", DATES)
def test_what_the_council_asks_is_known_of_some_projects(clean, date):
    inventory, on = clean[date], pd.Timestamp(date)
    projects = inventory.projects
    is_open = projects["status"].isin(["possible", "in_preparation"])
    checks = inventory.project_checks
    assert set(checks["state"]) == {"not_checked", "running", "not_needed", "done"}
    assert set(checks["project_id"]) <= set(projects.index[is_open])
    assert checks.loc[checks["state"] == "not_needed", "reason"].notna().all()
    assert (checks.loc[checks["state"] == "done", "check_date"] <= on).all()
    assert 40 <= checks["project_id"].nunique() < is_open.sum()
    grave = (inventory.risks["probability"] == "high") & (inventory.risks["effect"] == "high")
    assert 0 < grave.sum() < 0.3 * len(inventory.risks)
    assert len(inventory.kpis) >= 40
    assert (inventory.kpis["base"] != inventory.kpis["target"]).all()
    assert set(inventory.responsibilities["subject_id"]) <= set(projects.index)
    assert len(inventory.responsibilities) >= 3


@pytest.mark.parametrize("date", DATES)
def test_grants_have_a_state_posts_are_vacant_and_some_projects_wait_longer(clean, date):
    inventory = clean[date]
    projects = inventory.projects
    granted = projects[projects["funding_state"].notna()]
    assert set(granted["funding_state"]) == {"applied", "approved", "refused"}
    assert (granted["funding_eur"] > 0).all()
    approved = granted[granted["funding_state"] == "approved"].dropna(subset=["start_date"])
    assert (approved["funding_from_date"] <= approved["start_date"]).all()
    assert (approved["funding_from_date"] < approved["funding_until_date"]).all()
    positions = inventory.positions
    vacant = positions[(positions["is_filled"] == False).fillna(False)]  # noqa: E712
    assert len(vacant) == 3
    assert vacant["start_date"].dropna().tolist() == [pd.Timestamp("2027-07-01")]
    lags = inventory.dependencies.dropna(subset=["lag_months"])
    assert 3 <= len(lags) <= 15
    assert set(lags["kind"]) <= {"end_before_start", "start_before_start"}


def test_who_took_over_a_project_is_told_in_the_second_round(clean):
    first, second = (clean[date].projects["office_id"] for date in DATES)
    (moved,) = first.index[first != second[first.index]]
    told = clean[DATES[1]].responsibilities
    told = told[told["subject_id"] == moved].sort_values("valid_from", na_position="first")
    assert told["office_id"].tolist() == [first[moved], second[moved]]
    assert told["valid_to"].iloc[0] + pd.Timedelta(days=1) == told["valid_from"].iloc[1]
