"""Tables for people, of what follows from the scores: names beside ids, per cent, words for codes.

Workbook and page show the same ones; the CSV files keep the results' own columns.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from digistrat.reporting.results import Results
from digistrat.scoring.composite import Scores
from digistrat.scoring.services import OnlineShare, online_share
from digistrat.scoring.stakeholders import OWN, TOGETHER
from digistrat.strategy import ServiceModel, Strategy
from digistrat.texts import format_number, has_text, text


def group_names(strategy: Strategy) -> dict[str, str]:
    """Return what the groups of `stakeholder_rankings` are called, in their order."""
    language = strategy.language
    names = {OWN: text("table.own", language)}
    names |= {group.id: group.name for group in strategy.stakeholders}
    return names | {TOGETHER: text("table.together", language)}


def office_names(r: Results, ids: pd.Series) -> pd.Series:
    """Return what offices are called; an id that nobody knows stays as it is."""
    return ids.map(r.inventory.offices["name"]).fillna(ids)


def group_table(r: Results) -> pd.DataFrame:
    """Return ranks under the weights of the strategy and of each group; the strategy's first on top."""
    if not len(r.group_rankings):
        return pd.DataFrame()
    names, language = group_names(r.inventory.strategy), r.inventory.strategy.language
    ranks = r.group_ranks.dropna(how="all").sort_values(OWN, kind="stable", na_position="last")
    shown = ranks.rename(columns={g: text("table.rank_of", language, group=names[str(g)]) for g in ranks})
    span = r.group_rankings["rank_range"].loc[ranks.index]
    return _project_names(r, ranks.index).join(shown).join(span)


def first_ranks(ranks: pd.DataFrame, k: int) -> pd.DataFrame:
    """Return the ranks by group of the strategy's first `k`."""
    return ranks.dropna(subset=[OWN]).sort_values(OWN, kind="stable").head(k)


def stays_first(ranks: pd.DataFrame, k: int) -> pd.Series:
    """Tell which of the strategy's first `k` are among the first `k` of every group; NA where unknown.

    Parameters
    ----------
    ranks : DataFrame
        Projects × groups, the part ``rank`` of `stakeholder_rankings`.
    k : int
        How many count as the first.
    """
    others = first_ranks(ranks, k).drop(columns=OWN)
    stays = others.le(k).astype("boolean").mask(others.isna())
    leaves = (~stays).fillna(False).any(axis=1)
    return pd.Series(True, others.index, dtype="boolean").mask(stays.isna().any(axis=1)).mask(leaves, False)


def method_table(r: Results) -> pd.DataFrame:
    """Return ranks by every method, of the projects with all answers."""
    if r.agreement is None:
        return pd.DataFrame()
    ranks = r.agreement.ranks.sort_values("weighted_sum", kind="stable")
    named = ranks.rename(columns=lambda name: method_name(name, r.inventory.strategy.language))
    return _project_names(r, ranks.index).join(named).join(r.agreement.rank_range)


def agreement_table(r: Results) -> pd.DataFrame:
    """Return how many of 100 pairs of projects two methods put in the same order."""
    if r.agreement is None or len(r.agreement.ranks) < 2:
        return pd.DataFrame()
    language = r.inventory.strategy.language
    names = [method_name(str(name), language) for name in r.agreement.ranks.columns]
    same, _ = pairs_in_order(r.agreement.ranks)
    return same.set_axis(names).set_axis(names, axis=1).rename_axis("method")


