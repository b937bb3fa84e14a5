"""What the city wants and who is who: read from two TOML files, validated, immutable."""

from digistrat.strategy.calendar import BudgetRound, Commitment, Council, Coverage, Freeze
from digistrat.strategy.loading import StrategyError, load_strategy
from digistrat.strategy.parts import (
    Budget,
    FieldOfAction,
    Goal,
    Office,
    OfficeChange,
    PhaseStep,
    PhaseTemplate,
    Planning,
    Procedure,
    ProcurementThreshold,
    Role,
    Strategy,
    Thresholds,
)
from digistrat.strategy.records import FrozenMapping
from digistrat.strategy.scales import (
    Criterion,
    DiscountRate,
    Group,
    Level,
    Scale,
    ServiceModel,
    Stakeholder,
)

__all__ = [
    "Budget",
    "BudgetRound",
    "Commitment",
    "Council",
    "Coverage",
    "Criterion",
    "DiscountRate",
    "FieldOfAction",
    "Freeze",
    "FrozenMapping",
    "Goal",
    "Group",
    "Level",
    "Office",
    "OfficeChange",
    "PhaseStep",
    "PhaseTemplate",
    "Planning",
    "Procedure",
    "ProcurementThreshold",
    "Role",
    "Scale",
    "ServiceModel",
    "Stakeholder",
    "Strategy",
    "StrategyError",
    "Thresholds",
    "load_strategy",
]
