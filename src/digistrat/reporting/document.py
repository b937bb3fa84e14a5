"""The page that reviewers open offline: findings first, every chart with its text and data."""

from __future__ import annotations

import unicodedata
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from digistrat.planning.notes import commitments_over
from digistrat.reporting import plan_shown, plan_statements, statements, tables
from digistrat.reporting.results import Results
from digistrat.reporting.workbook import code_label, column_label, proof_text
from digistrat.scoring.stakeholders import OWN
from digistrat.texts import format_date, format_money, format_number, text

SECTIONS = (
    "inventory",
    "maturity",
    "scores",
    "certainty",
    "questions",
    "portfolio",
    "plan",
    "economics",
)
N_PROJECTS = 20
N_SITTINGS = 12
FILES = ("plan.xlsx", "plan.xml", "plan.ics")  # of a plan, beside the page
SMALL = 10.0  # below it one decimal tells too little
LONGEST_TEXT = 300  # characters of a cell; the tables have the whole
STATUSES = ("existing", "in_preparation", "possible", "discontinued")


class SavedChart(NamedTuple):
    """A chart in the folder: the stem of its files, its section, alternative text and title."""

    name: str
    section: str
    alt: str
    title: str


class Section(NamedTuple):
    """A section of the page: sentences, what must be known beside them, charts, captioned tables, files."""

    name: str
    intro: str
    said: list[str]
    notes: list[str]
    assumed: list[str]
    charts: list[SavedChart]
    tables: list[tuple[str, dict[str, Any]]]
    files: list[tuple[str, str]]

    @property
    def is_shown(self) -> bool:
        """Whether there is anything to say in it beside its notes."""
        return bool(self.said or self.charts or self.tables)


def write_page(results: Results, folder: Path, charts: list[SavedChart], *, run_id: str) -> Path:
    """Write ``index.html`` beside the charts and tables it shows.

    Parameters
    ----------
    results : Results
        What was computed.
    folder : Path
        Holds ``charts/`` and ``tables/``.
    charts : list of SavedChart
        In the order of the page.
    run_id : str
        Stands at the foot.

    Returns
    -------
    Path
        The page: no script, no address outside the folder; everything that offices typed is escaped.
    """
    import jinja2

    inventory = results.inventory
    language = inventory.strategy.language
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    source = files("digistrat.templates").joinpath("index.html.j2").read_text("utf-8")

    def words(key: str, **values: Any) -> str:
        return text(f"page.{key}", language, **values)

    page = environment.from_string(source).render(
        language=language,
        t=words,
        head=inventory.strategy.strategy,
        notice=inventory.strategy.notice,
        date=format_date(inventory.reporting_date, language),
        figures=key_figures(results),
        sections=[section for section in _sections(results, charts) if section.is_shown],
        table=_rows(project_table(results), language),
        returns=_rows(_findings_by_return(results), language),
        run_id=run_id,
    )
    path = folder / "index.html"
    path.write_text(page, "utf-8", newline="\n")
    return path


def _sections(results: Results, charts: list[SavedChart]) -> list[Section]:
    said = {
        "maturity": statements.maturity_statements(results),
        "scores": statements.score_statements(results),
        "certainty": statements.certainty_statements(results),
        "questions": statements.question_statements(results),
        "portfolio": plan_statements.portfolio_statements(results),
        "plan": plan_statements.plan_statements(results),
        "economics": statements.economics_statements(results),
    }
    notes, assumed = _notes(results), statements.assumption_notes(results)
    shown = section_tables(results)
    language = results.inventory.strategy.language
    planned = results.portfolio is not None and results.portfolio.problem.is_planned
    files = [(name, text(f"page.file_{name.removeprefix('plan.')}", language)) for name in FILES]
    has_plan = results.plan is not None and len(results.plan.phases) > 0
    return [
        Section(
            name,
            text(f"page.intro_{name}{'_planned' if planned and name == 'portfolio' else ''}", language),
            said.get(name, []),
            notes.get(name, []),
            assumed.get(name, []),
            [chart for chart in charts if chart.section == name],
            [(caption, _rows(table, language)) for caption, table in shown.get(name, []) if len(table)],
            files if name == "plan" and has_plan else [],
        )
        for name in SECTIONS
    ]


