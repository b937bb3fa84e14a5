"""Two TOML files become a `Strategy`, or every problem in them is told at once."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from digistrat.strategy.checks import strategy_problems
from digistrat.strategy.parts import Strategy


class StrategyError(ValueError):
    """Raised by `load_strategy`: every problem with file, key, what was found and what was expected."""


def _place(path: tuple[str | int, ...]) -> str:
    written = ""
    for step in path:
        written += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if written else str(step)
    return written


def _tuples(node: Any) -> Any:
    """TOML's lists as the tuples that strict fields expect."""
    if isinstance(node, dict):
        return {key: _tuples(value) for key, value in node.items()}
    return tuple(_tuples(value) for value in node) if isinstance(node, list) else node


def _without(node: Any, path: Sequence[str | int]) -> Any:
    """Return the content without the key at this place."""
    head, rest = path[0], path[1:]
    if isinstance(node, dict):
        return {
            key: _without(value, rest) if key == head else value
            for key, value in node.items()
            if rest or key != head
        }
    return tuple(_without(value, rest) if i == head else value for i, value in enumerate(node))


def _sound_parts(content: Any, problems: Sequence[Any]) -> tuple[Strategy, set[str]]:
    """Build what can be checked further although types are wrong, and name the parts that cannot.

    One wrong date must not hide that the weights do not sum to 100: the reader would mend the file twice.
    """
    broken = {str(problem["loc"][0]) for problem in problems if problem["type"] != "extra_forbidden"}
    for problem in problems:
        if problem["type"] == "extra_forbidden":
            content = _without(content, problem["loc"])
    sound = {}
    for name, field in Strategy.model_fields.items():
        if name in content and name not in broken:
            kind: Any = field.annotation
            sound[name] = TypeAdapter(kind).validate_python(content[name])
    return Strategy.model_construct(**sound), broken


def _read(path: Path) -> dict[str, Any]:
    try:
        return _tuples(tomllib.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        raise StrategyError(f"{path}: no such file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StrategyError(f"{path}: not a TOML file: {error}") from None


def load_strategy(
    path: str | Path, *, offices: str | Path | None = None, language: str | None = None
) -> Strategy:
    """Read and validate a strategy and its organisation.

    Parameters
    ----------
    path : path
        The strategy, for example ``data/strategy.toml``.
    offices : path, optional
        The organisation; ``offices.toml`` beside the strategy by default.
    language : {"de", "en"}, optional
        Instead of the strategy's own.

    Returns
    -------
    Strategy
        Immutable.

    Raises
    ------
    StrategyError
        With every problem found: unknown keys, weights that do not sum to 100, unknown references,
        overlapping validity; each names file, key, found and expected. Weights are never normalised.

    Examples
    --------
    >>> load_strategy("missing.toml")
    Traceback (most recent call last):
    ...
    digistrat.strategy.loading.StrategyError: missing.toml: no such file
    """
    main = Path(path)
    organisation = Path(offices) if offices is not None else main.with_name("offices.toml")
    content = _read(main)
    if language is not None and isinstance(content.get("strategy"), dict):
        content["strategy"]["language"] = language
    people = _read(organisation)
    lines = [
        f"{main.name} › {key}: found a key that belongs in {organisation.name}"
        for key in ("offices", "office_changes")
        if key in content
    ]
    lines += [
        f"{organisation.name} › {key}: found an unknown key, expected offices or office_changes"
        for key in people
        if key not in ("offices", "office_changes")
    ]
    content |= {key: value for key, value in people.items() if key in ("offices", "office_changes")}
    broken: set[str] = set()
    try:
        strategy = Strategy.model_validate(content)
    except ValidationError as error:
        problems = error.errors()
        for problem in problems:
            place = problem["loc"]
            file = organisation if place and place[0] in ("offices", "office_changes") else main
            found = "nothing" if problem["type"] == "missing" else repr(problem["input"])[:80]
            expected = "no such key" if problem["type"] == "extra_forbidden" else problem["msg"]
            lines.append(f"{file.name} › {_place(place)}: found {found}, expected: {expected}")
        strategy, broken = _sound_parts(content, problems)
    lines += strategy_problems(strategy, main.name, organisation.name, skip=broken)
    if lines:
        raise StrategyError(_told(lines))
    strategy._file, strategy._offices_file = str(main), str(organisation)
    return strategy


def _told(lines: list[str]) -> str:
    head = f"{len(lines)} problem{'s' if len(lines) > 1 else ''} in the strategy:"
    return "\n  ".join([head, *lines])
