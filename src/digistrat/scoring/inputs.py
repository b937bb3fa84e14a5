"""What a ranking method is given, checked: numbers by alternative and criterion, weights, directions."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[Any]
PerCriterion = pd.Series | Sequence[float] | Array

NOISE = 1e-12
"""Numbers of a criterion that differ by less than this share of its largest one are equal."""


def per_criterion(given: float | PerCriterion, criteria: pd.Index, what: str) -> Array:
    """Return one number per criterion as an array: a series by label, a sequence by position.

    Raises
    ------
    ValueError
        If labels or length differ from the criteria, or something is no finite number.
    """
    if isinstance(given, Mapping):
        given = pd.Series(given)
    if isinstance(given, pd.Series):
        _same_labels(given.index, criteria, what)
        given = given.reindex(criteria)
    array = _floats(given, what)
    if array.ndim == 0:
        array = np.full(len(criteria), float(array))
    if array.shape != (len(criteria),):
        raise ValueError(f"{what} must have {len(criteria)} entries, one per criterion, not {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{what} must be finite numbers, not {array.tolist()}")
    return array


def weight_shares(weights: PerCriterion, criteria: pd.Index) -> Array:
    """Return weights as shares that sum to 1; negative ones, or nothing but zeros, raise ValueError."""
    array = per_criterion(weights, criteria, "weights")
    if (array < 0).any() or array.sum() <= 0:
        raise ValueError(f"weights must not be negative and not all zero, not {array.tolist()}")
    return array / array.sum()


def share_rows(weights: pd.DataFrame | Array, criteria: pd.Index) -> Array:
    """Return weight vectors (samples × criteria; a frame by label) as shares, each row with sum 1."""
    if isinstance(weights, pd.DataFrame):
        _same_labels(weights.columns, criteria, "weights")
        array = numbers(weights.reindex(columns=criteria), "weights")
    else:
        array = _floats(weights, "weights")
    if array.ndim != 2 or array.shape[1] != len(criteria):
        raise ValueError(f"weights must be samples × {len(criteria)} criteria, not {array.shape}")
    total = array.sum(axis=1, keepdims=True)
    wrong = np.flatnonzero(~np.isfinite(total[:, 0]) | (array < 0).any(axis=1) | (total[:, 0] <= 0))
    if len(wrong):
        raise ValueError(
            "weights must be finite, not negative and not all zero in every row, "
            f"not {array[wrong[0]].tolist()} in row {wrong[0]} ({len(wrong)} such rows)"
        )
    return array / total


def signs(directions: PerCriterion | None, criteria: pd.Index) -> Array:
    """Return +1 or −1 per criterion; None is +1 for all, anything else raises ValueError."""
    array = per_criterion(1.0 if directions is None else directions, criteria, "directions")
    if not np.isin(array, (-1.0, 1.0)).all():
        raise ValueError(f"directions must be +1 or -1, not {array.tolist()}")
    return array


def numbers(frame: pd.DataFrame, what: str, *, may_lack: bool = False) -> Array:
    """Return the frame as floats.

    Raises
    ------
    ValueError
        If a number is infinite, or missing where nothing may lack, or something is no number: a text that
        looks like one is none.
    """
    for position, dtype in enumerate(frame.dtypes):
        if getattr(dtype, "kind", "O") not in "biuf":
            for row, cell in zip(frame.index, frame.iloc[:, position].tolist(), strict=True):
                if not _is_number(cell):
                    raise ValueError(
                        f"{what} must hold numbers only, found {cell!r} at {row!r} × "
                        f"{frame.columns[position]!r}"
                    )
    array = frame.to_numpy(dtype=float, na_value=np.nan)
    wrong = np.isinf(array) if may_lack else ~np.isfinite(array)
    if wrong.any():
        places = np.argwhere(wrong)
        row, column = places[0]
        found = "missing" if np.isnan(array[row, column]) else array[row, column]
        raise ValueError(
            f"{what} must have no {'' if may_lack else 'missing or '}infinite number, found {len(places)}, "
            f"the first ({found}) at {frame.index[row]!r} × {frame.columns[column]!r}"
        )
    return array


def intervals(
    values: pd.DataFrame, low: float | PerCriterion | pd.DataFrame, high: float | PerCriterion | pd.DataFrame
) -> tuple[Array, Array]:
    """Return the least and the most that each value may be, as arrays in the order of `values`.

    A number, or one per criterion, is the bound of what is missing; a frame holds those of every cell.
    """
    value = numbers(values, "values", may_lack=True)
    both = []
    for what, bound in (("low", low), ("high", high)):
        if isinstance(bound, pd.DataFrame):
            _same_labels(bound.index, values.index, what)
            _same_labels(bound.columns, values.columns, what)
            both.append(numbers(bound.reindex(index=values.index, columns=values.columns), what))
        else:
            both.append(np.where(np.isnan(value), per_criterion(bound, values.columns, what), value))
    least, most = both
    wrong = np.argwhere((least > most) | (value < least) | (value > most))
    if len(wrong):
        i, j = wrong[0]
        raise ValueError(
            f"low <= value <= high must hold everywhere, not low {least[i, j]}, value {value[i, j]}, high "
            f"{most[i, j]} at {values.index[i]!r} × {values.columns[j]!r} ({len(wrong)} such places)"
        )
    return least, most


def settled(array: Array) -> Array:
    """Return an array in which numbers of a column that differ by float noise only are the same.

    Without it 0.1 + 0.2 would be better than 0.3, and a change of the unit could turn a tie into a win.
    """
    if len(array) < 2:
        return array
    order = np.argsort(array, axis=0, kind="stable")
    ordered = np.take_along_axis(array, order, axis=0)
    starts = np.tile(np.arange(len(array))[:, None], array.shape[1])
    with np.errstate(over="ignore"):
        starts[1:][np.diff(ordered, axis=0) <= NOISE * np.abs(array).max(axis=0)] = 0
    np.maximum.accumulate(starts, axis=0, out=starts)
    same = np.empty_like(array)
    np.put_along_axis(same, order, np.take_along_axis(ordered, starts, axis=0), axis=0)
    return same


def require_once(labels: pd.Index, what: str) -> None:
    """Raise ValueError, naming them, when labels stand twice."""
    if not labels.is_unique:
        raise ValueError(f"{what} must stand once, found twice: {labels[labels.duplicated()].tolist()}")


def allowed(what: str, given: object, choices: Sequence[str]) -> None:
    """Raise ValueError when something is none of the choices."""
    if given not in choices:
        raise ValueError(f"{what} must be one of {', '.join(choices)}, not {given!r}")


def _is_number(cell: object) -> bool:
    return isinstance(cell, Real) or cell is None or cell is pd.NA


def _floats(given: Any, what: str) -> Array:
    array = np.asarray(given)
    if array.dtype.kind not in "biuf":
        cells = array.ravel().tolist()
        if array.dtype.kind != "O" or not all(map(_is_number, cells)):
            raise ValueError(f"{what} must be numbers, not {cells[0] if array.ndim == 0 else cells}")
        missing = [np.nan if cell is None or cell is pd.NA else cell for cell in cells]
        array = np.array(missing, dtype=float).reshape(array.shape)
    return array.astype(float)


def _same_labels(given: pd.Index, criteria: pd.Index, what: str) -> None:
    if len(given.symmetric_difference(criteria)) or not given.is_unique:
        raise ValueError(f"{what} must have one entry for each of {criteria.tolist()}, not {given.tolist()}")


def require_alternative(known: pd.Index, alternative: Any) -> None:
    """Raise ValueError unless an alternative is among those that are scored; the message names close ones.

    What differs in capitals or blanks only comes first: it is what was meant.
    """
    if alternative in known:
        return
    labels = [str(label) for label in known]
    wanted = str(alternative).strip().casefold()
    meant = [label for label in labels if label.casefold() == wanted]
    by_case = {label.casefold(): label for label in reversed(labels)}
    close = [by_case[one] for one in difflib.get_close_matches(wanted, list(by_case), n=3)]
    hint = f"did you mean {meant[0]!r}?" if meant else f"close: {', '.join(close or labels[:3])}"
    raise ValueError(f"no alternative {alternative!r} in these scores; {hint}")
