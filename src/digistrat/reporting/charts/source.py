"""What every chart says of its data: language, notice, date, number of returns, names."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from digistrat.reporting.charts.lettering import clean
from digistrat.scoring.rules import RULES
from digistrat.texts import format_date, format_money, format_number, has_text, text


@dataclass(frozen=True)
class Source:
    """Where a chart's data come from, and how to speak of them.

    Attributes
    ----------
    inventory : Inventory, optional
        None where a record knows none: the foot then says that no source is given.
    language : {"de", "en"}
    notice : str
        What must stand on the chart, empty for real data.
    """

    inventory: Any
    language: str = "de"
    notice: str = ""

    def text(self, key: str, /, **values: Any) -> str:
        """Return the text ``chart.<key>``; ``_one`` or ``_zero`` where ``count`` is."""
        form = {0: f"{key}_zero", 1: f"{key}_one"}.get(values.get("count", 2))
        if form and has_text(f"chart.{form}", self.language):
            key = form
        shown = {k: self.number(v) if isinstance(v, int) else v for k, v in values.items()}
        return text(f"chart.{key}", self.language, **shown)

    def number(self, value: float, decimals: int = 0) -> str:
        """Write a number."""
        return format_number(float(value), self.language, decimals)

    def score(self, value: float) -> str:
        """Write a value of 0–100; something is never rounded to 0, nor less than all to 100."""
        written = self.number(value)
        if value < 100 - 1e-9 and written == self.number(100):
            return ">" + self.number(99)
        if value > 1e-9 and written == self.number(0):
            return "<" + self.number(1)
        return written

    def percent(self, share: float, decimals: int = 0) -> str:
        """Write a share of 0–1 as per cent; something is never rounded to 0, nor less than all to 100."""
        if abs(share - 1) < 1e-9:
            share = 1.0
        if not decimals and (0 < share < 0.005 or 0.995 <= share < 1):
            decimals = 1
        if 0 < share < 0.0005 and decimals == 1:
            return self.text("percent", number="<" + self.number(0.1, 1)).replace(" ", "\u00a0")
        if 0.9995 <= share < 1 and decimals == 1:
            return self.text("percent", number=">" + self.number(99.9, 1)).replace(" ", "\u00a0")
        return self.text("percent", number=self.number(share * 100, decimals)).replace(" ", "\u00a0")

    def money(self, value: float) -> str:
        """Write an amount of euros."""
        return format_money(float(value), self.language).replace(" ", "\u00a0")

    def tick(self, value: float) -> str:
        """Write a round amount of euros at an axis, without decimals that say nothing."""
        for size, unit in ((1e6, "million"), (1e3, "thousand"), (1.0, "one")):
            if value >= size * 0.9995 or unit == "one":
                amount = value / size
                number = self.number(amount, 0 if abs(amount - round(amount)) < 0.05 else 1)
                return text(f"unit.eur_{unit}", self.language, number=number).replace(" ", "\u00a0")
        return ""

    def date(self, value: dt.date | None) -> str:
        """Write a date."""
        return format_date(value, self.language)

    def month(self, value: dt.date) -> str:
        """Write a month."""
        return f"{value:%m/%Y}" if self.language == "de" else f"{value:%b %Y}"

    @property
    def reporting_date(self) -> dt.date | None:
        """The reporting date, None where no inventory is known."""
        return None if self.inventory is None else self.inventory.reporting_date

    @property
    def scope(self) -> str:
        """Reporting date for a subtitle, with a separating comma; empty where unknown."""
        return "" if self.inventory is None else self.text("scope", date=self.date(self.reporting_date))

    @property
    def said(self) -> str:
        """The source line: number of returns, reporting date, version of the strategy."""
        if self.inventory is None:
            return self.text("source_unknown")
        returns = self.text("returns", count=len(self.inventory.files))
        version = self.inventory.strategy.strategy.version
        return self.text("source", returns=returns, date=self.date(self.reporting_date), version=version)

    def rule(self, rule: str, what: str = "") -> str:
        """Return a rule of aggregation in words, with what it takes for granted.

        Levels of maturity and readiness are ordinal: a mean of them supposes equal steps, and says so.
        """
        if not has_text(f"rule.{rule}.name", self.language):
            return self.text("rule", name=rule)
        name = ": ".join(text(f"rule.{rule}.{part}", self.language) for part in ("name", "description"))
        said = self.text("rule", name=name)
        is_ordinal = what in ("maturity", "readiness") and rule != "minimum"
        return f"{said}; {self.text('ordinal')}" if is_ordinal else said

    def rule_of(self, scores: Any) -> str:
        """Return the rule of scores in words, and where it and the criteria come from."""
        said = self.rule(scores.rule, scores.what)
        groups = getattr(getattr(scores, "hierarchy", None), "rule", scores.rule)
        if groups != scores.rule:
            said += f"; {self.text('group_rule', name=text(f'rule.{groups}.name', self.language))}"
        return f"{said}; {self.origin(scores)}"

    def origin(self, scores: Any) -> str:
        """Return where criteria, weights and rule of scores come from; at least where the rule does."""
        own = getattr(scores, "rule_source", "")
        return self.text("rule_source", source=clean(own or RULES[scores.rule].source))

    def listed(self, names: Sequence[str]) -> str:
        """Return names in quotation marks, with commas and an "and" before the last."""
        quoted = [self.text("quoted", name=name) for name in names]
        if len(quoted) < 2:
            return "".join(quoted)
        return self.text("and", first=", ".join(quoted[:-1]), last=quoted[-1])

    def names(self, unit: str, labels: Iterable[Any]) -> dict[Any, str]:
        """Return what alternatives are called; their own label where nothing is known."""
        known: pd.Series | None = None
        if self.inventory is not None:
            if unit == "office":
                known = self.inventory.offices["name"]
            elif unit == "project":
                known = self.inventory.projects["title"]
            elif unit == "service" and "services" in self.inventory.tables:
                known = self.inventory.tables["services"]["name"]
        names = {} if known is None else known.dropna().to_dict()
        return {label: clean(names.get(label, label)) for label in labels}

    def office(self, office_id: Any, *, long: bool = False) -> str:
        """Return an office's name, or its short name where it has one."""
        offices = None if self.inventory is None else self.inventory.offices
        if offices is None or office_id not in offices.index:
            return clean(office_id)
        row = offices.loc[office_id]
        short = row.get("short_name", "")
        named = row["name"] if long or not isinstance(short, str) or not short else short
        return clean(named)

    def fields(self) -> dict[str, str]:
        """Return the fields of action of the strategy: id → name, in its order."""
        if self.inventory is None:
            return {}
        return {f.id: clean(f.name) for f in self.inventory.strategy.fields}


def source_of(record: Any) -> Source:
    """Return the source of an inventory, or of a record that carries one."""
    inventory = record if hasattr(record, "reporting_date") else getattr(record, "inventory", None)
    if inventory is None:
        return Source(None)
    return Source(inventory, inventory.strategy.language, inventory.strategy.notice)