def pairs_in_order(ranks: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return how many of 100 pairs two methods order alike, and how many the other way round.

    What is left are pairs that one of them at least does not tell apart.

    Parameters
    ----------
    ranks : DataFrame
        Alternatives × methods, at least two alternatives.

    Examples
    --------
    >>> same, opposite = pairs_in_order(pd.DataFrame({"sum": [1, 2, 3], "product": [2, 1, 3]}))
    >>> [round(float(share.at["sum", "product"]), 1) for share in (same, opposite)]
    [66.7, 33.3]
    """
    first, second = np.triu_indices(len(ranks), k=1)
    array = ranks.to_numpy(dtype=float)
    order = np.sign(array[first] - array[second])
    told = np.abs(order)
    net, both = order.T @ order, told.T @ told  # alike minus opposite, and the two together
    labels = ranks.columns
    shares = [100 * part / len(order) for part in ((both + net) / 2, (both - net) / 2)]
    same, opposite = (pd.DataFrame(share, labels, labels) for share in shares)
    return same, opposite


def method_name(name: str, language: str) -> str:
    """Return what a ranking method is called."""
    key = f"table.method_{name}"
    return text(key, language) if has_text(key, language) else name


def criterion_table(r: Results, table: pd.DataFrame) -> pd.DataFrame:
    """Return a table by criterion of impact with the criteria's names, and ids of projects with titles."""
    if r.impact is None or not len(table):
        return pd.DataFrame()
    shown = table.drop(columns="kendall_tau", errors="ignore")
    for column in shown.columns.intersection(
        ["leaves_below", "enters_below", "leaves_above", "enters_above", "leaves", "enters"]
    ):
        shown[column] = pd.Series([_titled(r, value) for value in shown[column]], shown.index, dtype=object)
    return r.impact.criteria[["name"]].join(shown, how="right").rename_axis("criterion")


def assumption_table(r: Results) -> pd.DataFrame:
    """Return which share of the change each assumption has that can be made otherwise, in per cent."""
    if not len(r.assumptions):
        return pd.DataFrame()
    varying = r.assumptions[r.assumptions["varies"]].drop(columns="varies")
    shares = 100 * varying.drop(columns="mean_shift").clip(0, 1)
    named = shares.assign(mean_shift=varying["mean_shift"]).rename(
        index=lambda name: text(f"table.assumption_{name}", r.inventory.strategy.language)
    )
    return named.rename_axis("assumption")


def level_table(r: Results) -> pd.DataFrame:
    """Return the probable level of each office, how sure it is, and what would raise the score most."""
    if r.maturity is None or not len(r.level_chances):
        return pd.DataFrame()
    chances = r.level_chances
    return pd.DataFrame(
        {
            "name": r.inventory.offices["name"].reindex(chances.index),
            "score": r.maturity.table["score"].reindex(chances.index),
            "level": chances.idxmax(axis=1),
            "chance": 100 * chances.max(axis=1),
            "step": pd.Series(best_steps(r), dtype="str").reindex(chances.index),
        }
    ).rename_axis("office_id")


def chance_table(r: Results) -> pd.DataFrame:
    """Return how probable each level is of each office, in per cent."""
    table = level_table(r)
    if not len(table):
        return table
    named = (100 * r.level_chances).rename(columns=lambda level: f"{level} (%)")
    return table[["name", "score", "level"]].join(named)


def step_table(r: Results) -> pd.DataFrame:
    """Return what raises each office most, with its name."""
    if not len(r.steps):
        return pd.DataFrame()
    offices = r.steps["office_id"].map(r.inventory.offices["name"])
    renamed = r.steps.rename(columns={"name": "criterion_name", "gain": "points_gained"})
    renamed.insert(1, "name", offices)
    return renamed


def best_steps(r: Results) -> dict[str, str]:
    """Return by office the steps that raise its score most, in words; several where they are equal."""
    language = r.inventory.strategy.language
    said = {}
    for office, rows in r.steps.groupby("office_id", sort=False) if len(r.steps) else ():
        best = rows[rows["gain"] >= rows["gain"].max() - 1e-9]
        steps = [
            text(
                "table.step",
                language,
                name=row["name"],
                start=_short(row["from"], language),
                to=_short(row["to"], language),
            )
            for _, row in best.iterrows()
        ]
        gain = format_number(best["gain"].iloc[0], language, 1)
        key = "table.steps" if len(steps) == 1 else "table.steps_each"
        said[str(office)] = text(key, language, steps="; ".join(steps), gain=gain)
    return said


def service_model(r: Results) -> ServiceModel:
    """Return the model of the scores of services."""
    assert r.services is not None
    models = {model.id: model for model in r.inventory.strategy.service_models}
    return models[str(r.services.table["model"].iloc[0])]


def level_basis(r: Results) -> str:
    """Return whether the level from which services count as online is the model's or assumed."""
    model = service_model(r)
    key = "table.basis_assumed" if model.is_estimate else "table.basis_model"
    return text(key, r.inventory.strategy.language, model=model.id)


def share_from(services: Scores, level: int) -> OnlineShare:
    """Return which share of the yearly cases belongs to services that have at least a level."""
    table = services.table
    reached = pd.Series(pd.NA, table.index, dtype="boolean")
    reached[(table["level_lower"] >= level).to_numpy()] = True
    reached[(table["level_upper"] < level).to_numpy()] = False
    return online_share(table.assign(is_online=reached))


def bundle_table(r: Results) -> pd.DataFrame:
    """Return the bundles of services with the names of what is in them."""
    if not len(r.bundles):
        return pd.DataFrame()
    services = r.inventory.services
    names = services.groupby("bundle_id")["name"].agg(lambda given: "; ".join(given.dropna().astype(str)))
    return r.bundles.assign(services=names.reindex(r.bundles.index))


def question_table(r: Results) -> pd.DataFrame:
    """Return the questions whose answer is worth something, with the office's name and the place."""
    if r.questions is None:
        return pd.DataFrame()
    asked = r.questions[r.questions["value"] > 0]
    at = asked["cell"].where(asked["cell"] != "", asked["column"])
    places = [
        " › ".join(part for part in parts if part)
        for parts in zip(asked["file"], asked["sheet"], at, strict=True)
    ]
    return pd.DataFrame(
        {
            "rank": asked["rank"],
            "office": office_names(r, asked["office_id"]),
            "project_id": asked["subject"],
            "question": asked["question"],
            "place": pd.Series(places, asked.index, dtype="str"),
            "answer_value": asked["value"],
        }
    ).reset_index(drop=True)


def economics_table(r: Results) -> pd.DataFrame:
    """Return the capital value of every project, the highest first, or why there is none."""
    if r.economics is None or not len(r.economics):
        return pd.DataFrame()
    table = r.economics.sort_values("kn", ascending=False, kind="stable", na_position="last")
    shown = table.assign(rate=(100 * table["rate"]).round(9))
    shown = shown.rename(columns={"reason": "how", "state": "economics_state", "rate": "rate_percent"})
    return _project_names(r, table.index).join(shown).rename_axis("project_id")


def decision_table(r: Results) -> pd.DataFrame:
    """Return by project what the rule of WiBe says, and by which of its three grounds."""
    if not len(r.decisions):
        return pd.DataFrame()
    shown = ["kn", "urgency", "quality", "by_capital_value", "by_urgency", "by_quality", "is_to_do"]
    return _project_names(r, r.decisions.index).join(r.decisions[shown])


def economics_reasons(r: Results) -> pd.DataFrame:
    """Count the projects of which no capital value is known, by the reason; the most frequent first."""
    if r.economics is None:
        return pd.DataFrame()
    without = r.economics[r.economics["state"] != "calculated"]
    counts = without["reason"].value_counts(sort=True).rename_axis("why_not")
    return counts.rename("n_projects").reset_index()


def difference_table(r: Results) -> pd.DataFrame:
    """Return the ratings of office and moderation side by side, with names."""
    language = r.inventory.strategy.language
    rows = r.rating_differences
    if not len(rows):
        return pd.DataFrame()
    names = {name: getattr(r, name).criteria["name"] for name in rows["scale"].unique()}
    titles = {**r.inventory.offices["name"].to_dict(), **r.inventory.projects["title"].to_dict()}
    return pd.DataFrame(
        {
            "scale": [text(f"workbook.scores_{name}", language) for name in rows["scale"]],
            "alternative": rows["subject"],
            "title": rows["subject"].map(titles),
            "criterion": [names[s].get(c, c) for s, c in zip(rows["scale"], rows["criterion"], strict=True)],
            "office_points": rows["office"],
            "moderated_points": rows["moderated"],
            "difference": rows["difference"],
            "remark": rows["remark"],
            "cell": rows["cell"],
            "office_cell": rows["office_cell"],
            "remark_cell": rows["remark_cell"],
        }
    )


def _project_names(r: Results, index: pd.Index) -> pd.DataFrame:
    projects = r.inventory.projects.reindex(index)
    named = {"title": projects["title"], "office": office_names(r, projects["office_id"])}
    return pd.DataFrame(named, index=index).rename_axis("project_id")


def _titled(r: Results, value: object) -> object:
    """Return one id, or several, with the titles of the projects."""
    if isinstance(value, tuple):
        return "; ".join(str(_titled(r, one)) for one in value)
    if not isinstance(value, str):
        return np.nan
    title = r.inventory.projects["title"].get(value)
    return f"{value} {title}" if isinstance(title, str) else value


def _short(value: float, language: str) -> str:
    return format_number(value, language, 0 if float(value).is_integer() else 1)
