"""Sentences of the page say what was counted by hand, and nothing where there is nothing to say."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
import small_results as small

from digistrat.reporting import results as module
from digistrat.reporting import statements
from digistrat.reporting.results import Results


def one(sentences: list[str], *words: str) -> str:
    """Return the one sentence that holds all words."""
    (found,) = [s for s in sentences if all(word in s for word in words)]
    return found


@pytest.fixture
def two_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two projects count as the first ones."""
    monkeypatch.setattr(module, "N_FIRST", 2)


@pytest.mark.usefixtures("two_first")
def test_certainty_is_said_in_numbers_counted_by_hand() -> None:
    said = statements.certainty_statements(small.results())
    assert "Keines der ersten 2 Vorhaben" in one(said, "Andere Gruppen")
    assert one(said, "Andere Gruppen").startswith("Mit angenommenen (erfundenen) Gewichten")
    assert "Malnehmen (geometrisches Mittel)" in one(said, "Anders angenommen haben wir")
    assert not [s for s in said if "harmonisch" in s]
    widest = one(said, "Meinungen")
    assert "p1 „Eins“" in widest
    assert "Rang 1 mit den Gewichten von „Strategie“, Rang 4 mit denen von „Kammer“" in widest
    # 100 t = 20 t + 90 (1 - t) at t = 9/17 = 52.9 %; a quarter of 70, less than the 17 of reach's 30
    weights = one(said, "Gewicht von „Nutzen“")
    assert "52,9 statt 70,0 von 100 Punkten" in weights
    assert weights.endswith("kommt p3 „Drei“ unter die ersten 2 und verdrängt p1 „Eins“.")
    # by reach alone p4 and p3 lead, by use alone p1 and p2 as before
    assert "das Fehlen von „Nutzen“ am meisten ändern: 2 der ersten 2" in one(said, "Fiele eine Frage")
    methods = one(said, "4 Rechenweisen")
    assert "Für die 4 Vorhaben mit vollständigen Angaben" in methods
    # six pairs; the product has p2 before p3 before p1 and p4, which have a zero and are equal: it turns p1
    # with p2 and p3 round, and does not tell p1 and p4 apart
    assert "50 gleich und 33 umgekehrt; 17 unterscheidet" in methods


def test_a_method_that_tells_hardly_any_apart_is_no_comparison() -> None:
    known = small.inventory()
    # everybody has a zero somewhere, so that all products are zero
    raw = pd.DataFrame({"use": [10.0, 6, 2, 0], "reach": [0.0, 0, 0, 10]}, index=known.projects.index)
    said = statements.certainty_statements(small.results(inventory=known, impact=small.impact_of(known, raw)))
    assert "„gewichtetes Produkt“" in one(said, "taugt hier nicht")
    assert "gewichtetes Produkt" not in one(said, "3 Rechenweisen")


def test_where_all_are_the_first_no_sentence_says_who_stays() -> None:
    said = statements.certainty_statements(small.results())
    assert not [s for s in said if "unter den ersten" in s or "Fiele" in s]
    assert one(said, "Meinungen")


def test_groups_of_one_mind_are_said_to_be() -> None:
    known = small.inventory()
    group = known.strategy.stakeholders[0].model_copy(update={"points": {"use": 7, "reach": 3}})
    known.strategy = known.strategy.model_copy(update={"stakeholders": (group,)})
    said = statements.certainty_statements(small.results(inventory=known))
    assert one(said, "alle Gruppen auf dieselbe Reihenfolge")
    assert not [s for s in said if "Meinungen" in s]


@pytest.mark.usefixtures("two_first")
def test_what_cannot_be_said_for_a_group_is_left_open() -> None:
    known = small.inventory()
    raw = pd.DataFrame({"use": small.USE, "reach": [0.0, None, 9, 10]}, index=known.projects.index)
    # p2 is scored by 70 of 100 with the strategy's weights, by 10 of 100 with the chamber's
    r = small.results(inventory=known, impact=small.impact_of(known, raw))
    assert pd.isna(r.group_ranks.at["p2", "chamber"])
    said = one(statements.certainty_statements(r), "Andere Gruppen")
    assert "bei einem lässt es sich nicht sagen" in said


