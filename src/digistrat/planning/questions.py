"""Which missing or uncertain cell to ask for next: what its answer is worth to the choice of projects."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from digistrat.inventory.record import Inventory, standard_form
from digistrat.planning.amounts import Amount, lacking_only, open_amounts
from digistrat.planning.answers import possible_answers
from digistrat.planning.choice import Choice
from digistrat.planning.portfolio import select_portfolio
from digistrat.planning.records import PortfolioProblem
from digistrat.scoring.composite import Scores
from digistrat.texts import format_number, text

ADDRESS = re.compile(r"[A-Z]{1,3}[0-9]+")
PLACE = ("office_id", "file", "sheet", "cell", "column")
N_CHEAP = 2048  # samples that no portfolio is searched for
MONEY = "project_costs.amount_eur"

Question = tuple[str, str] | Amount  # a project's rating by a criterion, or what it costs


def next_questions(
    inventory: Inventory,
    impact: Scores,
    *,
    n: int = 20,
    n_samples: int = 32,
    seed: int = 1,
    progress: bool = False,
) -> pd.DataFrame:
    """Rank missing and uncertain ratings and costs by how much a choice made after their answer gains.

    The value of an answer is the expected value of partial perfect information: how much the impact of the
    best portfolio is expected to rise when this one cell is known before choosing. It is 0 where no answer
    changes the choice: for a project that is fixed in, cannot be chosen, or wins or loses in any case, and
    where there is no portfolio at all.

    A project counts with what is expected of it, so that a gap counts 50; the score leaves a gap out and may
    differ, and a project without a score may be chosen here. The portfolios to choose from are all that
    `select_portfolio` allows, by the upper ends of the costs; those that a single answer makes the best are
    searched for until it is proven that no other answer changes the choice (within the limits of the
    search). Under additive rules the value of a rating is exact, under others a regression on samples.

    A range of costs is equally likely to end anywhere within. As only what can be paid for in any case is
    chosen, knowing the amount frees what it is less than the upper end: its value is the expected rise of
    the best portfolio, computed to 2 % (or as far as a few searches lead). Nothing is ever taken back out of
    a portfolio: whoever could drop a project once it turns out too dear would lose nothing by not asking.
    A missing amount has no ends and rules its project out; it is taken to be as likely as any that other
    candidates report (see `open_amounts`); a project's missing amounts are one question.

    Parameters
    ----------
    inventory : Inventory
        Projects, costs and dependencies, as for `select_portfolio`.
    impact : Scores
        From `score_impact`.
    n : int
        How many questions at most.
    n_samples : int
        Samples of all answers at once, each with its best portfolio, for what knowing everything is worth:
        only ``value_share`` depends on them.
    seed : int
        The same seed gives the same questions.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    DataFrame
        By falling value: ``rank`` (1 + number of cells worth more), ``subject`` (project), ``criterion``
        (its id, or ``"project_costs.amount_eur 2027 investive"``; without year and kind where a project has
        no costs at all), ``value`` (points of total impact), ``value_share`` (of what knowing everything is
        worth, 0–1; NaN where that is nothing), ``office_id``, ``file``, ``sheet``, ``cell`` (empty where none
        was sent: sheet and column then say where it belongs), ``column`` (header of the form), ``question``
        (in the strategy's language). What is computed from other projects is not asked for.

    Raises
    ------
    ValueError
        If a parameter is not as described.

    Notes
    -----
    Strong, Oakley & Brennan (2014), Med. Decis. Making 34:311–326. The values of two answers do not add up:
    two gaps of a project may be worth nothing one by one and much together. What an answer would change in
    the computed enabling effect of other projects is left out.
    """
    for name, number in (("n", n), ("n_samples", n_samples)):
        if number < 1:
            raise ValueError(f"{name} must be at least 1, not {number}")
    worth, everything = _worth(inventory, impact, n, n_samples, seed, progress)
    first = sorted(worth, key=lambda question: worth[question], reverse=True)[:n]  # equal ones as they came
    numbers = pd.Series([worth[question][0] for question in first], dtype=float)
    asked = [
        _about_costs(inventory, question)
        if isinstance(question, Amount)
        else _about_rating(inventory, impact, question)
        for question in first
    ]
    rows = pd.DataFrame(asked, columns=["subject", "criterion", *PLACE, "question"]).astype("str").fillna("")
    return rows.assign(
        rank=numbers.rank(method="min", ascending=False).astype("int64"),
        value=numbers,
        value_share=numbers / (everything or np.nan),
    )[["rank", "subject", "criterion", "value", "value_share", *PLACE, "question"]]


def _worth(
    inventory: Inventory,
    impact: Scores,
    n: int,
    n_samples: int,
    seed: int,
    progress: bool,
) -> tuple[dict[Question, tuple[float, float]], float]:
    """Return by question what its answer is worth and how much it can gain; what all are worth."""
    from tqdm.auto import tqdm

    today = select_portfolio(inventory, impact)
    asked = _asked_about(today.problem, impact)
    amounts = open_amounts(inventory, today.problem, asked)
    ratings = _open_ratings(inventory, impact)
    worth: dict[Question, tuple[float, float]] = dict.fromkeys([*ratings, *amounts], (0.0, 0.0))
    open_ones = impact.table.index[(impact.high > impact.low).any(axis="columns")]
    lacking = open_ones.intersection([amount.project for amount in amounts if amount.is_missing])
    size = max(n_samples, N_CHEAP)
    answers = possible_answers(impact, {*asked, *lacking}, n_samples=size, seed=seed)
    spreads = {
        cell: answers.spreads[cell] for cell in ratings if cell[0] in asked and cell in answers.spreads
    }
    choice = Choice.of(today.problem, answers.expected, asked)
    if not choice.is_possible or not (spreads or amounts):
        return worth, 0.0
    steps = n_samples + len({project for project, _ in spreads}) + len(amounts)
    shares = np.random.default_rng([seed, 1]).random((n_samples, len(amounts)))
    with tqdm(total=steps, unit="portfolio", disable=not progress) as bar:
        portfolios = choice.portfolios(today.table["selected"], spreads, bar)
        for cell, value in choice.worth(portfolios, spreads).items():
            worth[cell] = value
        others = [value for value, _ in worth.values()]
        for number, value in choice.worth_of_amounts(amounts, n, others, bar).items():
            worth[amounts[number]] = value
        everything = choice.worth_of_everything(portfolios, answers.sampled, amounts, shares, bar)
    # knowing everything is never worth less than knowing one thing, whatever the samples say
    return worth, max(everything, *(value for value, _ in worth.values()))


def _asked_about(problem: PortfolioProblem, impact: Scores) -> list[str]:
    """Return the candidates with open ratings that may be chosen or not, also those without a score."""
    is_open = (impact.high > impact.low).any(axis="columns")
    decided = {*problem.mandatory, *set(problem.forbidden).difference(lacking_only(problem, "not_rated"))}
    candidates = map(str, problem.values.index)
    return [project for project in candidates if is_open.get(project, False) and project not in decided]


# --- in words ----------------------------------------------------------------------------------------------


def _open_ratings(inventory: Inventory, impact: Scores) -> list[tuple[str, str]]:
    """Return every rating that is missing or an interval, but not what follows from other projects."""
    follows = [criterion for criterion, name in _computed(inventory).items() if name == "enabling_effect"]
    is_open = (impact.high > impact.low).drop(columns=follows, errors="ignore")
    return [(is_open.index[i], is_open.columns[j]) for i, j in np.argwhere(is_open.to_numpy())]


def _computed(inventory: Inventory) -> dict[str, str]:
    return {criterion.id: criterion.computed for criterion in inventory.strategy.impact.criteria}


def _about_rating(inventory: Inventory, impact: Scores, of: tuple[str, str]) -> dict[str, str]:
    project, criterion = of
    sources = [inventory.sources[table]["file"] for table in ("impact_ratings", "projects")]
    files = set().union(inventory.files["file"], *sources)
    sheet, column = _asking(inventory, criterion)
    parts = (impact.cells(project, criterion) if impact.cells else "").split(" › ")
    file = parts.pop(0) if parts[0] in files else ""
    cell = parts.pop() if parts and ADDRESS.fullmatch(parts[-1]) else ""
    sheet = parts[0] if parts and (cell or len(parts) > 1) else sheet
    where = {"file": file, "sheet": sheet, "cell": cell, "column": column}
    question = _rating_in_words(inventory, impact, of, where)
    return _row(inventory, project, criterion, where, question)


def _row(
    inventory: Inventory, project: str, criterion: str, where: Mapping[str, str], question: str
) -> dict[str, str]:
    office: Any = inventory.projects["office_id"].get(project)
    return {"subject": project, "criterion": criterion, "office_id": office, **where, "question": question}


def _asking(inventory: Inventory, criterion: str) -> tuple[str, str]:
    """Return the sheet and the header of the form that ask for a criterion."""
    form = standard_form(inventory.strategy)
    if _computed(inventory).get(criterion) == "goal_fit":
        projects = form.table("projects")
        return projects.title, projects.column("goal_ids").headers[0]
    table = form.table("impact_ratings")
    members = table.unpivot.members if table.unpivot else {}
    return table.title, next(iter(members.get(criterion) or table.column("points").headers), criterion)


def _place(inventory: Inventory, where: Mapping[str, str]) -> str:
    return text(f"question.{'cell' if where['cell'] else 'column'}", inventory.strategy.language, **where)


def _rating_in_words(
    inventory: Inventory, impact: Scores, of: tuple[str, str], where: Mapping[str, str]
) -> str:
    language = inventory.strategy.language

    def number(value: float) -> str:
        return format_number(value, language, 0 if float(value).is_integer() else 1)

    criterion: dict[Any, Any] = impact.criteria.loc[of[1]].to_dict()
    ends: list[Any] = [impact.low.at[of], impact.high.at[of]]
    low, high = sorted(
        criterion["floor"] + end / 100 * (criterion["target"] - criterion["floor"]) for end in ends
    )
    key = str(impact.states.at[of])
    if _computed(inventory).get(of[1]) == "goal_fit":
        key = "goals"
    elif key == "assessed":
        key = "interval" if criterion["shape"] == "linear" else "range"
    scale = text("question.scale", language, low=number(criterion["floor"]), high=number(criterion["target"]))
    return text(
        f"question.{key}",
        language,
        project=of[0],
        title=inventory.projects["title"].get(of[0], ""),
        criterion=criterion["name"] or of[1],
        scale=f"{scale} {criterion['unit']}".strip(),
        low=number(low),
        high=number(high),
        place=_place(inventory, where),
    )


def _about_costs(inventory: Inventory, amount: Amount) -> dict[str, str]:
    language, project = inventory.strategy.language, amount.project
    title = inventory.projects["title"].get(project, "")
    if not amount.cells:
        year = inventory.strategy.planning.start_date.year
        file = str(inventory.sources["projects"].at[project, "file"])
        sheet = standard_form(inventory.strategy).table("project_costs").title
        where = {"file": file, "sheet": sheet, "cell": "", "column": str(year)}
        question = text("question.costs", language, project=project, title=title, year=year, sheet=sheet)
        return _row(inventory, project, MONEY, where, question)
    costs = inventory.project_costs.loc[[*amount.cells]]
    found = [inventory.locate("project_costs", row, "amount_eur") for row in amount.cells]
    years = [str(int(year)) for year in costs["year"]]
    first = {"file": found[0].file, "sheet": found[0].sheet, "cell": found[0].cell, "column": years[0]}
    places = [
        _place(inventory, {"sheet": one.sheet, "cell": one.cell, "column": year})
        for one, year in zip(found, years, strict=True)
    ]
    kinds = [text(f"cost_kind.{kind}", language) for kind in costs["kind"]]
    low, high = (costs[f"amount_eur_{end}"].fillna(costs["amount_eur"]).iloc[0] for end in ("lower", "upper"))
    question = text(
        f"question.{'amount_missing' if amount.is_missing else 'amount'}",
        language,
        project=project,
        title=title,
        years=", ".join(f"{year} ({kind})" for year, kind in dict.fromkeys(zip(years, kinds, strict=True))),
        low=_euros(low, language),
        high=_euros(high, language),
        place="; ".join(dict.fromkeys(places)),
    )
    return _row(inventory, project, f"{MONEY} {years[0]} {costs['kind'].iloc[0]}", first, question)


def _euros(amount: float, language: str) -> str:
    """Write an amount to the euro: what is asked for is written as precisely as it was sent."""
    return text("unit.eur_one", language, number=format_number(amount, language))
