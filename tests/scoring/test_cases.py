"""Published worked examples: what the paper prints, and what we compute from its inputs.

A case is a function that reads its figures below the shared folder of cases and returns ours and the
printed ones; `CASES` names its file, its paper and how far apart they may be (half a unit of the last
printed digit, unless said). A new case is a function and a line. Parts of the files that ask for
something we do not offer stand in `NOT_HERE` with the reason; a test holds that every file is named.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from digistrat.scoring.composite import Scores, score_table
from digistrat.scoring.ranking import (
    dominance,
    promethee2,
    rank_scores,
    topsis,
    weighted_product,
    weighted_sum,
)
from digistrat.scoring.robustness import sample_weights, smaa
from digistrat.scoring.values import linear_value, stepwise_value
from digistrat.scoring.weights import DONEGAN_DODD_1991, pairwise_weights


def load(cases: Path, name: str) -> dict[str, Any]:
    return json.loads((cases / f"{name}.json").read_text("utf-8"))


# --- ASEM index of sustainable connectivity ---


def asem_table(cases: Path, name: str) -> pd.DataFrame:
    table = pd.read_csv(cases / f"asem/{name}.csv")
    return table.set_index(next(c for c in table.columns if c in ("UnitCode", "IndCode", "iCode")))


def asem_normalised(treated: pd.DataFrame, cases: Path) -> pd.DataFrame:
    """Return values between the ends of the sample, as the index does; ours come from the strategy."""
    more_is_better = asem_table(cases, "iMeta").loc[treated.columns, "Direction"] > 0
    low, high = treated.min(), treated.max()
    return linear_value(treated, low.where(more_is_better, high), high.where(more_is_better, low))


def asem_scores(normalised: pd.DataFrame, cases: Path) -> Scores:
    """Return the index over its four levels: equal weights within each group of each level."""
    structure = asem_table(cases, "structure")
    within = structure.groupby("Agg1")["Agg1"].transform("size")
    groups = structure.groupby("Agg2")["Agg1"].transform("nunique")
    criteria = pd.DataFrame(
        {
            "weight": 100 / within / groups / structure["Agg2"].nunique(),
            "floor": 0.0,
            "target": 100.0,
            "group": structure["Agg1"],
            "parent": structure["Agg2"],
        }
    )
    every_gap = {"coverage_threshold": 0.0, "group_threshold": 0.0}
    return score_table(normalised[structure.index], None, criteria, rule="weighted_mean", **every_gap)


def asem_normalisation(cases: Path) -> tuple[Any, Any]:
    indicators = asem_table(cases, "structure").index
    ours = asem_normalised(asem_table(cases, "stage_Treated")[indicators], cases)
    return ours, asem_table(cases, "stage_Normalised").loc[ours.index, indicators]


def asem_levels(cases: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    scores = asem_scores(asem_table(cases, "stage_Normalised"), cases)
    ours = scores.groups.assign(Index=scores.table["score"])
    assert ours.shape == (51, 11)  # eight groups, two groups of them, and the index
    return ours, asem_table(cases, "stage_Aggregated").loc[ours.index, list(ours)]


def asem_printed_scores(cases: Path) -> tuple[Any, Any]:
    ours, _ = asem_levels(cases)
    return ours.round(2), asem_table(cases, "results_scores_2dp").loc[ours.index, list(ours)]


def asem_ranks(cases: Path) -> tuple[Any, Any]:
    scores = asem_scores(asem_table(cases, "stage_Normalised"), cases).table
    return scores["rank"], asem_table(cases, "results_ranks").loc[scores.index, "Index"]


def asem_group_ranks(cases: Path) -> tuple[Any, Any]:
    ours, _ = asem_levels(cases)
    ranks = ours.round(2).apply(rank_scores)  # the published ones are ranks of two decimals
    return ranks, asem_table(cases, "results_ranks").loc[ours.index, list(ours)]


def asem_vignette(cases: Path) -> tuple[Any, Any]:
    """Screen, winsorise at most five points, normalise, and take the mean of what is known."""
    printed = load(cases, "asem")["overview_vignette_variant"]
    table = asem_table(cases, "stage_Denominated")[asem_table(cases, "structure").index]
    screened = table[table.notna().mean(axis=1) >= 0.9]
    assert len(screened) == 46
    scores = asem_scores(asem_normalised(screened.apply(winsorised), cases), cases)
    ours = scores.groups.assign(Index=scores.table["score"]).loc[list(printed["rows"]), printed["columns"]]
    return ours, list(printed["rows"].values())


def winsorised(indicator: pd.Series, most: int = 5) -> pd.Series:
    """Return an indicator whose outliers are pulled in until skew < 2 or kurtosis < 3.5; no part of ours."""
    known = indicator.dropna().sort_values()
    treated = known
    for n in range(1, most + 1):
        if abs(treated.skew()) <= 2 or treated.kurt() <= 3.5:
            break
        ends = {"upper": known.iloc[-1 - n]} if known.skew() > 0 else {"lower": known.iloc[n]}
        treated = known.clip(**ends)
    return treated.reindex(indicator.index)


# --- Technology achievement index, human development index ---


def tai_scores(cases: Path, weighting: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    case = load(cases, "oecd_tai23")
    goalposts = {
        name: [math.log10(v) for v in posts[:2]] if len(posts) == 3 else posts
        for name, posts in case["goalposts"].items()
    }
    criteria = pd.DataFrame(list(goalposts.values()), columns=["floor", "target"], index=case["criteria"])
    weights = np.array(case["weights"][weighting])
    criteria["weight"] = 100 * weights / weights.sum()  # two decimals: the AHP weights sum to 1.01
    raw = pd.DataFrame(case["matrix"], index=case["units"], columns=case["criteria"])
    return score_table(raw, None, criteria, rule="weighted_mean").table, case


def tai_ranks(weighting: str, cases: Path) -> tuple[Any, Any]:
    table, case = tai_scores(cases, weighting)
    return table.loc[case["rank_units_order"], "rank"], case["ranks_by_weighting"][weighting]


def tai_ranks_that_agree(weighting: str, n_equal: int, cases: Path) -> tuple[Any, Any]:
    """Compare the number of equal ranks: of these weights only two decimals are printed."""
    ours, printed = tai_ranks(weighting, cases)
    return (ours.to_numpy() == np.array(printed)).sum(), n_equal


def tai_values(cases: Path) -> tuple[Any, Any]:
    table, case = tai_scores(cases, "EW")
    printed = pd.Series(case["published_TAI"])
    return table.loc[printed.index, "score"] / 100, printed


def tai_geometric(cases: Path) -> tuple[Any, Any]:
    case = load(cases, "oecd_tai23")
    raw = pd.DataFrame(case["matrix"], index=case["units"])
    ranks = rank_scores(weighted_product(raw, np.ones(8)), scale=1000)
    return ranks[case["rank_units_order"]], case["ranks_by_aggregation"]["GME_on_raw_values"]


def schooling(cases: Path) -> tuple[pd.Series, pd.DataFrame]:
    case = load(cases, "oecd_tai23")
    table = case["normalisation_table15_schooling"]
    raw = pd.DataFrame(case["matrix"], index=case["units"], columns=case["criteria"])["schooling"]
    printed = pd.DataFrame.from_dict(table["rows"], orient="index", columns=table["columns"])
    return raw[printed.index], printed


def schooling_minmax(cases: Path) -> tuple[Any, Any]:
    raw, printed = schooling(cases)
    return linear_value(raw, raw.min(), raw.max()) / 100, printed["minmax"]


def schooling_categorical(cases: Path) -> tuple[Any, Any]:
    _, printed = schooling(cases)
    steps = ((5, 20), (15, 40), (35, 50), (65, 60), (85, 80), (95, 100))  # Handbook, step 5
    return stepwise_value(printed["percentile"].to_numpy(dtype=float), steps), printed["categorical"]


def ahp_of_table_20(cases: Path) -> tuple[Any, Any]:
    """Compare with 0, within 0.1: the Handbook accepts judgements of that consistency ratio."""
    matrix = pd.DataFrame(load(cases, "oecd_tai23")["ahp_table20"])
    return pairwise_weights(matrix)[1], 0.0


def hdi_income(cases: Path) -> tuple[Any, Any]:
    case = load(cases, "undp_hdi_2020")
    floor, target, _ = case["goalposts"]["gni"]
    expected = case["expected"]
    income = linear_value(math.log(expected["gni"]), math.log(floor), math.log(target))
    return income / 100, expected["income_index"]


def hdi_index(rule: str, cases: Path) -> tuple[Any, Any]:
    expected = load(cases, "undp_hdi_2020")["expected"]
    names = ["health_index", "education_index", "income_index"]
    values = pd.DataFrame([[100 * expected[name] for name in names]], columns=names)
    if rule == "weighted_product":
        return weighted_product(values, [1, 1, 1]) / 100, [expected["hdi"]]
    criteria = pd.DataFrame({"weight": 100 / 3, "floor": 0.0, "target": 100.0}, index=names)
    return score_table(values, None, criteria, rule=rule).table["score"] / 100, [expected["hdi"]]


def hdi_nested(cases: Path) -> tuple[Any, Any]:
    """Education is the mean of two indices, the whole the geometric mean of three dimensions."""
    case = load(cases, "undp_hdi_2020")
    expected, posts = case["expected"], case["goalposts"]
    ends = {
        "life": [0.0, 100.0],
        "eys": posts["eys"],
        "mys": posts["mys"],
        "gni": [math.log(v) for v in posts["gni"][:2]],
    }
    criteria = pd.DataFrame.from_dict(ends, orient="index", columns=["floor", "target"])
    criteria["weight"] = [100 / 3, 100 / 6, 100 / 6, 100 / 3]
    criteria["group"] = ["health", "education", "education", "income"]
    # 11 expected years; the mean years follow from the printed mean of both indices
    mean_years = (2 * expected["education_index"] - 11 / posts["eys"][1]) * posts["mys"][1]
    raw = [[100 * expected["health_index"], 11, mean_years, math.log(expected["gni"])]]
    table = pd.DataFrame(raw, columns=criteria.index)
    scores = score_table(table, None, criteria, rule="weighted_mean", group_rule="geometric")
    ours = [*scores.groups.loc[0, ["education", "income"]], scores.table.loc[0, "score"]]
    printed = [expected[name] for name in ("education_index", "income_index", "hdi")]
    return np.array(ours) / 100, printed


# --- ranking methods and weights ---


def topsis_vector(cases: Path) -> tuple[Any, Any]:
    case = load(cases, "hodgett_topsis")
    ours = topsis(pd.DataFrame(case["matrix"]), case["weights"], case["directions"])
    return ours, case["expected"]["closeness"]


def topsis_minmax(cases: Path) -> tuple[Any, Any]:
    case = load(cases, "opricovic_tzeng_2004")
    ours = topsis(pd.DataFrame(case["matrix"]), case["weights"], case["directions"], normalisation="minmax")
    return ours, case["expected"]["topsis_minmax_closeness"]


def vikor_utility(cases: Path) -> tuple[Any, Any]:
    """VIKOR's S is the weighted distance to the best: 1 − the weighted mean of min–max values."""
    case = load(cases, "opricovic_tzeng_2004")
    raw = pd.DataFrame(case["matrix"])
    is_gain = pd.Series(case["directions"]) > 0
    low, high = raw.min(), raw.max()
    values = linear_value(raw, low.where(is_gain, high), high.where(is_gain, low)) / 100
    return 1 - weighted_sum(values, case["weights"]), case["expected"]["vikor_S"]


