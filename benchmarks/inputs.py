# SPDX-License-Identifier: Apache-2.0
"""How good causal fills of demand are, and how fast: `python benchmarks/inputs.py [--rows PATH --labels PATH]`.

Hides hours as benchmarks/estimate.py does, by six lengths and by the lengths and places of real gaps and flags, and
fills them from earlier hours and forecasts alone. Prints the mean absolute error in percent by length, for ours, the
same hour last week and the day-ahead forecast alone, and hours a second of one core. Without rows the record is made
up: then only speed means something. `--docs PAGE` puts what is printed between the marks of that page.
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np
from estimate import (
    FIXED,
    REAL,
    Groups,
    Method,
    Real,
    Record,
    errors,
    forecast_alone,
    hide_lengths,
    hide_real,
    last_week,
    put,
    read,
    record_flags,
)
from given import ended
from numpy.typing import NDArray

from eia930.estimating.causal.filling import Standing, filled
from eia930.reference.hours import parse_hour

BEGIN, END = "<!-- inputs: begin -->", "<!-- inputs: end -->"


def ours(demand: Real, forecast: Real, first: int) -> Real:
    out = np.full(demand.shape, np.nan)
    of = Standing(first=first, demand=demand, forecast=forecast, barred=np.zeros((len(demand),) * 2, bool))
    for row, fills in enumerate(filled(of)):
        out[row, fills.hour - first] = fills.value
    return out


METHODS: dict[str, Method] = {"ours": ours, "same hour last week": last_week, "forecast alone": forecast_alone}


def made_up(areas: int = 50, hours: int = 3 * 8766) -> Record:
    """Loads that share their weather, with forecasts 3 % off."""
    chance, at = np.random.default_rng(3), np.arange(hours)
    weather = np.convolve(chance.normal(size=hours + 71), np.ones(72) / 9, "valid")
    own = np.stack([np.convolve(chance.normal(size=hours + 11), np.ones(12) / 12, "valid") for _ in range(areas)])
    course = 200 * np.sin(at * np.pi / 12) + 150 * np.cos(at * 2 * np.pi / 8766)
    demand = np.round(chance.uniform(0.1, 9, (areas, 1)) * (1000 + course + 80 * weather + 20 * own))
    forecast = np.round(demand * (1 + chance.normal(scale=0.03, size=demand.shape)))
    for row in demand:
        for begin in chance.integers(400, hours - 800, 20):
            row[begin : begin + int(chance.integers(1, 100))] = np.nan
    return Record([str(number) for number in range(areas)], parse_hour("2018-01-01"), demand, forecast)


def table(record: Record, hidden: NDArray[np.int64], groups: Groups) -> list[str]:
    demand = np.where(hidden > 0, np.nan, record.demand)
    lines = [f"{int((hidden > 0).sum()):,} hours hidden in {int((hidden > 0).any(axis=1).sum())} authorities.", ""]
    lines += [f"| % | {' | '.join(groups)} | all | not given | M h/s |", "|---|" + "--:|" * (len(groups) + 3)]
    for name, method in METHODS.items():
        began = time.process_time()
        off = errors(method(demand, record.forecast, record.first), record.demand, hidden)
        rate = demand.size / (time.process_time() - began) / 1e6 if method is ours else None
        cells = [np.nanmean(off[(hidden >= low) & (hidden <= high)]) for low, high in groups.values()]
        told = [f"{cell:.2f}" for cell in (*cells, np.nanmean(off))]
        missing = f"{np.isnan(off[hidden > 0]).sum():,}"
        lines.append(f"| {name} | {' | '.join(told)} | {missing} | {'' if rate is None else f'{rate:.2f}'} |")
    return lines


def main() -> int:
    """Measure and print."""
    flags = record_flags(str(__doc__), required=False)
    asked = flags.parse_args()
    if (asked.rows is None) != (asked.labels is None):
        flags.error("--rows and --labels go together")
    real = asked.rows is not None
    record = read(asked.rows, asked.labels, (asked.first, asked.last)) if real else made_up()
    lines = [f"{asked.first}–{asked.last}, {len(record.areas)} authorities." if real else "Made-up loads.", ""]
    some = range(0, len(record.areas), asked.every)
    lines += table(record, hide_lengths(record.demand, some), FIXED)
    if real:
        lines += ["", "By the lengths and places of real gaps and flags:", ""]
        lines += table(record, hide_real(record.demand, some), REAL)
    print("\n".join(lines))
    print(f"\nat most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB in all")
    if asked.docs:
        put(asked.docs, lines, BEGIN, END)
    return 0


if __name__ == "__main__":
    sys.exit(ended(main))
