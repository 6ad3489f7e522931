# SPDX-License-Identifier: Apache-2.0
"""The demand screening as its recipe reads: hour by hour, slow, without any of the product's shortcuts."""

import warnings

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def windowed(values: Values, window: int, statistic: str) -> Values:
    """Median or interquartile range over t − w/2 … t + w/2 − 1, clipped at the ends."""
    found = np.full(values.size, np.nan)
    for t in range(values.size):
        part = values[max(0, t - window // 2) : t + window // 2]
        part = part[~np.isnan(part)]
        if part.size:
            low, middle, high = np.percentile(part, [25, 50, 75])
            found[t] = middle if statistic == "median" else high - low
    return found


def template(deviation: Values) -> Values:
    """Median over t + 24·k, k = −10 … 10."""
    found = np.full(deviation.size, np.nan)
    for t in range(deviation.size):
        hours = t + 24 * np.arange(-10, 11)
        part = deviation[hours[(hours >= 0) & (hours < deviation.size)]]
        part = part[~np.isnan(part)]
        found[t] = np.median(part) if part.size else np.nan
    return found


def screen(demand: Values) -> NDArray[np.uint8]:
    """Return the code of every hour."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)
        return _screen(demand)


def _screen(demand: Values) -> NDArray[np.uint8]:
    d, code, n = demand.copy(), np.zeros(demand.size, dtype=np.uint8), demand.size

    def flag(hours: list[int], number: int) -> None:
        code[hours] = number
        d[hours] = np.nan

    flag([t for t in range(n) if d[t] <= 0], 1)
    flag([t for t in range(2, n) if d[t] == d[t - 1] == d[t - 2]], 2)
    g = np.nanmedian(d)
    outliers = [t for t in range(n) if d[t] >= 10 * g]
    flag(outliers, 3)
    flag([t for o in outliers for t in (o - 1, o + 1) if 0 <= t < n and not np.isnan(d[t])], 4)
    # The one rule that is ours (docs/quality.md): less than a day of values has no course.
    if sum(1 for t in range(n) if not np.isnan(d[t])) < 24:
        return _region(code, np.isnan(demand))
    short, long = windowed(d, 48, "median"), windowed(d, 480, "median")
    deviation = d - short
    iqr = windowed(deviation, 240, "iqr")
    pre, post = np.full(n, np.nan), np.full(n, np.nan)
    pre[1:], post[:-1] = d[1:] - d[:-1], d[:-1] - d[1:]
    step = windowed(pre, 240, "iqr")
    h = 1 + template(deviation) / long
    r, r_long = d / (short * h), d / (long * h)
    low, high = np.nanpercentile(r[1:] - r[:-1], [25, 75])
    flag([t for t in range(n) if d[t] >= short[t] * h[t] + 3.5 * iqr[t]], 5)
    flag([t for t in range(n) if d[t] <= short[t] * h[t] - 2.5 * iqr[t]], 6)
    flag(
        [
            t
            for t in range(n)
            if not np.isnan(d[t])
            and ((pre[t] > 2 * step[t] and post[t] > 2 * step[t]) or (pre[t] < -2 * step[t] and post[t] < -2 * step[t]))
        ],
        7,
    )

    def far(t: int) -> float:
        return float(max(abs(1 - r[t]), abs(1 - r_long[t])))

    for hours, may_trust in ((range(n), True), (range(n - 1, -1, -1), False)):
        present = [t for t in hours if not np.isnan(d[t])]
        p = present[0] if present else -1
        for t in present[1:]:
            jumps = abs(d[p] - d[t]) > 5 * step[t] and abs(r[p] - r[t]) > 15 * (high - low)
            if jumps and not (may_trust and far(t) < far(p)):
                flag([t], 8)
            else:
                p = t
    return _region(code, np.isnan(demand))


def _region(code: NDArray[np.uint8], missing: NDArray[np.bool_]) -> NDArray[np.uint8]:
    n, good = code.size, code == 0
    trigger = [t < 24 or t >= n - 24 or good[t - 24 : t + 25].sum() <= 41 for t in range(n)]
    hits = []
    for j in range(1, n):
        if not good[j] or missing[j] or not any(trigger[max(0, j - 23) : j + 25]):
            continue
        if (j >= 24 and good[j - 24 : j + 1].all()) or (j + 24 < n and good[j : j + 25].all()):
            continue
        first, last = j, j
        while first > 0 and good[first - 1]:
            first -= 1
        while last < n - 1 and good[last + 1]:
            last += 1
        if last == n - 1 or last - first + 1 <= 24:
            hits.append(j)
    code[hits] = 9
    return code
