"""Small hand-made records of any size for the tests of the charts."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from digistrat.findings import FINDING_COLUMNS
from digistrat.scoring.composite import Scores, score_table
from digistrat.scoring.robustness import RankRobustness, rank_robustness
from digistrat.strategy import Strategy, load_strategy

STRATEGY = Path(__file__).resolve().parents[2] / "data" / "strategy.toml"
TOPICS = (
    "E-Akte und Dokumentenmanagement für alle Ämter",
    "Online-Terminvereinbarung",
    "Digitale Baugenehmigung mit XBau-Schnittstelle",
    "Parkraumbewirtschaftung über Sensoren in der Innenstadt",
    "Chatbot 115",
    "Bewerbermanagement",
    "Öffentliches WLAN Innenstadt und Dienstgebäude",
    "Digitaler Zwilling / 3D-Stadtmodell",
    "ISMS nach IT-Grundschutz",
    "Kita-Platzvergabe",
    "Energiemonitoring der städtischen Liegenschaften mit Fernauslesung",
    "Kosten $ und Nutzen $ der Plattform",
)
PLACES = ("", " – Stufe 2", " im Bürgeramt", " (Nachnutzung)", " für Gewerbe", " mobil", " West", " Ost")


def strategy_in(language: str, *, is_example: bool = True) -> Strategy:
    strategy = load_strategy(STRATEGY)
    head = strategy.strategy.model_copy(update={"language": language, "is_example": is_example})
    return strategy.model_copy(update={"strategy": head})


def make_inventory(n: int, language: str = "de", *, seed: int = 1, is_example: bool = True) -> Any:
    """Return an inventory of n projects; offices, findings and services grow with it."""
    rng = np.random.default_rng(seed)
    strategy = strategy_in(language, is_example=is_example)
    known = strategy.frame("offices")
    kinds = known[known["kind"] != "partner"]
    offices = kinds.head({3: 2, 30: 12}.get(n, 60))[["name", "short_name", "kind"]].rename_axis("office_id")
    offices["short_name"] = offices["short_name"].fillna("")
    ids = offices.index.to_numpy()
    field_ids = [f.id for f in strategy.fields]
    weights = np.arange(len(field_ids), 0, -1.0) ** 1.4
    office = ids[rng.integers(0, max(len(ids) - 1, 1), n)]
    number = pd.Series(office).groupby(office).cumcount() + 1
    index = pd.Index([f"{o}-{k:03}" for o, k in zip(office, number, strict=True)], name="project_id")
    status = rng.choice(
        ["existing", "in_preparation", "possible", "discontinued"], n, p=[0.35, 0.3, 0.3, 0.05]
    )
    projects = pd.DataFrame(
        {
            "title": [TOPICS[i % len(TOPICS)] + PLACES[(i // len(TOPICS)) % len(PLACES)] for i in range(n)],
            "description": np.where(rng.random(n) < 0.8, "x", None),
            "office_id": office,
            "status": np.where(rng.random(n) < 0.03, None, status),
            "field_id": np.where(
                rng.random(n) < 0.03, None, rng.choice(field_ids, n, p=weights / weights.sum())
            ),
            "mandate": rng.choice(["none", "legal", "political"], n, p=[0.8, 0.15, 0.05]),
            "start_date": pd.Timestamp("2027-01-01"),
        },
        index=index,
    )
    files = pd.DataFrame({"file": [f"{o}.xlsx" for o in ids[:-1]], "office_id": ids[:-1], "n_records": 5})
    if n <= 3:
        files = pd.DataFrame({"file": [f"{o}.xlsx" for o in ids], "office_id": ids, "n_records": 2})
    return SimpleNamespace(
        strategy=strategy,
        reporting_date=dt.date(2026, 4, 30),
        tables={
            "projects": projects,
            "project_costs": _costs(index, rng),
            "impact_ratings": _ratings(
                index, [c.id for c in strategy.impact.criteria], "criterion_id", "points", rng
            ),
            "readiness_ratings": _ratings(
                index, [c.id for c in strategy.readiness.criteria], "item_id", "level", rng
            ),
            "maturity_ratings": _ratings(
                pd.Index(files["office_id"], name="office_id"),
                [c.id for c in strategy.maturity.criteria],
                "indicator_id",
                "level",
                rng,
            ),
            "services": _services(n, files["office_id"].to_numpy(), rng),
        },
        projects=projects,
        offices=offices,
        files=files,
        findings=_findings(n, files, rng),
        sources={},
    )


def empty_inventory(language: str = "de") -> Any:
    full = make_inventory(3, language)
    tables = {name: table.iloc[:0] for name, table in full.tables.items()}
    return SimpleNamespace(
        strategy=full.strategy,
        reporting_date=full.reporting_date,
        tables=tables,
        projects=full.projects.iloc[:0],
        offices=full.offices.iloc[:0],
        files=full.files.iloc[:0],
        findings=full.findings.iloc[:0],
        sources={},
    )


def _costs(index: pd.Index, rng: np.random.Generator) -> pd.DataFrame:
    cost = np.round(np.exp(rng.normal(12.3, 1.1, len(index))), -3)
    return pd.DataFrame(
        {"project_id": index, "year": 2027, "kind": "investive", "is_recurring": False, "amount_eur": cost}
    ).sample(frac=0.9, random_state=1)


def _ratings(
    index: pd.Index, criteria: list[str], name: str, value: str, rng: np.random.Generator
) -> pd.DataFrame:
    rows = pd.MultiIndex.from_product([index, criteria], names=[index.name, name]).to_frame(index=False)
    rows[value] = np.where(rng.random(len(rows)) < 0.85, rng.integers(0, 5, len(rows)), np.nan)
    rows["state"] = np.where(rows[value].notna(), "assessed", "missing")
    return rows


def _services(n: int, offices: Any, rng: np.random.Generator) -> pd.DataFrame:
    m = max(n // 2, 2)
    return pd.DataFrame(
        {
            "name": [f"Leistung {i}" for i in range(m)],
            "office_id": offices[rng.integers(0, len(offices), m)],
            "level": np.where(rng.random(m) < 0.85, rng.integers(0, 5, m), np.nan),
            "model": np.where(np.arange(m) % 5 == 4, "ozg-2.0", "ozg-1.1"),
            "n_cases_yearly": np.round(np.exp(rng.normal(8, 1.5, m))),
        },
        index=pd.Index([f"99{i:05}" for i in range(m)], name="service_id"),
    )


def _findings(n: int, files: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    m = n + 2
    at = np.minimum(rng.geometric(0.12, m) - 1, len(files) - 1)
    frame = pd.DataFrame("", index=range(m), columns=list(FINDING_COLUMNS), dtype="str")
    frame["code"] = "not-a-number"
    frame["severity"] = rng.choice(["error", "warning", "info"], m, p=[0.3, 0.5, 0.2])
    frame["office_id"] = files["office_id"].to_numpy()[at]
    frame["file"] = files["file"].to_numpy()[at]
    return frame


def make_scores(inventory: Any, what: str, *, seed: int = 2) -> Scores:
    """Return scores of projects by impact or readiness, of offices by maturity; some ratings missing."""
    rng = np.random.default_rng([seed, len(what)])
    scale = getattr(inventory.strategy, what)
    criteria = pd.DataFrame(
        [
            {"name": c.name, "weight": c.weight, "floor": c.floor, "target": c.target, "group": c.group}
            for c in scale.criteria
        ],
        index=[c.id for c in scale.criteria],
    )
    unit = "office" if what == "maturity" else "project"
    index = (inventory.offices if unit == "office" else inventory.projects).index
    quality = rng.normal(0, 0.16, (len(index), 1))
    share = np.clip(0.5 + quality + rng.normal(0, 0.2, (len(index), len(criteria))), 0, 1)
    raw = pd.DataFrame(
        np.round(share * criteria["target"].to_numpy()), index=index, columns=criteria.index
    ).mask(rng.random(share.shape) < 0.08)
    if len(raw) > 2:
        raw.iloc[-1] = np.nan
    scores = score_table(raw, None, criteria, rule=scale.rule, inventory=inventory, what=what, unit=unit)
    if what == "maturity":
        target = pd.Series(
            np.clip(scores.table["score"] + rng.uniform(5, 45, len(index)), 0, 100), index=index
        )
        scores.table["target"] = target
        scores.table["gap"] = target - scores.table["score"]
    return scores


def make_services(inventory: Any) -> Any:
    """Return what `score_services` gives, as far as the chart reads it."""
    services = inventory.tables["services"]
    table = services[["model", "level", "n_cases_yearly"]].copy()
    table["level_lower"] = table["level"].fillna(0)
    table["level_upper"] = table["level"].fillna(4)
    return SimpleNamespace(table=table, rule="minimum", inventory=inventory, unit="service", what="services")


def make_robust(scores: Scores) -> RankRobustness:
    return rank_robustness(scores, n_samples=500, seed=1)


def make_portfolio(inventory: Any, impact: Scores) -> Any:
    """Return a portfolio: the best value for money until half of the money is spent."""
    projects = inventory.projects
    cost = inventory.tables["project_costs"].groupby("project_id")["amount_eur"].sum().reindex(projects.index)
    table = projects[["title", "office_id", "field_id", "mandate"]].copy()
    table["cost_eur"] = cost
    table["cost_yearly_eur"] = cost * 0.1
    table["value"] = impact.table["score"].fillna(0).astype(float)
    table["rank"] = impact.table["rank"]
    ratio = (table["value"] / table["cost_eur"]).sort_values(ascending=False).index
    chosen = table.loc[ratio, "cost_eur"].cumsum() <= table["cost_eur"].sum() / 2
    table["selected"] = chosen.reindex(projects.index, fill_value=False) | (table["mandate"] == "legal")
    table["reason"] = np.where(table["selected"], "value", "budget")
    years = range(2027, 2035)
    available = [m for _ in years for m in (11e6, 7e6)]
    budgets = pd.DataFrame(
        {
            "year": [y for y in years for _ in range(2)],
            "kind": ["investive", "consumptive"] * len(years),
            "available_eur": available,
            "used_eur": [a * (0.98 - 0.055 * i) for i, a in enumerate(available)],
        }
    )
    return SimpleNamespace(
        table=table,
        budgets=budgets,
        objective=float(table.loc[table["selected"], "value"].sum()),
        bound=float(table.loc[table["selected"], "value"].sum()) * 1.004,
        gap=0.004,
        status="optimal",
        binding=[],
        inventory=inventory,
        problem=None,
    )


def make_plan(portfolio: Any, *, seed: int = 3) -> Any:
    """Return a plan of the selected projects: phases one after the other, load and money per month."""
    rng = np.random.default_rng(seed)
    inventory = portfolio.inventory
    strategy = inventory.strategy
    steps = strategy.phase_templates[1].phases
    chosen = portfolio.table.index[portfolio.table["selected"]]
    rows, marks = [], []
    for project in chosen:
        start = pd.Timestamp("2027-01-01") + pd.DateOffset(months=int(rng.integers(0, 50)))
        total, before = int(rng.integers(9, 30)), ""
        for step in steps:
            months = max(round(step.share_duration * total), 1)
            after = start + pd.DateOffset(months=months)
            end = after - pd.Timedelta(days=1)
            rows.append((project, step.id, step.name, start, end, before))
            if step.is_decision:
                marks += [(project, "submission", start), (project, "decision", end)]
            start, before = after, step.id
        marks.append((project, "go_live", end))
        if len(rows) % 4 == 0:
            marks.append((project, "grant_end", end + pd.Timedelta(days=40)))
    phases = pd.DataFrame(rows, columns=["project_id", "phase_id", "phase", "start", "end", "predecessor"])
    milestones = pd.DataFrame(marks, columns=["project_id", "milestone", "date"])
    months = pd.date_range("2027-01-01", periods=84, freq="MS")
    load = pd.DataFrame(
        [
            (
                role.id,
                month,
                round(max(0.0, 4 * np.sin((k + 3 * i) / 9) + 2 + rng.normal(0, 0.4)), 2) if k < 70 else 0.0,
                4.0 + i % 3,
            )
            for i, role in enumerate(strategy.roles)
            for k, month in enumerate(months)
        ],
        columns=["role_id", "month", "demand_fte", "capacity_fte"],
    )
    budget = portfolio.budgets.rename(columns={"used_eur": "planned_eur", "available_eur": "ceiling_eur"})
    budget.loc[3, "planned_eur"] = budget.loc[3, "ceiling_eur"] * 1.12
    return SimpleNamespace(
        phases=phases,
        milestones=milestones,
        load=load,
        budget=budget,
        makespan=79.0,
        objective=4000.0,
        bound=3600.0,
        gap=0.1,
        status="feasible",
        conflicts=[],
        inventory=inventory,
        portfolio=portfolio,
        problem=None,
    )


def empty_like(record: Any) -> Any:
    """Return the same record with every frame emptied."""
    parts = {k: v.iloc[:0] if isinstance(v, pd.DataFrame) else v for k, v in vars(record).items()}
    return SimpleNamespace(**parts)