def test_no_order_no_sentence() -> None:
    assert statements.certainty_statements(Results(small.inventory())) == []
    assert statements.maturity_statements(Results(small.inventory())) == []
    assert statements.question_statements(Results(small.inventory())) == []
    assert statements.economics_statements(Results(small.inventory())) == []


def test_levels_and_bundles_are_counted() -> None:
    known = small.inventory()
    r = small.results(inventory=known, maturity=small.maturity_of(known), services=small.services_of(known))
    said = statements.maturity_statements(r)
    assert "Von 2 Organisationen haben 1 eine sichere Stufe" in one(said, "sichere Stufe")
    # 30 of 100 cases belong to the one service of level 3, 30 + 50 to the bundle that it makes count
    cases = one(said, "nicht erfragt")
    assert "mindestens Stufe 2 (Schwelle im Modell m angenommen) gehören 30 % der" in cases
    assert "mindestens Stufe 3, die das Gesetz erfüllt, 30 %." in cases
    assert "lässt das ganze Bündel als online gelten: 1 von 2 Bündeln sind es" in one(
        said, "einzige Leistung"
    )
    assert "gehören 80 % der" in one(said, "Zu den Bündeln, die so als online gelten")
    assert one(said, "Noch nicht online") == "Noch nicht online ist das Bündel b2 (Meldung)."


def test_a_bundle_of_unknown_level_is_said_to_be_unknown() -> None:
    known = small.inventory()
    services = small.services_of(known)
    services.table.loc["s3", "is_online"] = pd.NA
    said = statements.maturity_statements(small.results(inventory=known, services=services))
    assert "1 von 2 Bündeln sind es, bei einem Bündel ist es nicht bekannt" in one(said, "einzige Leistung")
    assert not [s for s in said if "Noch nicht online" in s]


def test_moderated_ratings_are_counted_and_those_far_from_the_office() -> None:
    known = small.inventory()
    r = small.results(inventory=known, impact=small.moderated(small.impact_of(known)))
    assert known.strategy.thresholds.rating_difference == 3
    (said,) = statements.score_statements(r)  # one by 6 points, one by 1
    assert said.startswith("2 Bewertungen der Ämter sind moderiert")
    assert "bei 1 davon liegen beide um mindestens 3 Punkte" in said
    assert statements.score_statements(small.results()) == []


def test_who_has_no_rank_is_counted_and_the_highest_named() -> None:
    known = small.inventory()
    # of p4 only reach is known (30 of 100 weights), with full points: more than p1, which has 70 and rank 1
    raw = pd.DataFrame({"use": [10.0, 6, 2, None], "reach": small.REACH}, index=known.projects.index)
    said = statements.score_statements(small.results(inventory=known, impact=small.impact_of(known, raw)))
    assert said == [
        "Ein weiteres Vorhaben ist vorläufig bewertet und hat keinen Rang, weil zu viele Angaben fehlen: "
        "p4 „Vier“ mit 100,0 Punkten (Rang 1: 70,0)."
    ]
    raw = pd.DataFrame({"use": [10.0, 6, None, None], "reach": small.REACH}, index=known.projects.index)
    (said_of_two,) = statements.score_statements(
        small.results(inventory=known, impact=small.impact_of(known, raw))
    )
    assert said_of_two.startswith("2 weitere Vorhaben")
    assert said_of_two.endswith("hat p4 „Vier“ mit 100,0 (Rang 1: 70,0).")


@pytest.mark.parametrize(
    ("links", "said"),
    [
        ([("p2", "p1", "requires")], "Bei 3 von 4 Vorhaben ist kein abhängiges Vorhaben gemeldet"),
        # what excludes another builds on nothing
        ([("p2", "p1", "requires"), ("p1", "p3", "excludes")], "Bei 3 von 4 Vorhaben"),
        ([("p2", "p1", "requires"), ("p1", "p3", "end_before_start")], ""),  # two of four are not the most
        # of those in a circle a dependent project is reported, although it does not count
        ([("p2", "p1", "requires"), ("p3", "p4", "requires"), ("p4", "p3", "requires")], ""),
    ],
)
def test_no_dependent_project_is_said_where_it_holds_for_most(
    links: list[tuple[str, str, str]], said: str
) -> None:
    known = small.inventory(dependencies=pd.DataFrame(links, columns=["project_id", "other_id", "kind"]))
    scale = known.strategy.impact
    reach = scale.criteria[1].model_copy(update={"computed": "enabling_effect"})
    scale = scale.model_copy(update={"criteria": (scale.criteria[0], reach)})
    known.strategy = known.strategy.model_copy(update={"impact": scale})
    sentences = statements.score_statements(small.results(inventory=known))
    assert len(sentences) == bool(said)
    assert all(s.startswith("„Reichweite“: ") and said in s for s in sentences)


