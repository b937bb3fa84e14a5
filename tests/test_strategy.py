"""The shipped strategy loads and keeps to its sources; the record cannot be changed."""

from __future__ import annotations

import csv
import datetime as dt
import pickle
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from digistrat.strategy import FrozenMapping, Strategy, load_strategy

DATA = Path(__file__).resolve().parents[1] / "data"


@pytest.fixture(scope="module")
def strategy() -> Strategy:
    return load_strategy(DATA / "strategy.toml")


def rows(shared: Path, name: str) -> Iterator[dict[str, str]]:
    with (shared / "domain" / name).open(encoding="utf-8") as lines:
        yield from csv.DictReader(lines, delimiter=";")


# --- the shipped files ---


def test_head_says_that_it_is_an_example(strategy: Strategy) -> None:
    assert strategy.strategy.city == "Frankfurt am Main"
    assert strategy.strategy.version == "2026-1"
    assert strategy.language == "de"
    assert strategy.notice == "Beispieldaten, frei erfunden"


def test_fields_and_goals_are_those_of_the_facts(strategy: Strategy, shared: Path) -> None:
    facts = tomllib.loads((shared / "domain" / "handlungsfelder.toml").read_text("utf-8"))["feld"]
    assert [(f.id, f.name) for f in strategy.fields] == [(f["id"], f["name"]) for f in facts]
    for field, fact in zip(strategy.fields, facts, strict=True):
        assert [goal.name.casefold() for goal in field.goals] == [goal.casefold() for goal in fact["ziele"]]
        assert [kpi.casefold() for kpi in field.kpis] == [kpi.casefold() for kpi in fact["kpi"]]
    assert strategy.fields[0].goals[0].id == "HF01-Z1"


@pytest.mark.parametrize(
    ("name", "target", "levels", "computed", "count"),
    [
        ("impact", 10, ["0", "2", "4", "6", "8", "10"], ["enabling_effect", "goal_fit"], 10),
        ("readiness", 4, ["0", "1", "2", "3", "4"], [], 8),
        ("maturity", 4, ["0", "1", "2", "3", "4"], ["share_online"], 14),
    ],
)
def test_scales_describe_their_levels_and_are_marked_as_estimates(
    strategy: Strategy, name: str, target: float, levels: list[str], computed: list[str], count: int
) -> None:
    scale = getattr(strategy, name)
    assert scale.rule == "weighted_mean"
    assert len(scale.criteria) == count
    assert sum(criterion.weight for criterion in scale.criteria) == 100
    for criterion in scale.criteria:
        assert criterion.floor == 0
        assert len(set(criterion.anchors.values())) == len(criterion.anchors), "two levels read the same"
        assert criterion.is_estimate
    for criterion in scale.asked:
        assert criterion.target == target
        assert list(criterion.anchors) == levels
    assert [one.computed for one in scale.criteria if one.computed] == computed
    for criterion in scale.criteria:
        if criterion.computed:  # words for both ends, and for nothing beyond them
            assert [float(key) for key in criterion.anchors][:: len(criterion.anchors) - 1] == [
                0,
                criterion.target,
            ]
            assert criterion.step == 0
    used = {criterion.group for criterion in scale.criteria}
    assert used == {group.id for group in scale.groups}, "a group without criteria"


def test_nothing_that_is_computed_is_rated_by_hand_too(strategy: Strategy) -> None:
    # words of "Voraussetzung für viele Vorhaben" belong to the enabling effect alone
    rated = " ".join(
        word for one in strategy.impact.asked for word in (one.name, *one.aliases, *one.anchors.values())
    )
    for word in ("Vorhaben", "Voraussetzung", "Synergie", "Basisdienst"):
        assert word not in rated, word
    sources = {one.computed: one.source for one in strategy.impact.criteria if one.computed}
    assert "Jackson (2008)" in sources["enabling_effect"]
    assert "DCLG (2009)" in sources["goal_fit"]


def test_service_models_have_the_published_levels_and_dates(strategy: Strategy) -> None:
    old, new = strategy.service_models
    # ozg.brandenburg.de, 31.05.2023; digitale-verwaltung.de
    assert old.levels == (
        "Offline",
        "Information",
        "Formular-Assistent",
        "Online-Leistung",
        "Online-Transaktion",
    )
    assert (old.rule, old.online_from, old.conform_from, len(old.criteria)) == ("minimum", 2, 3, 10)
    # ozg.sachsen-anhalt.de, Stand 02-2026: 0-7 since July 2025
    assert (new.floor, new.target, len(new.levels)) == (0, 7, 8)
    assert old.valid_to == dt.date(2025, 6, 30)
    assert new.valid_from == dt.date(2025, 7, 1)
    assert new.is_estimate
    assert "nicht gesehen" in new.source


