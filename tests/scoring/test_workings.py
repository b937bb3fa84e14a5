"""How computed criteria came about, in words and numbers by hand, with the cells that say so."""

from __future__ import annotations

import pandas as pd
import pytest

from digistrat.scoring.impact import score_impact
from inventories import link, make_inventory, make_strategy, points, project

EVEN = tuple({"id": goal, "name": f"Goal {goal}"} for goal in ("G1", "G2", "G3"))
UNEVEN = ({"id": "H1", "name": "Goal H1", "weight": 1.0}, {"id": "H2", "name": "Goal H2", "weight": 3.0})
FIELDS = ({"id": "F1", "name": "F1", "goals": EVEN}, {"id": "F2", "name": "F2", "goals": UNEVEN})


def strategy_of(language: str = "en", target: float = 100.0):
    criteria = (
        {"id": "K1", "name": "K1", "weight": 50.0},
        {"id": "FIT", "name": "FIT", "weight": 20.0, "target": 100.0, "computed": "goal_fit"},
        {"id": "ON", "name": "ON", "weight": 30.0, "target": target, "computed": "enabling_effect"},
    )
    strategy = make_strategy(
        fields=FIELDS, impact={"rule": "weighted_mean", "source": "t", "criteria": criteria}
    )
    settings = strategy.strategy.model_copy(update={"language": language})
    return strategy.model_copy(update={"strategy": settings})


def impact(*links: dict[str, str], strategy=None, goals: dict[str, tuple[str, ...]], **rated: float | None):
    rows = [project(name, goal_ids=goals.get(name, ())) for name in rated]
    return score_impact(
        make_inventory(
            strategy or strategy_of(),
            projects=rows,
            dependencies=list(links),
            impact_ratings=points(**rated),
        )
    )


# --- goals


@pytest.mark.parametrize(
    ("goals", "working"),
    [
        (("G2",), "G2: 1 of 3 goals in F1, 33.33 (strategy.toml › fields[1].goals)"),
        (("G1", "G3", "G1"), "G1, G3: 2 of 3 goals in F1, 66.67 (strategy.toml › fields[1].goals)"),
        (("H2",), "H2: weight 3 of 4 of the goals in F2, 75.00 (strategy.toml › fields[2].goals)"),
        (
            ("H1", "G1"),
            "G1: 1 of 3 goals in F1, 33.33 (strategy.toml › fields[1].goals) + H1: weight 1 of 4 of the "
            "goals in F2, 25.00 (strategy.toml › fields[2].goals) = 58.33",
        ),
        (
            ("G1", "H2"),
            "G1: 1 of 3 goals in F1, 33.33 (strategy.toml › fields[1].goals) + H2: weight 3 of 4 of the "
            "goals in F2, 75.00 (strategy.toml › fields[2].goals) = 108.33, counted as 100",
        ),
        ((), ""),
        (("unheard of",), ""),
    ],
)
def test_the_share_of_goals_in_words(goals: tuple[str, ...], working: str) -> None:
    scores = impact(goals={"a": goals}, a=5)
    row = scores.explain("a").loc["FIT"]
    assert row["working"] == working
    assert row["cell"].startswith("returns.xlsx › projects › ")
    parts = scores.parts("a", "FIT")
    assert parts.index.tolist() == sorted({goal for goal in goals if goal != "unheard of"})
    if len(parts):
        assert min(100.0, parts["points"].sum()) == pytest.approx(row["raw"])
        assert parts.loc[parts.index[0], "name"] == f"Goal {parts.index[0]}"


# --- the effect on others: the base of each is (50 · 10 · points + 20 · 100/3) / 70


def base(rated: float) -> float:
    return (50 * 10 * rated + 20 * 100 / 3) / 70


LINKS = (link("b", "requires", "a"), link("c", "end_before_start", "b"))
ONE = dict.fromkeys("abcdefgh", ("G1",))


def test_the_effect_in_words_leads_to_the_cells_of_the_links() -> None:
    scores = impact(*LINKS, goals=ONE, a=2, b=6, c=8)
    row = scores.explain("a").loc["ON"]
    assert base(6) == pytest.approx(52.38, abs=0.005)
    assert base(8) == pytest.approx(66.67, abs=0.005)
    assert row["working"] == "1/2 × (b 52.38) + 1/4 × (c (via b) 66.67) = 42.86"
    assert row["raw"] == pytest.approx(base(6) / 2 + base(8) / 4)
    assert row["cell"] == "returns.xlsx › dependencies › B2; returns.xlsx › dependencies › B3"
    parts = scores.parts("a", "ON")
    assert parts["cell"].tolist() == row["cell"].split("; ")
    assert parts[["value", "share"]].to_numpy().tolist() == [
        pytest.approx([base(6), 0.5]),
        pytest.approx([base(8), 0.25]),
    ]
    assert parts["note"].tolist() == ["", "via b"]  # the cell of c names b, and not a


