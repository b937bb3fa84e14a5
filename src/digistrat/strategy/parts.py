"""What the city wants and who is who: read from two TOML files, validated, immutable."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

import pandas as pd
from pydantic import BaseModel, Field, PrivateAttr

from digistrat.strategy.calendar import BudgetRound, Commitment, Council, Coverage, Freeze
from digistrat.strategy.records import (
    Amount,
    CostKind,
    Identifier,
    Months,
    Name,
    Part,
    Share,
    frozen,
)
from digistrat.strategy.scales import Criterion, DiscountRate, Scale, ServiceModel, Stakeholder


class Goal(Part):
    """A goal of a field of action, and how much it counts among the goals of its field."""

    id: Identifier
    name: Name
    weight: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0


class FieldOfAction(Part):
    """A field of action (*Handlungsfeld*) with its goals and key figures."""

    id: Identifier
    name: Name
    goals: tuple[Goal, ...] = Field(min_length=1)
    kpis: tuple[str, ...] = ()


class Role(Part):
    """A role that work on projects needs."""

    id: Identifier
    name: Name


class PhaseStep(Part):
    """One phase of a template: its share of duration and one-off cost, and the effort it takes."""

    id: Identifier
    name: Name
    share_duration: Share
    share_cost: Share
    months_min: Months = 1
    is_decision: bool = False
    is_procurement: bool = False
    effort_days: Annotated[Mapping[str, Amount], *frozen] = Field(default_factory=dict)


class PhaseTemplate(Part):
    """The phases of projects up to a one-off cost; the last template has no limit."""

    id: Identifier
    name: Name
    upper_limit_eur: Amount | None = None
    duration_months: Months
    phases: tuple[PhaseStep, ...] = Field(min_length=1)
    is_estimate: bool = False
    source: str = ""


class ProcurementThreshold(Part):
    """The EU threshold for one kind of buyer during a span of dates."""

    valid_from: dt.date
    valid_to: dt.date
    buyer: Literal["municipality", "sector"]
    threshold_eur: Amount
    source: str


class Procedure(Part):
    """A procurement procedure, the net order value up to which it is allowed, and how long it takes.

    ``days_min`` are the periods that the law prescribes for requests and offers together, ``standstill_days``
    what has to pass between the information of the losers and the contract. A framework contract or an
    in-house order (`is_framework`) is used where an office names it, whatever the value.
    """

    id: Identifier
    name: Name
    upper_limit_eur: Amount | None = None
    is_eu: bool = False
    is_framework: bool = False
    days_min: Amount = 0.0
    standstill_days: Amount = 0.0
    weeks_min: Amount
    weeks_typical: Amount
    weeks_max: Amount
    is_estimate: bool = False
    source: str


class Budget(Part):
    """A year's money of one kind."""

    year: int = Field(ge=2000, le=2100)
    kind: CostKind
    amount_eur: Amount
    is_estimate: bool = False


class Planning(Part):
    """How the plan is made: when work may begin, how far it looks, and how many days a post gives.

    ``hiring_months`` pass until a post that is not filled is; ``projects_per_office`` is how many projects an
    office can carry at once.
    """

    start_date: dt.date
    horizon_months: int = Field(ge=12, le=240)
    days_per_fte_month: float = Field(gt=0, le=31)
    hiring_months: Months = 0
    projects_per_office: int | None = Field(default=None, ge=1)
    source: str = ""


class Thresholds(Part):
    """Coverage below which a score is provisional, and points of a rating by which two raters may differ."""

    coverage: Share = 2 / 3
    group_coverage: Share = 0.5
    rating_difference: Amount = 3.0


class Intake(Part):
    """How returns are read; a limit that is not given is the reader's own.

    ``approximate_share`` is half the width of the bounds around a number that is said to be approximate. A
    file above a limit is refused: bytes of the file, of an inflated part and of all parts, ratio of inflated
    to packed bytes, parts, cells, seconds, and bytes of memory for another library's reader.
    """

    approximate_share: Share = 0.2
    file_bytes: int | None = Field(default=None, gt=0)
    part_bytes: int | None = Field(default=None, gt=0)
    total_bytes: int | None = Field(default=None, gt=0)
    part_ratio: int | None = Field(default=None, gt=0)
    n_parts: int | None = Field(default=None, gt=0)
    n_cells: int | None = Field(default=None, gt=0)
    seconds: float | None = Field(default=None, gt=0)
    memory_bytes: int | None = Field(default=None, gt=0)