def test_thresholds_are_those_of_the_facts(strategy: Strategy, shared: Path) -> None:
    for buyer, column in (
        ("municipality", "liefer_dienst_kommune_eur"),
        ("sector", "sektorenauftraggeber_eur"),
    ):
        facts = {
            (dt.date.fromisoformat(r["gueltig_von"]), dt.date.fromisoformat(r["gueltig_bis"])): float(
                r[column]
            )
            for r in rows(shared, "procurement_thresholds.csv")
            if r[column]
        }
        shipped = {
            (t.valid_from, t.valid_to): t.threshold_eur
            for t in strategy.procurement_thresholds
            if t.buyer == buyer
        }
        assert shipped == facts


def test_durations_of_procedures_are_estimates(strategy: Strategy) -> None:
    assert all(procedure.is_estimate for procedure in strategy.procedures)
    by_id = {procedure.id: procedure for procedure in strategy.procedures}
    # the row of the facts whose columns are shifted by an unquoted semicolon
    eu = by_id["eu-offen"]
    assert (eu.weeks_min, eu.weeks_typical, eu.weeks_max) == (18, 26, 39)
    assert [by_id[i].upper_limit_eur for i in ("direktauftrag", "verhandlungsvergabe", "beschraenkt")] == [
        10_000,
        50_000,
        100_000,
    ]


@pytest.mark.parametrize(
    ("size", "low", "high"), [("small", 60, 120), ("medium", 150, 300), ("large", 400, 700)]
)
def test_templates_take_plausible_effort(strategy: Strategy, size: str, low: int, high: int) -> None:
    template = next(t for t in strategy.phase_templates if t.id == size)
    assert low <= sum(sum(phase.effort_days.values()) for phase in template.phases) <= high
    assert [phase.id for phase in template.phases] == ["VS", "KO", "BE", "VG", "UM", "PI", "RO"]
    assert [phase.id for phase in template.phases if phase.is_decision] == ["BE"]
    assert [phase.id for phase in template.phases if phase.is_procurement] == ["VG"]
    assert template.is_estimate


def test_budgets_cover_the_horizon(strategy: Strategy) -> None:
    last = strategy.planning.start_date.year + strategy.planning.horizon_months // 12 - 1
    years = range(2026, last + 1)
    assert sorted((b.year, b.kind) for b in strategy.budgets) == sorted(
        (year, kind) for year in years for kind in ("investive", "consumptive")
    )
    assert all(budget.is_estimate for budget in strategy.budgets)


def test_days_of_a_post_follow_from_hours_seen(strategy: Strategy) -> None:
    # 1,560 h a year (olev.de), 7.8 h a day
    assert strategy.planning.days_per_fte_month == pytest.approx(1560 / 7.8 / 12, abs=0.05)


def test_every_office_and_company_of_the_facts_is_there(strategy: Strategy, shared: Path) -> None:
    by_id = {office.id: office for office in strategy.offices}
    kinds = {
        "Amt": "office",
        "Institut": "office",
        "Eigenbetrieb": "enterprise",
        "Stabsstelle": "staff_unit",
        "Referat": "staff_unit",
    }
    facts = list(rows(shared, "frankfurt_offices.csv"))
    assert len(facts) == 42
    for fact in facts:
        office = by_id[f"A{fact['amtsnummer']}" if fact["amtsnummer"] else fact["kuerzel"]]
        assert (office.short_name, office.number) == (fact["kuerzel"], fact["amtsnummer"])
        assert fact["name"].startswith(office.name)
        assert office.kind == kinds[fact["typ"]]
        assert ("Name gesehen" in office.source) == (fact["name_nachweis"] == "gesehen")
        if fact["nummer_nachweis"] == "gesehen":
            assert "Nummer: gesehen" in office.source
        elif fact["amtsnummer"]:
            assert "Nummer: allgemeines Wissen, nicht geprüft" in office.source
    companies = {office.name: office for office in strategy.offices if office.kind in ("company", "partner")}
    for fact in rows(shared, "frankfurt_beteiligungen.csv"):
        sector = fact["vergaberecht_ungeprueft"] == "Sektorenauftraggeber"
        assert companies[fact["name"]].buyer == ("sector" if sector else "municipality")
        assert ("Name gesehen" in companies[fact["name"]].source) == fact["existenz_gesehen"].startswith("ja")
    assert {"IHK", "GU", "FRA-UAS"} <= {office.id for office in strategy.offices if office.kind == "partner"}
    assert len(strategy.offices) == 42 + 17 + 3 + 2  # and two former organisations


