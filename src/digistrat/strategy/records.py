"""What the parts of a strategy are made of: strict, immutable records and the types of their values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer

Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Name = Annotated[str, Field(min_length=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Weight = Annotated[float, Field(ge=0, le=100)]
Months = Annotated[int, Field(ge=0, le=240)]
CostKind = Literal["investive", "consumptive"]
RuleName = Literal["weighted_mean", "minimum", "geometric", "harmonic", "share_of_yes"]


V = TypeVar("V")


class FrozenMapping(Mapping[str, V]):
    """A mapping that cannot be changed; equal to a dict of the same content, hashable, picklable."""

    __slots__ = ("_content",)

    def __init__(self, content: Mapping[str, V]) -> None:
        self._content = dict(content)

    def __getitem__(self, key: str) -> V:
        return self._content[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._content)

    def __len__(self) -> int:
        return len(self._content)

    def __hash__(self) -> int:
        return hash(frozenset(self._content.items()))

    def __repr__(self) -> str:
        return repr(self._content)


frozen = (AfterValidator(FrozenMapping), PlainSerializer(dict))


class Part(BaseModel):
    """A part of a strategy: every key known, every value of its type, nothing changed later."""

    # Unknown keys are errors and values cannot be changed; strict, because TOML has types of its own and
    # "20" for a weight or "ja" for a yes/no is a mistake to tell, not to guess at.
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, str_strip_whitespace=True, validate_default=True
    )