class Office(Part):
    """An organisation: an office, enterprise, city-owned company, staff unit or partner."""

    id: Identifier
    name: Name
    short_name: str = ""
    number: str = ""
    kind: Literal["office", "enterprise", "company", "staff_unit", "partner"]
    department: str = ""
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    aliases: tuple[str, ...] = ()
    buyer: Literal["municipality", "sector"] = "municipality"
    source: str = ""


class OfficeChange(Part):
    """A change in the organisation on a date; a split carries the share that goes to the successor."""

    change_date: dt.date
    change: Literal["created", "renamed", "merged", "split", "transferred", "closed"]
    office_id: Identifier
    successor_id: str = ""
    share: Share | None = None
    subject: str = ""
    source: str = ""


class _Head(Part):
    title: Name
    city: Name
    version: Name
    language: Literal["de", "en"] = "de"
    is_example: bool = False


class Strategy(Part):
    """What the city wants; made by `load_strategy`.

    Attributes
    ----------
    strategy : head
        ``title``, ``city``, ``version``, ``language``, ``is_example``.
    fields : tuple of FieldOfAction
    impact, readiness, maturity : Scale
        What projects and offices are rated by.
    urgency, quality : Scale, optional
        What projects are rated by where the strategy asks for the decision rule of WiBe (D and Q).
    service_models : tuple of ServiceModel
    stakeholders : tuple of Stakeholder
        Whose weights of the impact criteria are looked at side by side.
    discount_rates : tuple of DiscountRate
    roles, phase_templates, thresholds, budgets, planning
        What plans are made from.
    council, freezes, budget_rounds, commitments, coverage, optional
        When the city can decide, go live and spend; what a portfolio must have.
    intake
        How returns are read.
    offices, office_changes
        The organisation, from ``offices.toml``.
    """

    strategy: _Head
    fields: tuple[FieldOfAction, ...] = Field(min_length=1)
    impact: Scale
    readiness: Scale
    maturity: Scale
    urgency: Scale | None = None
    quality: Scale | None = None
    service_models: tuple[ServiceModel, ...] = ()
    stakeholders: tuple[Stakeholder, ...] = ()
    discount_rates: tuple[DiscountRate, ...] = ()
    roles: tuple[Role, ...] = ()
    phase_templates: tuple[PhaseTemplate, ...] = ()
    procurement_thresholds: tuple[ProcurementThreshold, ...] = ()
    procedures: tuple[Procedure, ...] = ()
    budgets: tuple[Budget, ...] = ()
    budget_rounds: tuple[BudgetRound, ...] = ()
    commitments: tuple[Commitment, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    council: Council | None = None
    freezes: tuple[Freeze, ...] = ()
    planning: Planning
    thresholds: Thresholds = Thresholds()
    intake: Intake = Intake()
    offices: tuple[Office, ...] = Field(min_length=1)
    office_changes: tuple[OfficeChange, ...] = ()

    _file: str = PrivateAttr(default="strategy.toml")
    _offices_file: str = PrivateAttr(default="offices.toml")

    @property
    def file(self) -> str:
        """The file that the strategy was read from."""
        return self._file

    @property
    def offices_file(self) -> str:
        """The file that the organisation was read from."""
        return self._offices_file

    @property
    def language(self) -> Literal["de", "en"]:
        """Language of forms, findings, charts and report."""
        return self.strategy.language

    @property
    def decision_criteria(self) -> tuple[Criterion, ...]:
        """The criteria of urgency and quality; none where the strategy asks for neither."""
        scales = (self.urgency, self.quality)
        return tuple(criterion for scale in scales if scale is not None for criterion in scale.criteria)

    @property
    def notice(self) -> str:
        """What every chart and page must say of the data, empty for real data."""
        from digistrat.texts import text

        return text("notice.example", self.language) if self.strategy.is_example else ""

    def frame(self, part: str) -> pd.DataFrame:
        """Return a list of the strategy as a frame, one row per entry.

        Parameters
        ----------
        part : str
            ``"fields"``, ``"offices"``, ``"budgets"``, … or ``"impact.criteria"``.

        Raises
        ------
        ValueError
            If the strategy has no such list.
        """
        node: Any = self
        entry: type[BaseModel] | None = None
        for name in part.split("."):
            field = type(node).model_fields.get(name) if isinstance(node, BaseModel) else None
            if field is None:
                node = None
                break
            node = getattr(node, name)
            entry = next(iter(get_args(field.annotation)), None)
        if not isinstance(node, tuple) or entry is None:
            raise ValueError(f"part must name a list of the strategy such as 'offices', not {part!r}")
        # columns from the model, so that an empty list has them too
        frame = pd.DataFrame([row.model_dump() for row in node], columns=list(entry.model_fields))
        return frame.set_index("id") if "id" in frame else frame