def section_tables(results: Results) -> dict[str, list[tuple[str, pd.DataFrame]]]:
    """Return by section its tables with their captions; the workbook has the whole of them."""
    language, k = results.inventory.strategy.language, results.n_first

    def caption(key: str, n: int = k) -> str:
        return text(f"page.table_{key}", language, k=n, n=n)

    valued = 0 if results.economics is None else int((results.economics["state"] == "calculated").sum())
    questions = tables.question_table(results).drop(columns="project_id", errors="ignore").head(N_PROJECTS)
    return {
        "maturity": [(caption("levels"), _levels(results))],
        "certainty": [(caption("groups"), _groups(results)), (caption("weights"), _weights(results))],
        "questions": [(caption("questions", len(questions)), questions)],
        "plan": _plan_tables(results),
        "economics": [
            (
                text("page.table_economics", language, n=min(N_PROJECTS, valued), total=valued),
                _capital_values(results),
            ),
            (caption("reasons"), tables.economics_reasons(results)),
        ],
    }


def _plan_tables(results: Results) -> list[tuple[str, pd.DataFrame]]:
    """What the council decides when, what is bound of later years, and other plans beside this one."""
    language = results.inventory.strategy.language
    sittings = plan_shown.sitting_table(results)
    caption = text("page.table_sittings", language, n=min(N_SITTINGS, len(sittings)), total=len(sittings))
    commitments = plan_shown.commitment_table(results)
    if len(commitments):
        kinds = [code_label(kind, language) for kind in commitments["kind"]]
        commitments = commitments.assign(kind=kinds).round(0)
        commitments[["order_year", "for_year"]] = commitments[["order_year", "for_year"]].astype("str")
    compared = plan_shown.scenario_table(results)
    shown = ["scenario", "n_projects", "value_years", "bound", "gap_percent", "makespan"]
    return [
        (text("page.table_scenarios", language), compared[shown] if len(compared) else compared),
        (caption, sittings.head(N_SITTINGS)),
        (text("page.table_commitments", language), commitments),
    ]


def _levels(results: Results) -> pd.DataFrame:
    language = results.inventory.strategy.language
    table = tables.level_table(results)
    if not len(table):
        return table

    def chance(share: float, state: str) -> str:
        if share >= 100 - 1e-7:
            key = "page.sure_provisional" if state == "provisional" else "page.sure"
            return text(key, language)
        if share > 99:
            return text("page.chance_almost", language)
        return text("page.chance", language, n=format_number(share, language))

    assert results.maturity is not None
    states = results.maturity.table["state"].reindex(table.index)
    said = [chance(share, state) for share, state in zip(table["chance"], states, strict=True)]
    shown = table.assign(chance=said)
    return shown.rename(columns={"name": "organisation"})


def _groups(results: Results) -> pd.DataFrame:
    table = tables.group_table(results)
    if not len(table):
        return table
    language = results.inventory.strategy.language
    words = {True: text("page.yes", language), False: text("page.no", language)}
    stays = tables.stays_first(results.group_ranks, results.n_first)
    own = text("table.rank_of", language, group=tables.group_names(results.inventory.strategy)[OWN])
    first = table.loc[stays.index].drop(columns=["office", "best", "worst", "width"])
    shown = first.assign(stays=stays.astype("object").map(words).fillna("–"))
    return shown[[own, "title", *(column for column in shown if column not in (own, "title"))]]


def _weights(results: Results) -> pd.DataFrame:
    if results.n_ranked <= results.n_first:  # all are the first ones, whatever the weights
        return pd.DataFrame()
    table = tables.criterion_table(results, results.stability)
    shown = ["name", "weight", "lower", "upper"]
    return table[shown].rename(columns={"name": "criterion"}) if len(table) else table