def test_changes_of_2018_are_those_of_the_report(strategy: Strategy) -> None:
    changes = {(c.change, c.office_id, c.successor_id, c.subject): c for c in strategy.office_changes}
    assert changes["transferred", "AF", "A12", ""].change_date == dt.date(2018, 6, 1)
    renamed = changes["renamed", "StE", "StD", ""]
    assert renamed.change_date.year == 2018
    assert "Tag nicht gesehen" in renamed.source
    for subject in ("Dokumentenmanagement", "Online-Anträge"):
        assert changes["transferred", "StD", "A16", subject].change_date.year == 2018
    assert changes["created", "PIA", "", ""].change_date == dt.date(2023, 5, 12)
    # the day on which it left the Ordnungsamt was not seen: no invented date
    fio = next(office for office in strategy.offices if office.id == "FIO")
    assert fio.valid_from is None
    assert "Ausländerbehörde" in fio.aliases


# --- the record ---


def test_nothing_can_be_changed(strategy: Strategy) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        strategy.fields = ()  # type: ignore[misc]
    with pytest.raises(ValidationError, match="frozen"):
        strategy.impact.criteria[0].weight = 50  # type: ignore[misc]
    with pytest.raises(TypeError):
        strategy.impact.criteria[0].anchors["0"] = "anders"  # type: ignore[index]
    with pytest.raises(TypeError):
        strategy.phase_templates[0].phases[0].effort_days["PL"] = 0  # type: ignore[index]
    assert isinstance(strategy.offices[0].aliases, tuple)


def test_it_can_be_sent_to_workers_and_used_as_key(strategy: Strategy) -> None:
    again = pickle.loads(pickle.dumps(strategy))
    assert again == strategy
    assert len({again.impact, strategy.impact}) == 1


def test_a_frozen_mapping_equals_a_dict_of_the_same_content() -> None:
    source = {"PL": 3.0, "PA": 2.0}
    frozen = FrozenMapping(source)
    source["PL"] = 99.0
    assert frozen == {"PL": 3.0, "PA": 2.0}
    assert (list(frozen), len(frozen), frozen["PA"], frozen.get("VG", 0.0)) == (["PL", "PA"], 2, 2.0, 0.0)
    assert hash(frozen) == hash(FrozenMapping({"PA": 2.0, "PL": 3.0}))


def test_it_remembers_its_files(strategy: Strategy) -> None:
    assert Path(strategy.file) == DATA / "strategy.toml"
    assert Path(strategy.offices_file) == DATA / "offices.toml"


def test_frame_gives_one_row_per_entry(strategy: Strategy) -> None:
    offices = strategy.frame("offices")
    assert offices.index.name == "id"
    assert offices.loc["A16", "name"] == "Amt für Informations- und Kommunikationstechnik"
    criteria = strategy.frame("impact.criteria")
    assert list(criteria.index) == [f"K{i:02}" for i in range(1, 11)]
    assert criteria["weight"].sum() == 100
    budgets = strategy.frame("budgets")
    assert list(budgets.columns) == ["year", "kind", "amount_eur", "is_estimate"]
    assert len(budgets) == len(strategy.budgets)


def test_frame_of_an_empty_list_has_its_columns(strategy: Strategy) -> None:
    empty = strategy.model_copy(update={"office_changes": ()}).frame("office_changes")
    assert len(empty) == 0
    assert {"change_date", "change", "office_id", "successor_id", "share"} <= set(empty.columns)


def test_changing_a_frame_does_not_change_the_strategy(strategy: Strategy) -> None:
    frame = strategy.frame("phase_templates")
    frame.loc["small", "phases"][0]["effort_days"]["PL"] = 1000
    assert strategy.phase_templates[0].phases[0].effort_days["PL"] == 3


@pytest.mark.parametrize(
    "part", ["office", "planning", "strategy.city", "impact.rule", "offices.name", "", "_file"]
)
def test_frame_names_a_part_that_is_no_list(strategy: Strategy, part: str) -> None:
    with pytest.raises(ValueError, match="part must name a list of the strategy such as 'offices', not"):
        strategy.frame(part)