def with_table(name: str, table: pd.DataFrame) -> Results:
    """Return results in which one of what follows is as given."""
    r = small.results()
    r.__dict__[name] = table
    return r


@pytest.mark.usefixtures("two_first")
def test_the_smallest_room_of_a_weight_is_that_in_points_not_in_parts_of_it() -> None:
    # use may lose 9 of its 70 points (13 %), reach may gain 6 of its 30 (20 %)
    table = pd.DataFrame(
        {
            "weight": [70.0, 30.0],
            "lower": [61.0, 0.0],
            "upper": [100.0, 36.0],
            "enters_below": ["p3", None],
            "leaves_below": ["p1", None],
            "enters_above": [None, "p4"],
            "leaves_above": [None, "p2"],
        },
        index=["use", "reach"],
    )
    said = one(statements.certainty_statements(with_table("stability", table)), "Am wenigsten darf sich")
    assert "Gewicht von „Reichweite“ ändern: Zählt es 36,0 statt 30,0 von 100 Punkten" in said
    assert said.endswith("kommt p4 „Vier“ unter die ersten 2 und verdrängt p2 „Zwei“.")


def test_a_part_that_may_be_none_is_hardly_any_and_what_prints_as_none_is_left_out() -> None:
    table = pd.DataFrame(
        {
            "varies": [True, True, True, True, False],
            "first": [0.35, 0.12, 0.02, 0.004, float("nan")],
            "first_lower": [0.3, 0.08, -0.01, -0.02, float("nan")],
            "mean_shift": 11.4,
        },
        index=["weights", "rule", "gaps", "values", "raters"],
    )
    said = statements.certainty_statements(with_table("assumptions", table))
    assert "um 11 Plätze. Am meisten liegt das an den Gewichten (etwa 35 %); dann daran, wie Punkte " in one(
        said, "zugleich anders"
    )
    assert one(said, "zugleich anders").endswith(
        "zusammengerechnet werden (etwa 12 %); an den fehlenden Angaben (kaum)."
    )
    tried = one(said, "Anders angenommen haben wir")
    assert "jeden möglichen Wert" in tried
    assert "statt der moderierten" not in tried  # nobody moderated anything


def test_questions_are_counted_and_who_is_asked_most() -> None:
    said = statements.question_statements(small.results(questions=small.QUESTIONS))
    assert said[0].startswith("Bei 2 Angaben kann die Antwort")
    more = statements.question_statements(small.results(questions=small.QUESTIONS.head(2)))
    assert more[0].startswith("Bei mindestens 2 Angaben")  # nobody asked for a third
    nothing = statements.question_statements(small.results(questions=small.QUESTIONS.assign(value=0.0)))
    assert nothing == ["Keine einzelne fehlende Angabe würde ändern, welche Vorhaben ausgewählt werden."]
    third = small.QUESTIONS.assign(value=1.0)
    assert "„Zweites Amt“ gefragt (2)" in statements.question_statements(small.results(questions=third))[0]


def test_economics_say_for_how_many_it_is_known_and_what_is_carried_on() -> None:
    said = statements.economics_statements(small.results(economics=small.ECONOMICS))
    assert said[0].startswith("0 von 2 Vorhaben, für die es sich rechnen lässt (von 4), bringen im Haushalt")
    assert "Zählt gesparte Arbeitszeit mit, sind es 1; die eigene Arbeitszeit" in said[0]
    assert said[1].startswith("Bei einem Vorhaben sind laufende Kosten")
    unknown = small.ECONOMICS[small.ECONOMICS["kn"].isna()]
    said = statements.economics_statements(small.results(economics=unknown))
    assert said == ["Für keines der 2 Vorhaben lässt sich das rechnen. Die Tabelle nennt die Gründe."]