def _capital_values(results: Results) -> pd.DataFrame:
    table = tables.economics_table(results)
    if not len(table):
        return table
    language = results.inventory.strategy.language
    known = table[table["economics_state"] == "calculated"].head(N_PROJECTS)
    status = results.inventory.projects["status"].reindex(known.index)
    named = known[["title", "office"]].assign(
        status=[code_label(one, language) if isinstance(one, str) else "–" for one in status]
    )
    if results.portfolio is not None:
        chosen = set(results.portfolio.selected)
        named["selected"] = [
            text("page.yes" if one in chosen else "page.no", language) for one in known.index
        ]
    money = known[["kn", "kn_lower", "kn_upper", "kn_budget"]] / 1000  # more than thousands nobody knows
    return named.join(money.round(0).rename(columns=lambda name: f"{name}_thousand"))


def _notes(results: Results) -> dict[str, list[str]]:
    """What must be known beside the charts of a section."""
    inventory, language = results.inventory, results.inventory.strategy.language
    notes: dict[str, list[str]] = {"portfolio": [], "plan": []}
    if results.portfolio is not None:
        notes["portfolio"] += results.portfolio.conflicts
        if not results.portfolio.problem.is_planned:
            notes["portfolio"].append(text("page.reported_years", language))
        unpriced = results.portfolio.problem.n_running_without_costs
        if unpriced:
            notes["portfolio"].append(text("portfolio.unpriced", language, n=unpriced))
        doubtful = [
            project
            for project in results.portfolio.selected
            if "provisional" in results.portfolio.problem.doubts.get(project, ())
        ]
        if doubtful:
            notes["portfolio"].append(text("page.provisional", language, n=len(doubtful)))
    if results.plan is not None:
        in_table = set(commitments_over(inventory, results.plan.commitments))  # the page has them as a table
        told = (note for note in results.plan.notes if note not in in_table)
        notes["plan"] += [*results.plan.conflicts, *told]
    return notes


def key_figures(results: Results) -> list[tuple[str, str]]:
    """Return the figures at the head of the page: what, and how much.

    Parameters
    ----------
    results : Results
        What was computed.
    """
    inventory = results.inventory
    language = inventory.strategy.language
    status = inventory.projects["status"].value_counts()
    errors = int((inventory.findings["severity"] == "error").sum())
    figures: list[tuple[str, str]] = []

    def number(value: float, decimals: int = 0) -> str:
        return format_number(float(value), language, decimals)

    def add(name: str, value: str, **values: Any) -> None:
        figures.append((text(f"page.figure_{name}", language, **values), value))

    add("returns", _returns(results))
    add("projects", number(len(inventory.projects)))
    for name in STATUSES:
        add(f"status_{name}", number(status.get(name, 0)))
    add("status_unknown", number(inventory.projects["status"].isna().sum()))
    add("findings", f"{number(len(inventory.findings))} ({number(errors)})")
    if results.maturity is not None:
        add("maturity", number(results.maturity.table["score"].median(), 1))
    if results.services is not None:
        for level, basis in _tile_levels(results).items():
            share = tables.share_from(results.services, level)
            add("level", statements.share_span(results, share), level=level, basis=basis)
    if results.portfolio is not None:
        portfolio = results.portfolio
        chosen = portfolio.table.loc[portfolio.selected]
        add("candidates", number(len(portfolio.table)))
        add("selected", number(len(chosen)))
        add("mandated", _mandates(chosen["mandate"], language))
        add("proof_portfolio", proof_text(portfolio, language))
    if results.plan is not None:
        plan = results.plan
        if len(plan.phases):
            years = f"{plan.budget['year'].min()}–{plan.budget['year'].max()}"
            for name in ("one_off", "recurring"):
                add(f"cost_{name}", f"{format_money(plan.budget[f'{name}_eur'].sum(), language)} ({years})")
            add("last", format_date(plan.phases["end"].max(), language))
        add("proof_plan", proof_text(plan, language))
    return figures


def _returns(results: Results) -> str:
    """Return how many files came, and of how many organisations of the city and external partners."""
    files, offices, language = (
        results.inventory.files,
        results.inventory.offices,
        results.inventory.strategy.language,
    )
    senders = files["office_id"].replace("", None).dropna().unique()
    partners = int((offices["kind"].reindex(senders) == "partner").sum())
    counts = {"files": len(files), "n": len(senders), "city": len(senders) - partners, "partners": partners}
    shown = {name: format_number(float(count), language) for name, count in counts.items()}
    return text("page.returns_of", language, **shown)


