"""Which missing or uncertain rating to ask for next: what its answer is worth to the choice of projects."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from digistrat.inventory.record import Inventory, standard_form
from digistrat.planning.answers import Answers, possible_answers
from digistrat.planning.knapsack import Selection, solve_knapsack
from digistrat.planning.portfolio import select_portfolio
from digistrat.planning.records import PortfolioProblem
from digistrat.scoring.composite import Scores
from digistrat.texts import format_number, text

Array = npt.NDArray[Any]

NODE_LIMIT = 20_000
GAP = 1e-6
SAME = 1e-9  # relative difference below which two values count as equal
ANSWER = "answer"  # names the items of the knapsack that are answers, and the row that allows one of them
CURABLE = {"not_rated", "assumed", "provisional"}  # doubts that keep no project out once it has a value
ADDRESS = re.compile(r"[A-Z]{1,3}[0-9]+")
PLACE = ("office_id", "file", "sheet", "cell", "column")


def next_questions(
    inventory: Inventory,
    impact: Scores,
    *,
    n: int = 20,
    n_samples: int = 64,
    seed: int = 1,
    progress: bool = False,
) -> pd.DataFrame:
    """Rank missing and uncertain ratings by how much a choice made after their answer gains.

    The value of an answer is the expected value of partial perfect information: how much the impact of the
    best portfolio is expected to rise when this one rating is known before choosing. It is 0 where no answer
    changes the choice: for a project that is fixed in, cannot be chosen, or wins or loses in any case.

    A project counts with what is expected of it, so that a gap counts 50; the score leaves a gap out and may
    differ, and a project without a score may be chosen here. The portfolios to choose from are today's, those
    that are optimal in a sample, and those that are optimal when one answer is as high or as low as it can
    be: the latter are searched for until it is proven that no other single answer changes the choice. So
    under additive rules the value is exact, and over all portfolios (within the limits of the search); under
    others it is a regression on samples.

    Parameters
    ----------
    inventory : Inventory
        Projects, costs and dependencies, as for `select_portfolio`.
    impact : Scores
        From `score_impact`.
    n : int
        How many questions at most.
    n_samples : int
        Samples of all ratings at once, each with its best portfolio: what knowing everything is worth.
    seed : int
        The same seed gives the same questions.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    DataFrame
        By falling value: ``rank`` (1 + number of cells worth more), ``subject`` (project), ``criterion``,
        ``value`` (points of total impact), ``value_share`` (of what knowing everything is worth, 0–1; NaN
        where that is nothing), ``office_id``, ``file``, ``sheet``, ``cell`` (empty where none was sent: sheet
        and column then say where it belongs), ``column`` (header of the form), ``question`` (in the
        strategy's language). What is computed from other projects is not asked for.

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
    cells = _open_cells(inventory, impact)
    worth, everything = _worth(inventory, impact, cells, n_samples, seed, progress)
    value = {cell: worth.get(cell, (0.0, 0.0)) for cell in cells}
    first = sorted(cells, key=lambda cell: value[cell], reverse=True)[:n]  # equal ones as they were returned
    numbers = pd.Series([value[cell][0] for cell in first], dtype=float)
    rows = _rows(inventory, impact, first)
    return rows.assign(
        rank=numbers.rank(method="min", ascending=False).astype("int64"),
        value=numbers,
        value_share=numbers / (everything or np.nan),
    )[["rank", "subject", "criterion", "value", "value_share", *PLACE, "question"]]


def _worth(
    inventory: Inventory,
    impact: Scores,
    cells: Sequence[tuple[str, str]],
    n_samples: int,
    seed: int,
    progress: bool,
) -> tuple[dict[tuple[str, str], tuple[float, float]], float]:
    """Return by cell what its answer is worth and how far it can move its project; what all are worth."""
    from tqdm.auto import tqdm

    today = select_portfolio(inventory, impact)
    asked = _asked_about(today.problem, impact)
    answers = possible_answers(impact, asked, n_samples=n_samples, seed=seed)
    spreads = {cell: answers.spreads[cell] for cell in cells if cell in answers.spreads}
    if not spreads:
        return {}, 0.0
    answers = replace(answers, spreads=spreads)
    choice = _Choice.of(today.problem, answers)
    steps = n_samples + len({project for project, _ in spreads}) + 1
    with tqdm(total=steps, unit="portfolio", disable=not progress) as bar:
        portfolios = choice.portfolios(today.table["selected"], answers, bar)
    worth = choice.worth(portfolios, answers)
    # knowing everything is never worth less than knowing one thing, whatever the samples say
    everything = max(choice.worth_of_everything(portfolios, answers), *(value for value, _ in worth.values()))
    return worth, everything


def _asked_about(problem: PortfolioProblem, impact: Scores) -> list[str]:
    """Return the candidates with open ratings that may be chosen or not, also those without a score."""
    is_open = (impact.high > impact.low).any(axis="columns")
    names = []
    for project in problem.values.index:
        is_only_unrated = problem.why_forbidden.get(project) == "not_rated"
        is_only_unrated &= set(problem.doubts.get(project, ())) <= CURABLE
        is_free = project not in problem.mandatory and (project not in problem.forbidden or is_only_unrated)
        if is_free and is_open.get(project, False):
            names.append(str(project))
    return names


@dataclass(frozen=True, eq=False, slots=True)
class _Choice:
    """The selection of `select_portfolio`, by what is expected of every candidate."""

    problem: PortfolioProblem
    expected: pd.Series
    forbidden: tuple[str, ...]

    @classmethod
    def of(cls, problem: PortfolioProblem, answers: Answers) -> _Choice:
        """Let projects asked about count with what is expected of them, the others with their score."""
        expected = problem.values.fillna(0.0).astype(float)
        expected[answers.expected.index] = answers.expected
        out = tuple(project for project in problem.forbidden if project not in answers.expected.index)
        return cls(problem, expected, out)

    def portfolios(self, today: pd.Series, answers: Answers, bar: Any) -> Array:
        """Return the portfolios to choose from, each once × candidates; none where there is none at all."""
        best = self._solve(self.expected)
        bar.update()
        if best.status in ("infeasible", "limit"):
            return np.empty((0, len(self.expected)), dtype=bool)
        found = [best.selected, today] if today.any() else [best.selected]
        for values in self._sampled(answers):
            chosen = self._solve(pd.Series(values, self.expected.index))
            bar.update()
            if chosen.status in ("optimal", "feasible"):
                found.append(chosen.selected)
        found += self._turned(best, answers, bar)
        return np.unique(np.array([one.to_numpy(dtype=bool) for one in found]), axis=0)

    def worth(self, portfolios: Array, answers: Answers) -> dict[tuple[str, str], tuple[float, float]]:
        """Return by cell what its answer is worth, and how far it can move its project in that direction."""
        total = portfolios @ self.expected.to_numpy()
        answer = {}
        for (project, criterion), spread in answers.spreads.items():
            holds = portfolios[:, self.expected.index.get_loc(project)]
            inside, outside = total[holds].max(initial=-np.inf), total[~holds].max(initial=-np.inf)
            sign = 1 if outside > inside else -1
            loss = abs(outside - inside) if len(total) else np.inf
            answer[project, criterion] = round(spread.excess(sign, loss), 9), spread.most(sign)
        return answer

    def worth_of_everything(self, portfolios: Array, answers: Answers) -> float:
        """Return the mean gain of the best portfolio of each sample over the one chosen without knowing."""
        if not len(portfolios):
            return 0.0
        usual = int(np.argmax(portfolios @ self.expected.to_numpy()))
        totals = self._sampled(answers) @ portfolios.T
        return float((totals.max(axis=1) - totals[:, usual]).mean())

    def _sampled(self, answers: Answers) -> Array:
        """Samples × candidates."""
        values = np.tile(self.expected.to_numpy(), (len(answers.sampled), 1))
        values[:, self.expected.index.get_indexer(answers.sampled.columns)] = answers.sampled.to_numpy()
        return values

    def _turned(self, best: Selection, answers: Answers, bar: Any) -> list[pd.Series]:
        """Return the portfolios that are optimal when a single answer turns out as it suits best.

        One selection asks for all projects at once: each has an answer, worth as much as it can move the
        project, that counts only if the project changes sides, and only one answer may count. What wins is
        noted and left out, until keeping to the usual choice is best.
        """
        usual, candidates = best.selected, self.expected.index
        reach: dict[str, float] = {}
        for (project, _), spread in answers.spreads.items():
            reach[project] = max(reach.get(project, 0.0), spread.most(-1 if usual[project] else 1))
        least = best.objective + SAME * max(1.0, abs(best.objective))
        found = []
        while reach:
            chosen = self._solve(self.expected, reach, usual)
            won = [project for project in reach if chosen.selected[f"{ANSWER} {project}"]]
            if not won or chosen.objective <= least:
                break
            found.append(chosen.selected.reindex(candidates))
            del reach[won[0]]
            bar.update()
        bar.update(len(reach))
        return found

    def _solve(
        self, values: pd.Series, reach: Mapping[str, float] | None = None, usual: pd.Series | None = None
    ) -> Selection:
        """Choose by `values`; one project that changes sides against the usual choice may add its reach."""
        problem = self.problem
        items, costs, limits = values, problem.costs, problem.limits
        requires, excludes = list(problem.requires), list(problem.excludes)
        if reach and usual is not None:
            answers = pd.Series({f"{ANSWER} {project}": most for project, most in reach.items()})
            items = pd.concat([values, answers])
            costs = costs.reindex(items.index, fill_value=0.0)
            costs[ANSWER] = items.index.isin(answers.index).astype(float)
            limits = pd.concat([limits, pd.Series({ANSWER: 1.0})])
            requires += [(f"{ANSWER} {project}", project) for project in reach if not usual[project]]
            excludes += [(f"{ANSWER} {project}", project) for project in reach if usual[project]]
        return solve_knapsack(
            items,
            costs,
            limits,
            requires=requires,
            excludes=excludes,
            mandatory=problem.mandatory,
            forbidden=self.forbidden,
            node_limit=NODE_LIMIT,
            gap=GAP,
            tie_break=False,
        )


# --- in words ----------------------------------------------------------------------------------------------


def _open_cells(inventory: Inventory, impact: Scores) -> list[tuple[str, str]]:
    """Return every rating that is missing or an interval, but not what follows from other projects."""
    follows = [criterion for criterion, name in _computed(inventory).items() if name == "enabling_effect"]
    is_open = (impact.high > impact.low).drop(columns=follows, errors="ignore")
    return [(is_open.index[i], is_open.columns[j]) for i, j in np.argwhere(is_open.to_numpy())]


def _computed(inventory: Inventory) -> dict[str, str]:
    return {criterion.id: criterion.computed for criterion in inventory.strategy.impact.criteria}


def _rows(inventory: Inventory, impact: Scores, cells: Iterable[tuple[str, str]]) -> pd.DataFrame:
    asking, offices = _asking(inventory), inventory.projects["office_id"]
    sources = [inventory.sources[table]["file"] for table in ("impact_ratings", "projects")]
    files = set().union(inventory.files["file"], *sources)
    rows = []
    for project, criterion in cells:
        sheet, column = asking.get(criterion, ("", criterion))
        parts = (impact.cells(project, criterion) if impact.cells else "").split(" › ")
        file = parts.pop(0) if parts[0] in files else ""
        cell = parts.pop() if parts and ADDRESS.fullmatch(parts[-1]) else ""
        sheet = parts[0] if parts and (cell or len(parts) > 1) else sheet
        where = {"file": file, "sheet": sheet, "cell": cell, "column": column}
        question = _question(inventory, impact, (project, criterion), where)
        row = {"subject": project, "criterion": criterion, "office_id": offices.get(project)}
        rows.append(row | where | {"question": question})
    return pd.DataFrame(rows, columns=["subject", "criterion", *PLACE, "question"]).astype("str").fillna("")


def _asking(inventory: Inventory) -> dict[str, tuple[str, str]]:
    """Return by criterion the sheet and the header of the form that ask for it."""
    form = standard_form(inventory.strategy)
    table = form.table("impact_ratings")
    members = table.unpivot.members if table.unpivot else {}
    asking = {}
    for criterion, computed in _computed(inventory).items():
        if computed == "goal_fit":
            projects = form.table("projects")
            asking[criterion] = projects.title, projects.column("goal_ids").headers[0]
        else:
            headers = members.get(criterion) or table.column("points").headers
            asking[criterion] = table.title, next(iter(headers), criterion)
    return asking


def _question(inventory: Inventory, impact: Scores, of: tuple[str, str], where: Mapping[str, str]) -> str:
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
        place=text(f"question.{'cell' if where['cell'] else 'column'}", language, **where),
    )
