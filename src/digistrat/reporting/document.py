"""The page that reviewers open offline: findings first, every chart with its text and data."""

from __future__ import annotations

import unicodedata
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from digistrat.reporting.results import Results
from digistrat.reporting.workbook import column_label, proof_text
from digistrat.scoring.maturity import online_share
from digistrat.texts import format_date, format_money, format_number, text

SECTIONS = ("inventory", "maturity", "scores", "portfolio", "plan")
N_PROJECTS = 20
LONGEST_TEXT = 300  # characters of a cell; the tables have the whole
STATUSES = ("existing", "in_preparation", "possible", "discontinued")


class SavedChart(NamedTuple):
    """A chart in the folder: the stem of its files, its section, alternative text and title."""

    name: str
    section: str
    alt: str
    title: str


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
        sections=[(name, [chart for chart in charts if chart.section == name]) for name in SECTIONS],
        table=_rows(project_table(results), language),
        returns=_rows(_findings_by_return(results), language),
        notes=_notes(results),
        run_id=run_id,
    )
    path = folder / "index.html"
    path.write_text(page, "utf-8", newline="\n")
    return path


def _notes(results: Results) -> dict[str, list[str]]:
    """What must be known beside the charts of a section."""
    language = results.inventory.strategy.language
    notes: dict[str, list[str]] = {"portfolio": [], "plan": []}
    if results.portfolio is not None:
        notes["portfolio"] += results.portfolio.conflicts
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
        notes["plan"] += [*results.plan.conflicts, *results.plan.notes]
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

    def number(value: float, decimals: int = 0) -> str:
        return format_number(float(value), language, decimals)

    returned = inventory.files["office_id"].replace("", None).nunique()
    figures = [
        (
            "returns",
            text("page.returns_of", language, files=number(len(inventory.files)), n=number(returned)),
        ),
        ("projects", number(len(inventory.projects))),
        *((f"status_{name}", number(status.get(name, 0))) for name in STATUSES),
        ("status_unknown", number(inventory.projects["status"].isna().sum())),
        ("findings", f"{number(len(inventory.findings))} ({number(errors)})"),
    ]
    if results.maturity is not None:
        figures.append(("maturity", number(results.maturity.table["score"].median(), 1)))
    if results.services is not None:
        share = online_share(results.services)
        low, high = number(100 * share.lower), number(100 * share.upper)
        figures.append(("online", f"{low} %" if low == high else f"{low}–{high} %"))
    if results.portfolio is not None:
        portfolio = results.portfolio
        chosen = portfolio.table.loc[portfolio.selected]
        mandated = int((chosen["mandate"] != "none").sum())
        figures.append(("candidates", number(len(portfolio.table))))
        figures.append(("selected", number(len(chosen))))
        figures.append(("mandated", number(mandated)))
        figures.append(("proof_portfolio", proof_text(portfolio, language)))
    if results.plan is not None and len(results.plan.phases):
        plan = results.plan
        years = f"{plan.budget['year'].min()}–{plan.budget['year'].max()}"
        for name in ("one_off", "recurring"):
            figures.append(
                (f"cost_{name}", f"{format_money(plan.budget[f'{name}_eur'].sum(), language)} ({years})")
            )
        figures.append(("last", format_date(plan.phases["end"].max(), language)))
        figures.append(("proof_plan", proof_text(plan, language)))
    elif results.plan is not None:
        figures.append(("proof_plan", proof_text(results.plan, language)))
    return [(text(f"page.figure_{name}", language), value) for name, value in figures]


def project_table(results: Results, n: int = N_PROJECTS) -> pd.DataFrame:
    """Return the projects of highest impact with rank, range, decision and dates.

    Parameters
    ----------
    results : Results
        Without impact scores the table is empty.
    n : int
        How many.
    """
    if results.impact is None:
        return pd.DataFrame()
    inventory = results.inventory
    ranked = results.impact.table.dropna(subset=["rank"]).sort_values("rank")
    top = ranked.head(n)
    projects = inventory.projects.reindex(top.index)
    offices = inventory.offices["name"]
    table = pd.DataFrame(
        {
            "rank": top["rank"],
            "project_id": top.index,
            "title": projects["title"],
            "office": projects["office_id"].map(offices).fillna(projects["office_id"]),
            "score": top["score"],
            "lower": top["lower"],
            "upper": top["upper"],
        }
    )
    robust = results.robustness  # its ranks stand beside the rank only where they are of the same field
    if robust is not None and set(robust.rank_interval.index) == set(ranked.index):
        table["p05"] = robust.rank_interval["p05"].reindex(top.index)
        table["p95"] = robust.rank_interval["p95"].reindex(top.index)
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

    def shown(value: Any) -> str:
        if isinstance(value, str):
            plain = "".join(c for c in value if unicodedata.category(c) not in ("Cc", "Cf"))
            return plain if len(plain) <= LONGEST_TEXT else f"{plain[:LONGEST_TEXT]}…"
        if pd.isna(value):
            return "–"
        if isinstance(value, pd.Timestamp):
            return format_date(value, language)
        if float(value).is_integer():
            return format_number(float(value), language)
        return format_number(float(value), language, 1)

    return {
        "head": [column_label(str(column), language) for column in table.columns],
        "rows": [[shown(value) for value in row] for row in table.itertuples(index=False)],
        "numeric": [pd.api.types.is_numeric_dtype(dtype) for dtype in table.dtypes],
    }