def _tile_levels(results: Results) -> dict[int, str]:
    """Return the levels from which services are online and fulfil the law, with what that rests on."""
    if results.services is None or not len(results.services.table):
        return {}
    model, language = tables.service_model(results), results.inventory.strategy.language
    levels = {model.online_from: tables.level_basis(results)}
    return levels | {model.conform_from: text("page.fulfils", language)}


def _mandates(given: pd.Series, language: str) -> str:
    """Return how many of the chosen projects are mandated, and how many by what kind of mandate."""
    kinds = given[given.notna() & (given != "none")].value_counts(sort=False)
    total = format_number(float(kinds.sum()), language)
    named = [
        f"{format_number(float(kinds[kind]), language)} {code_label(kind, language)}"
        for kind in ("legal", "operational", "political")
        if kind in kinds
    ]
    return f"{total} ({', '.join(named)})" if named else total


def project_table(results: Results, n: int = N_PROJECTS) -> pd.DataFrame:
    """Return the projects of highest impact with rank, range, kind of mandate, decision and dates.

    Parameters
    ----------
    results : Results
        Without impact scores the table is empty.
    n : int
        How many.
    """
    if results.impact is None:
        return pd.DataFrame()
    inventory, language = results.inventory, results.inventory.strategy.language
    ranked = results.impact.table.dropna(subset=["rank"]).sort_values("rank")
    top = ranked.head(n)
    projects = inventory.projects.reindex(top.index)
    table = pd.DataFrame(
        {
            "rank": top["rank"],
            "project_id": top.index,
            "title": projects["title"],
            "office": tables.office_names(results, projects["office_id"]),
            "score": top["score"],
            "lower": top["lower"],
            "upper": top["upper"],
        }
    )
    robust = results.robustness  # its ranks stand beside the rank only where they are of the same field
    if robust is not None and set(robust.rank_interval.index) == set(ranked.index):
        table["p05"] = robust.rank_interval["p05"].reindex(top.index)
        table["p95"] = robust.rank_interval["p95"].reindex(top.index)
    given = projects["mandate"]
    table["mandate"] = [code_label(one, language) if isinstance(one, str) else "–" for one in given]
    if results.portfolio is not None:
        table["reason"] = results.portfolio.table["reason"].reindex(top.index)
    if results.plan is not None:
        spans = results.plan.phases.groupby("project_id").agg(start=("start", "min"), end=("end", "max"))
        table = table.join(spans)
    return table


def _findings_by_return(results: Results) -> pd.DataFrame:
    inventory = results.inventory
    counts = (
        inventory.findings.groupby(["file", "severity"])
        .size()
        .unstack(fill_value=0)
        .reindex(columns=["error", "warning", "info"], fill_value=0)
    )
    table = inventory.files.set_index("file")[["office_id", "n_records"]].join(counts).fillna(0)
    return table.astype({"error": int, "warning": int, "info": int}).reset_index()


def _rows(table: pd.DataFrame, language: str) -> dict[str, Any]:
    """A frame as labels and cells for the page: numbers and dates in the language's form."""

    def shown(value: Any, decimals: int) -> str:
        if isinstance(value, str):
            plain = "".join(c for c in value if unicodedata.category(c) not in ("Cc", "Cf"))
            return plain if len(plain) <= LONGEST_TEXT else f"{plain[:LONGEST_TEXT]}…"
        if pd.isna(value):
            return "–"
        if isinstance(value, pd.Timestamp):
            return format_date(value, language)
        return format_number(float(value), language, decimals)

    decimals = [_decimals(table[column]) for column in table.columns]
    return {
        "head": [column_label(str(column), language) for column in table.columns],
        "rows": [
            [shown(*cell) for cell in zip(row, decimals, strict=True)]
            for row in table.itertuples(index=False)
        ],
        "numeric": [pd.api.types.is_numeric_dtype(dtype) for dtype in table.dtypes],
    }


def _decimals(column: pd.Series) -> int:
    """Return how many decimals the numbers of a column need: none if all are whole, more if all are small."""
    if not pd.api.types.is_float_dtype(column.dtype):
        return 0
    numbers = column.dropna().astype(float)
    if (numbers % 1 == 0).all():
        return 0
    return 1 if numbers.abs().max() >= SMALL else 2
