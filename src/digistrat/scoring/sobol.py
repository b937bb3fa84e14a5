"""Sobol indices: which share of the variance of a result comes from each of its uncertain inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from digistrat.scoring.draws import pieces

Array = npt.NDArray[Any]

INDICES = [f"{order}{bound}" for order in ("first", "total") for bound in ("", "_lower", "_upper")]
RESAMPLES = 500  # of the bootstrap
SAME = 1e-9  # a result that varies by a smaller share of its size does not vary


def sobol_indices(
    model: Callable[[pd.DataFrame], Any],
    inputs: Mapping[str, Any],
    *,
    n: int = 4096,
    seed: int = 1,
    confidence: float = 0.95,
) -> pd.DataFrame:
    r"""Return which share of the variance of a model's result comes from each of its inputs.

    Parameters
    ----------
    model : callable
        Takes a frame of samples × inputs and returns one number per sample.
    inputs : mapping
        Name → distribution: a pair (low, high) for a uniform one, or one of `scipy.stats` with ``ppf``. The
        inputs are independent.
    n : int
        A power of 2; the model is asked for n (inputs + 2) samples.
    seed : int
        Of the samples and of the bootstrap.
    confidence : float
        Of the bounds, by bootstrap over the samples.

    Returns
    -------
    DataFrame
        By input: ``first`` (alone), ``first_lower``, ``first_upper``, ``total`` (with all interactions),
        ``total_lower``, ``total_upper``. All missing where the result does not vary.

    Raises
    ------
    ValueError
        If a number is out of its range, an input is no distribution, or the model gives something else than
        one finite number per sample.

    Notes
    -----
    :math:`S_i = V(E(Y \mid X_i)) / V(Y)` and :math:`S_{Ti} = E(V(Y \mid X_{\sim i})) / V(Y)` by the
    estimators of Saltelli et al. (2010), Computer Physics Communications 181(2) 259–270, on a scrambled
    Sobol sequence.

    Examples
    --------
    >>> table = sobol_indices(lambda x: 2 * x["a"] + x["b"], {"a": (0, 1), "b": (0, 1)}, n=1024)
    >>> table[["first", "total"]].round(2).to_numpy().tolist()  # the variances are as 4 to 1
    [[0.8, 0.8], [0.2, 0.2]]
    """
    from scipy.stats import qmc

    if n < 2 or n & (n - 1):
        raise ValueError(f"n must be a power of 2, not {n}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, not {confidence}")
    if not inputs:
        raise ValueError("inputs must name at least one input")
    names, d = list(inputs), len(inputs)
    rng = np.random.default_rng(seed)
    unit = qmc.Sobol(2 * d, rng=rng).random(n)
    drawn = np.column_stack(
        [_quantiles(name, inputs[name], unit[:, [i, d + i]]) for i, name in enumerate(names)]
    )
    one, other = drawn[:, 0::2], drawn[:, 1::2]
    mixed = np.tile(one, (d, 1, 1))
    mixed[np.arange(d), :, np.arange(d)] = other.T
    samples = pd.DataFrame(np.concatenate([one, other, *mixed]), columns=names)
    result = np.asarray(model(samples), dtype=float)
    if result.shape != (len(samples),) or not np.isfinite(result).all():
        raise ValueError(f"model must give {len(samples)} finite numbers, one per sample, not {result.shape}")
    f = result.reshape(d + 2, n)
    if np.ptp(f[:2]) <= SAME * np.abs(f[:2]).max():
        table = np.full((2, 3, d), np.nan)
    else:
        resampled = [
            _indices(f, rng.integers(0, n, (part.stop - part.start, n)))
            for part in pieces(RESAMPLES, n * (d + 2))
        ]
        tail = (1 - confidence) / 2
        bounds = np.quantile(np.concatenate(resampled, axis=1), [tail, 1 - tail], axis=1).swapaxes(0, 1)
        table = np.concatenate([_indices(f, np.arange(n)[None, :]), bounds], axis=1)
    return pd.DataFrame(table.reshape(6, d).T, index=pd.Index(names, name="input"), columns=INDICES)


def _indices(f: Array, at: Array) -> Array:
    """Return first and total order by resample and input, from results by sample of A, B and A with B's."""
    one, other, mixed = f[0][at], f[1][at], f[2:][:, at]
    both = np.concatenate([one, other], axis=1)
    variance = both.var(axis=1)
    variance[variance == 0] = np.inf  # a resample without variance shares out none
    centred = other - both.mean(axis=1, keepdims=True)
    first = (centred * (mixed - one)).mean(axis=-1) / variance
    total = ((one - mixed) ** 2).mean(axis=-1) / (2 * variance)
    return np.stack([first.T, total.T])


def _quantiles(name: str, distribution: Any, unit: Array) -> Array:
    if hasattr(distribution, "ppf"):
        return np.asarray(distribution.ppf(unit), dtype=float)
    try:
        low, high = map(float, distribution)
    except (TypeError, ValueError):
        raise ValueError(
            f"inputs must be pairs (low, high) or have ppf, not {distribution!r} for {name!r}"
        ) from None
    if not -np.inf < low < high < np.inf:
        raise ValueError(f"inputs must have low below high, both finite, not {low}, {high} for {name!r}")
    return low + (high - low) * unit