def test_more_than_the_target_is_named_and_what_counts() -> None:
    scores = impact(*LINKS, strategy=strategy_of(target=40.0), goals=ONE, a=2, b=6, c=8)
    row = scores.explain("a").loc["ON"]
    assert row["working"].endswith(" = 42.86, counted as 40")
    assert row["value"] == 100


def test_gaps_of_others_are_named_with_what_they_may_be() -> None:
    """Nobody rated b: with its goals alone it may be (0 or 500 + 6.67 · 100 / 100) / 70."""
    scores = impact(*LINKS, strategy=strategy_of("de"), goals=ONE, a=2, b=None, c=8)
    row = scores.explain("a").loc["ON"]
    low, high = base(0), base(10)
    assert (low, (low + high) / 2, high) == pytest.approx((9.52, 45.24, 80.95), abs=0.005)
    assert row["working"] == (
        "1/2 × (b 45,24 (Mitte)) + 1/4 × (c (über b) 66,67) = 39,29; "
        "Spanne, weil bei b Angaben fehlen oder Spannen sind"
    )
    assert scores.parts("a", "ON")["note"].tolist() == [
        "ohne Bewertung, also die Mitte von 9,52 bis 80,95",
        "über b",
    ]
    # the cap is reached anyhow: there is no range to speak of
    capped = impact(*LINKS, strategy=strategy_of("de", 10.0), goals=ONE, a=2, b=None, c=8)
    assert capped.explain("a").loc["ON", "working"].endswith("= 39,29, gezählt als 10")


def test_the_short_form_names_the_first_and_counts_the_rest() -> None:
    near = [link(name, "requires", "a") for name in "bcdef"]
    scores = impact(*near, link("g", "requires", "b"), goals=ONE, a=2, b=2, c=2, d=2, e=None, f=None, g=6)
    origin = scores.origin("a", "ON")
    first = "1/2 × (b 23.81 + c 23.81 + d 23.81 + e 45.24 (middle)"
    # what is left out keeps its share: the short form adds up, too
    assert origin.brief.startswith(f"{first} + 1 more with 45.24) + 1/4 × (1 more with 52.38) = ")
    assert origin.working.startswith(f"{first} + f 45.24 (middle)) + 1/4 × (g (via b) 52.38) = ")
    assert origin.working.endswith("since ratings of e, f are missing or ranges")
    assert len(origin.cells) == 6
    far = [link(name, "requires", "b") for name in "cdefgh"]
    scores = impact(link("b", "requires", "a"), *far, goals=ONE, a=2, b=2, c=2, d=2, e=2, f=2, g=2, h=6)
    named = " + ".join(f"{one} (via b) 23.81" for one in "cde")
    # f, g and h are 23.81 + 23.81 + 52.38
    assert scores.origin("a", "ON").brief == (
        f"1/2 × (b 23.81) + 1/4 × ({named} + 3 more with 100.00 in all) = 54.76"
    )


def test_where_nothing_was_added_up_there_are_no_parts() -> None:
    scores = impact(*LINKS, goals=ONE, a=2, b=6, c=8)
    for criterion in ("K1", "ON"):
        assert scores.parts("c", criterion).empty
        assert scores.explain("c").loc[criterion, "working"] == ""
    assert scores.parts("c", "ON").columns.tolist() == scores.parts("a", "ON").columns.tolist()
    with pytest.raises(ValueError, match=r"criterion must be one of \['K1', 'FIT', 'ON'\], not 'K9'"):
        scores.parts("c", "K9")
    with pytest.raises(ValueError, match="did you mean 'c'"):
        scores.parts("C", "ON")


def test_a_return_without_the_column_is_named_with_its_sheet() -> None:
    scores = impact(*LINKS, goals=ONE, a=2, b=6, c=8)
    inventory = scores.inventory
    from dataclasses import replace

    layouts = tuple(
        replace(one, columns={name: at for name, at in one.columns.items() if name != "other_id"})
        for one in inventory.places.layouts
    )
    without = inventory.replace(places=replace(inventory.places, layouts=layouts))
    told = score_impact(without).explain("b").loc["ON", "cell"]
    assert told == "returns.xlsx › dependencies › column “Anderes Vorhaben (Nr.)”"


def test_the_columns_beside_a_rating_are_texts() -> None:
    told = impact(*LINKS, goals=ONE, a=2, b=6, c=8).explain("a")
    columns = ["office_cell", "moderated_cell", "remark_cell", "working"]
    assert all(pd.api.types.is_string_dtype(told[column]) for column in columns)
    assert told.loc["K1", columns].tolist() == [told.loc["K1", "cell"], "", "", ""]
