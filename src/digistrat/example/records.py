"""One row of the standard form, as an organisation fills it in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Record:
    """A row of the standard form: values by column, and by member where members stand as columns."""

    values: Mapping[str, Any]
    members: Mapping[str, Any] = field(default_factory=dict)