def test_the_chosen_projects_are_summed_up() -> None:
    portfolio = SimpleNamespace(selected=["p1", "p3", "p4"])
    said = statements.economics_statements(small.results(economics=small.ECONOMICS, portfolio=portfolio))
    text = one(said, "gewählten Vorhaben")  # 1000 - 500 in all, -100 - 500 in the budget
    assert "Von den 3 gewählten Vorhaben lässt es sich für 2 rechnen: 0 davon" in text
    assert "−600 €; mit gesparter Arbeitszeit sind es 1, alle zusammen 500 €." in text


def test_the_rule_of_wibe_is_said_where_the_strategy_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    verdict = pd.DataFrame({"is_to_do": pd.array([True, False, None, True], dtype="boolean")})
    monkeypatch.setattr(module, "score_wibe", lambda inventory, economics: verdict)
    known = small.inventory()
    scales = {"urgency": known.strategy.impact, "quality": known.strategy.impact}
    assert (
        statements.economics_statements(small.results(inventory=known, economics=small.ECONOMICS))[2:] == []
    )
    known.strategy = known.strategy.model_copy(update=scales)
    said = statements.economics_statements(small.results(inventory=known, economics=small.ECONOMICS))
    assert "bei 2 Vorhaben etwas für ein Ja, bei 1 nichts; bei 1 fehlt" in said[2]


def test_estimates_are_named_where_they_matter() -> None:
    known = small.inventory()
    r = small.results(inventory=known, services=small.services_of(known), economics=small.ECONOMICS)
    notes = statements.assumption_notes(r)
    assert notes["scores"] == [
        "Geschätzt, nicht beschlossen: 1 von 2 Kriterien der Wirkung mit ihren Gewichten."
    ]
    assert notes["maturity"] == ["Zum Teil angenommen: das Reifegradmodell m. Regel angenommen."]
    assert notes["certainty"] == ["Angenommen, nicht erfragt: die Gewichte der Gruppen „Kammer“."]
    assert "0,9 %" in notes["economics"][0]
    assert "plan" not in notes


def test_what_is_decided_needs_no_note() -> None:
    known = small.inventory()
    strategy = known.strategy
    decided: Any = {
        "impact": strategy.impact.model_copy(
            update={
                "criteria": tuple(
                    c.model_copy(update={"is_estimate": False}) for c in strategy.impact.criteria
                )
            }
        ),
        "stakeholders": tuple(s.model_copy(update={"is_estimate": False}) for s in strategy.stakeholders),
        "service_models": tuple(m.model_copy(update={"is_estimate": False}) for m in strategy.service_models),
        "discount_rates": (),
    }
    known.strategy = strategy.model_copy(update=decided)
    r = small.results(inventory=known, services=small.services_of(known), economics=small.ECONOMICS)
    assert statements.assumption_notes(r) == {}


@pytest.mark.usefixtures("two_first")
@pytest.mark.parametrize("language", ["de", "en"])
def test_no_sentence_has_jargon_or_a_gap(language: str) -> None:
    known = small.inventory(language)
    r = small.results(
        inventory=known,
        maturity=small.maturity_of(known),
        services=small.services_of(known),
        questions=small.QUESTIONS,
        economics=small.ECONOMICS,
    )
    said = [
        *statements.maturity_statements(r),
        *statements.certainty_statements(r),
        *statements.question_statements(r),
        *statements.economics_statements(r),
        *(note for notes in statements.assumption_notes(r).values() for note in notes),
    ]
    assert len(said) > 10
    for sentence in said:
        assert sentence.endswith("."), sentence
        assert not re.search(r"[{}_]|\bnan\b|\b[Tt]au\b|EVPPI|Sobol|SMAA|Simplex", sentence), sentence


def test_a_score_that_does_not_add_up_has_no_sentence_on_weights(two_first: None) -> None:
    r = small.results()
    hierarchy = replace(r.impact.hierarchy, rule="geometric")  # type: ignore[union-attr]
    r = small.results(impact=replace(r.impact, rule="geometric", hierarchy=hierarchy))  # type: ignore[type-var]
    assert not [s for s in statements.certainty_statements(r) if "Gewicht von" in s]