def promethee_turned(cases: Path) -> tuple[Any, Any]:
    phi, _, case = counter_example(cases)
    return -phi, case["expected"]["phi"]  # same size, other sign: a counter-example, see below


def counter_example(cases: Path) -> tuple[pd.Series, pd.DataFrame, dict[str, Any]]:
    case = load(cases, "jmcdm_promethee2")
    matrix = pd.DataFrame(case["matrix"])
    q = [0 if value is None else value for value in case["q"]]
    flows = promethee2(matrix, case["weights"], case["directions"], "linear", q=q, p=case["p"])
    return flows["phi"], matrix, case


def saaty(cases: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    case = load(cases, "saaty_2008_drinks")
    matrix = pd.DataFrame(case["matrix"], index=case["elements"], columns=case["elements"])
    return matrix, case["expected"]


def saaty_weights(cases: Path) -> tuple[Any, Any]:
    matrix, expected = saaty(cases)
    return pairwise_weights(matrix)[0], expected["weights"]


def saaty_ratio(cases: Path) -> tuple[Any, Any]:
    matrix, expected = saaty(cases)
    return pairwise_weights(matrix)[1], expected["CR_saaty_RI"]


def saaty_ratio_of_donegan_and_dodd(cases: Path) -> tuple[Any, Any]:
    matrix, expected = saaty(cases)
    ratio = pairwise_weights(matrix, random_index=DONEGAN_DODD_1991)[1]
    return ratio, expected["CR_donegan_dodd_RI"]


# --- acceptability of ranks ---

N_SAMPLES = 100_000


def smaa_exact(attribute: str, name: str, cases: Path) -> tuple[Any, Any]:
    case = load(cases, "smaa_exact_2crit")
    weights = sample_weights(pd.Series({"w1": 1, "w2": 1}), N_SAMPLES, seed=1, spread="simplex")
    got = getattr(smaa(pd.DataFrame(case["matrix"]), weights, seed=1), attribute)
    ours = got if isinstance(got, pd.Series) else got.iloc[:, 0]
    return ours, [np.nan if value is None else value for value in case["expected"][name]]


def smaa_stored(attribute: str, name: str, cases: Path) -> tuple[Any, Any]:
    with np.load(cases / "smaa_thrombo_samples.npz") as stored:
        got = smaa(stored["meas"], stored["weights"])
    return getattr(got, attribute), load(cases, "smaa2_thrombo")["expected"][name]


def smaa_at_fixed_weights(cases: Path) -> tuple[Any, Any]:
    fixed = load(cases, "smaa2_thrombo")["expected"]["rank_acceptability_at_fixed_weights"]
    with np.load(cases / "smaa_thrombo_samples.npz") as stored:
        measured = stored["meas"]
    return smaa(measured, np.tile(fixed["weights"], (len(measured), 1))).acceptability, fixed["ra"]


# --- all of them ---


class Case(NamedTuple):
    """A worked example; `within` is the allowed distance."""

    file: str
    paper: str
    compute: Callable[[Path], tuple[Any, Any]]
    within: float


ASEM = "JRC ASEM Sustainable Connectivity Portal; COINr"
TAI = "OECD/JRC (2008) Handbook on Constructing Composite Indicators"
HDI = "UNDP (2020) Human Development Report, technical notes"
HODGETT = "Hodgett, TOPSIS in Excel; R package MCDA"
OPRICOVIC = "Opricovic & Tzeng (2004) EJOR 156(2) 445–455"
SAATY = "Saaty (2008) Int. J. Services Sciences 1(1) 83–98"
EXACT = "Lahdelma & Salminen (2001) Operations Research 49(3); exact geometry"
THROMBO = "R package smaa 0.3-3, thrombolytics; Tervonen & Figueira (2008)"
SHARE_ERROR = 4 * math.sqrt(0.4 * 0.6 / N_SAMPLES)  # four standard errors of the largest share

CASES = [
    Case("asem", ASEM, asem_normalisation, 1e-9),
    Case("asem", ASEM, asem_levels, 1e-9),
    Case("asem", ASEM, asem_printed_scores, 1e-9),
    Case("asem", ASEM, asem_ranks, 0),
    Case("asem", ASEM, asem_group_ranks, 0),
    Case("asem", ASEM, asem_vignette, 0.005),
    Case("oecd_tai23", f"{TAI}, table 23", partial(tai_ranks, "EW"), 0),
    Case("oecd_tai23", f"{TAI}, table 23", partial(tai_ranks, "BAP"), 0),
    Case("oecd_tai23", f"{TAI}, table 23", partial(tai_ranks_that_agree, "FA", 19), 0),
    Case("oecd_tai23", f"{TAI}, table 23", partial(tai_ranks_that_agree, "AHP", 20), 0),
    Case("oecd_tai23", f"{TAI}; two inputs are logarithms of two decimals", tai_values, 0.0015),
    Case("oecd_tai23", f"{TAI}, table 38", tai_geometric, 0),
    Case("oecd_tai23", f"{TAI}, table 15", schooling_minmax, 0.005),
    Case("oecd_tai23", f"{TAI}, table 15", schooling_categorical, 0),
    Case("oecd_tai23", f"{TAI}, table 20", ahp_of_table_20, 0.1),
    Case("undp_hdi_2020", HDI, hdi_income, 5e-5),
    Case("undp_hdi_2020", HDI, hdi_nested, 5e-4),
    Case("undp_hdi_2020", HDI, partial(hdi_index, "geometric"), 5e-4),
    Case("undp_hdi_2020", HDI, partial(hdi_index, "weighted_product"), 5e-4),
    Case("hodgett_topsis", HODGETT, topsis_vector, 5e-5),
    Case("opricovic_tzeng_2004", OPRICOVIC, topsis_minmax, 5e-4),
    Case("opricovic_tzeng_2004", OPRICOVIC, vikor_utility, 1e-12),
    Case("jmcdm_promethee2", "Brans & Vincke (1985); JMcDM", promethee_turned, 0.005),
    Case("saaty_2008_drinks", SAATY, saaty_weights, 5e-4),
    Case("saaty_2008_drinks", SAATY, saaty_ratio, 5e-4),
    Case("saaty_2008_drinks", f"{SAATY}; Donegan & Dodd (1991)", saaty_ratio_of_donegan_and_dodd, 5e-5),
    Case(
        "smaa_exact_2crit",
        EXACT,
        partial(smaa_exact, "acceptability", "first_rank_acceptability"),
        SHARE_ERROR,
    ),
    Case("smaa_exact_2crit", EXACT, partial(smaa_exact, "central_weights", "central_weight_w1"), 0.005),
    Case("smaa_exact_2crit", EXACT, partial(smaa_exact, "confidence", "confidence_deterministic"), 0),
    Case("smaa2_thrombo", THROMBO, partial(smaa_stored, "acceptability", "rank_acceptability"), 0),
    Case("smaa2_thrombo", THROMBO, partial(smaa_stored, "central_weights", "central_weights"), 5e-8),
    Case("smaa2_thrombo", THROMBO, partial(smaa_stored, "confidence", "confidence_factor"), 0),
    Case("smaa2_thrombo", THROMBO, partial(smaa_stored, "pairwise_winning", "pairwise_winning"), 0),
    Case("smaa2_thrombo", THROMBO, smaa_at_fixed_weights, 0),
]

NOT_HERE = {
    "oecd_borda_condorcet": "voting (Borda, Condorcet, Kemeny): a portfolio is not elected; not offered",
    "oecd_tai23, bod_scores": "benefit of the doubt gives every unit weights of its own; not offered",
    "oecd_tai23, NCMC and outranking5": "a Kemeny order, that is voting; the printed one is not optimal",
    "oecd_tai23, table 15, the rest": "ranks, z-scores, ratios and percentiles depend on the sample: adding "
    "an office would change the score of another; not offered",
    "oecd_tai23, eigenvalue_pct and correlations_upper": "factor analysis of indicators; not offered",
    "oecd_tai23, weights AHP": "the mean of several experts, not the weights of the matrix in table 20",
    "oecd_tai23, sobol_table39": "magnitude only: the weights of the twenty experts are not published",
    "opricovic_tzeng_2004, vikor_R and vikor_Q": "VIKOR is not offered",
    "smaa2_thrombo, entropies and value_summary": "no functions of ours: one line of the acceptability",
    "rpm_derived": "robust portfolios: a case of planning",
    "sobol_ishigami": "stands in `test_sobol`: inside its confidence bounds, for several seeds",
}


def name_of(case: Case) -> str:
    function = case.compute
    if isinstance(function, partial):
        return "-".join([function.func.__name__, *map(str, function.args)])
    return function.__name__


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_published_figures(case, shared):
    ours, printed = case.compute(shared / "data/cases")
    np.testing.assert_allclose(
        np.asarray(ours, dtype=float),
        np.asarray(printed, dtype=float),
        rtol=0,
        atol=case.within,
        err_msg=case.paper,
    )


def test_the_counter_example_is_refuted_by_dominance(shared):
    phi, matrix, case = counter_example(shared / "data/cases")
    better, worse = np.nonzero(dominance(matrix).to_numpy())
    assert (1, 4) in list(zip(better.tolist(), worse.tolist(), strict=True))
    assert (phi.to_numpy()[better] >= phi.to_numpy()[worse]).all()
    printed = np.array(case["expected"]["phi"])
    assert (printed[better] < printed[worse]).any()


def test_every_file_of_cases_is_reproduced_or_named_with_the_reason(shared):
    files = {path.stem for path in (shared / "data/cases").glob("*.json")}
    assert files == {case.file for case in CASES} | (set(NOT_HERE) & files)
