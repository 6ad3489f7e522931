# SPDX-License-Identifier: Apache-2.0
"""How good estimates of demand are: `python benchmarks/estimate.py --rows PATH --labels PATH [--docs PAGE]`.

Hides hours that the published screening found good, by six lengths (in every second authority; then in the 20 with the
most demand) and by the lengths and places of real gaps and flags, and estimates them. Prints the mean absolute error in
percent by length and by area, for ours and others, and hours a second. `--first`, `--last` (years) hide and learn in
those alone. `--pudl`: timeseries_cleaning.py of catalyst-cooperative/pudl, from outside this repository, with pandas,
scipy and matplotlib at hand.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import io
import sys
import textwrap
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from given import ended, rows_in
from numpy.typing import NDArray

from eia930.estimating.demand import estimate
from eia930.reference.hours import parse_hour
from eia930.reference.routes import REGION
from eia930.reference.series import SeriesKey
from eia930.screening.demand import screen_forecast
from eia930.screening.frames import hours_of, on_frame, read_frames

Real = NDArray[np.float64]
Method = Callable[[Real, Real, int], Real]
COUNTS = {1: 60, 3: 30, 12: 12, 24: 10, 72: 6, 168: 4}
BEGIN, END = "<!-- estimates: begin -->", "<!-- estimates: end -->"


@dataclass(frozen=True)
class Record:
    areas: list[str]
    first: int
    demand: Real
    """[areas, hours], NaN where missing or flagged."""
    forecast: Real


def read(rows: Path, labels: Path, years: tuple[int, int]) -> Record:
    table = pq.read_table(rows_in(labels, columns := ["period", "respondent", "category"]), columns=columns)
    rows_in(rows, ("period", "respondent", "type", "value"))
    whose, hours = table["respondent"].cast(pa.string()), hours_of(table["period"])
    good = pc.equal(table["category"].cast(pa.string()), "OKAY").to_numpy()
    begins, frames = read_frames(rows, REGION)
    first, last = max(begins, parse_hour(f"{years[0]}-01-01")), parse_hour(f"{years[1] + 1}-01-01") - 1
    last = min(last, begins + len(next(iter(frames.values()))) - 1)
    areas = sorted(pc.unique(whose).to_pylist())
    names = whose.to_numpy(zero_copy_only=False)
    demand = np.full((len(areas), last - first + 1), np.nan)
    forecast = demand.copy()
    for row, area in enumerate(areas):
        trusted = hours[good & (names == area)]
        trusted = trusted[(trusted >= first) & (trusted <= last)] - first
        values = on_frame(frames[SeriesKey(REGION, area, "D").id], starts=begins, first=first, last=last)
        demand[row, trusted] = values[trusted]
        ahead = frames.get(SeriesKey(REGION, area, "DF").id)
        if ahead is not None:
            screened = np.where(screen_forecast(ahead).code > 0, np.nan, ahead)
            forecast[row] = on_frame(screened, starts=begins, first=first, last=last)
    return Record(areas, first, demand, forecast)


def hide_lengths(demand: Real, rows: Iterable[int]) -> NDArray[np.int64]:
    """Of every hour 0, or the length of the gap that it is hidden in; hidden in these rows."""
    chance, hidden = np.random.default_rng(7), np.zeros(demand.shape, np.int64)
    for row in rows:
        for length, count in COUNTS.items():
            for _ in range(count):
                for begin in chance.integers(400, demand.shape[1] - 600, 50):
                    if free(demand[row], hidden[row], int(begin), length):
                        hidden[row, begin : begin + length] = length
                        break
    return hidden


def hide_real(demand: Real, rows: Iterable[int]) -> NDArray[np.int64]:
    """Each real gap of at most a month, whole weeks away from where it is: same hour of the week, same length."""
    chance, hidden = np.random.default_rng(8), np.zeros(demand.shape, np.int64)
    for row in rows:
        there = np.flatnonzero(~np.isnan(demand[row]))
        for before in there[:-1][np.diff(there) > 1]:
            begin = before + 1
            length = int(there[np.searchsorted(there, begin)] - begin)
            for weeks in chance.integers(-60, 61, 50) if length <= 744 else ():
                to = int(begin + 168 * weeks)
                if 400 <= to < demand.shape[1] - length - 400 and free(demand[row], hidden[row], to, length):
                    hidden[row, to : to + length] = length
                    break
    return hidden


def largest(demand: Real, count: int) -> list[int]:
    """The rows with the most demand on average, in their order."""
    return sorted(np.argsort(-np.nanmean(demand, axis=1), kind="stable")[:count].tolist())


def free(demand: Real, hidden: NDArray[np.int64], begin: int, length: int) -> bool:
    good = not np.isnan(demand[max(begin - 4, 0) : begin + length + 4]).any()
    return good and not hidden[begin - 8 : begin + length + 8].any()


def ours(demand: Real, forecast: Real, first: int) -> Real:
    return estimate(demand, forecast, first=first)


def linear(demand: Real, forecast: Real, first: int) -> Real:
    hours = np.arange(demand.shape[1])
    out = np.full(demand.shape, np.nan)
    for row, values in enumerate(demand):
        there = np.flatnonzero(~np.isnan(values))
        if there.size:
            out[row] = np.interp(hours, there, values[there])
    return out


def last_week(demand: Real, forecast: Real, first: int) -> Real:
    """The same hour of the latest week before that has it."""
    out = np.full(demand.shape, np.nan)
    for weeks in range(1, 9):
        lagged = np.full(demand.shape, np.nan)
        lagged[:, 168 * weeks :] = demand[:, : -168 * weeks]
        out = np.where(np.isnan(out), lagged, out)
    return out


def forecast_alone(demand: Real, forecast: Real, first: int) -> Real:
    return forecast


def ridge(demand: Real, forecast: Real, first: int) -> Real:
    """A plain ridge on forecast, 14 neighbours, own lags on both sides and the hour; what is missing is zero.

    Where both hours beside one stand, they are lags too. Elsewhere they would harm: zero is no figure of theirs.
    """
    wide = np.pad(~np.isnan(demand), ((0, 0), (1, 1)))
    beside = wide[:, :-2] & wide[:, 2:]
    return np.where(beside, _ridge(demand, forecast, first, (1, -1)), _ridge(demand, forecast, first, ()))


def _ridge(demand: Real, forecast: Real, first: int, lags: tuple[int, ...]) -> Real:
    hours = np.arange(demand.shape[1])
    mean, spread = np.nanmean(demand, 1, keepdims=True), np.nanstd(demand, 1, keepdims=True)
    z, f = (demand - mean) / spread, (forecast - mean) / spread
    filled = np.nan_to_num(z)
    alike = np.abs(np.corrcoef(filled)) - np.eye(len(z))
    clock = np.eye(24)[(first + hours) % 24]
    weekend = np.isin((first + hours) // 24 % 7, (2, 3)).astype(float)[:, None]
    out = np.full(demand.shape, np.nan)
    for row in range(len(z)):
        own = [np.roll(z[row], k) for k in (*lags, 24, -24, 48, -48, 168, -168, 336, -336)]
        columns = [f[row], np.roll(f[row], 1), np.roll(f[row], -1), *z[np.argsort(-alike[row])[:14]], *own]
        features = np.concatenate((np.nan_to_num(np.stack(columns, 1)), clock, clock * weekend), axis=1)
        there = ~np.isnan(z[row])
        matrix = features[there].T @ features[there] + 3 * np.eye(features.shape[1])
        weights = np.linalg.solve(matrix, features[there].T @ z[row, there])
        out[row] = (features @ weights) * spread[row] + mean[row]
    return out


def pudl(demand: Real, forecast: Real, first: int, *, path: Path, method: str) -> Real:
    """PUDL's own class, calendar year by calendar year as PUDL runs it, with all its defaults."""
    spec = importlib.util.spec_from_file_location("pudl_timeseries_cleaning", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    np.random.seed(0)  # what the code itself draws from
    out = np.full(demand.shape, np.nan)
    stamps = (np.datetime64(0, "h") + first + np.arange(demand.shape[1])).astype("datetime64[Y]").astype(int)
    for year in np.unique(stamps):
        hours = np.flatnonzero(stamps == year)
        hours = hours[: hours.size // 24 * 24]
        some = np.flatnonzero((~np.isnan(demand[:, hours])).sum(axis=1) > 100)
        with contextlib.redirect_stdout(io.StringIO()):
            found = module.Timeseries(demand[np.ix_(some, hours)].T).impute(method=method)
        out[np.ix_(some, hours)] = found.T
    return out


def errors(estimates: Real, truth: Real, hidden: NDArray[np.int64]) -> Real:
    off: Real = 100 * np.abs(estimates - truth) / truth
    return np.where(hidden > 0, off, np.nan)


Groups = dict[str, tuple[int, int]]
FIXED: Groups = {f"{length} h": (length, length) for length in COUNTS}
REAL: Groups = {"1 h": (1, 1), "2–6 h": (2, 6), "7–24 h": (7, 24), "25–72 h": (25, 72), "73–744 h": (73, 744)}


def table(record: Record, hidden: NDArray[np.int64], methods: dict[str, Method], groups: Groups) -> list[str]:
    demand = np.where(hidden > 0, np.nan, record.demand)
    names = list(groups)
    lines = [f"| % | {' | '.join(names)} | all | not given |", "|---|" + "--:|" * (len(names) + 2)]
    for name, method in methods.items():
        began = time.process_time()
        off = errors(method(demand, record.forecast, record.first), record.demand, hidden)
        took = time.process_time() - began
        cells = [np.nanmean(off[(hidden >= low) & (hidden <= high)]) for low, high in groups.values()]
        missing = np.isnan(off[hidden > 0]).sum()
        lines.append(
            f"| {name} | {' | '.join(f'{cell:.2f}' for cell in cells)} | {np.nanmean(off):.2f} | {missing:,} |"
        )
        print(lines[-1], flush=True)
        if name == "ours":
            rate = demand.size / took / 1e6
            by_area = [(area, off[row]) for row, area in enumerate(record.areas) if (hidden[row] > 0).any()]
            single = [np.nanmean(off[row][hidden[row] == 1]) for row in range(len(off)) if (hidden[row] == 1).any()]
    told = ", ".join(f"`{area}` {np.nanmean(of):.2f}" for area, of in by_area)
    middle = np.median([np.nanmean(of) for _, of in by_area])
    lines += [
        "",
        *textwrap.wrap(f"Ours by area: {told}.", 100),
        "",
        f"The median area has {middle:.2f} %, in single hours {np.median(single):.2f} %; {rate:.2f} M hours a second.",
    ]
    return [f"{int((hidden > 0).sum()):,} hours hidden in {len(by_area)} authorities.", "", *lines]


def record_flags(told: str, *, required: bool) -> argparse.ArgumentParser:
    """Which real rows and labels, of which years, hidden in which areas, and the page to write into."""
    flags = argparse.ArgumentParser(description=told, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--rows", type=Path, required=required)
    flags.add_argument("--labels", type=Path, required=required)
    flags.add_argument("--first", type=int, default=2015)
    flags.add_argument("--last", type=int, default=2020)
    flags.add_argument("--every", type=int, default=2, help="hide in every so many of the areas")
    flags.add_argument("--docs", type=Path)
    return flags


def put(page: Path, lines: Sequence[str], begin: str, end: str) -> None:
    """Write lines between two marks of a page."""
    text = page.read_text("utf-8")
    head, tail = text.split(begin)[0], text.split(end)[1]
    page.write_text(f"{head}{begin}\n" + "\n".join(lines) + f"\n{end}{tail}", "utf-8")


def main() -> int:
    """Measure and print."""
    flags = record_flags(str(__doc__), required=True)
    flags.add_argument("--largest", type=int, default=20, help="hide in so many of the largest areas too")
    flags.add_argument("--pudl", type=Path)
    flags.add_argument("--pudl_method", default="tubal")
    flags.add_argument("--only", default="", help="these methods, with ; between")
    asked = flags.parse_args()
    record = read(asked.rows, asked.labels, (asked.first, asked.last))
    methods: dict[str, Method] = {
        "ours": ours,
        "plain ridge": ridge,
        "forecast alone": forecast_alone,
        "same hour last week": last_week,
        "linear": linear,
    }
    if asked.pudl:
        methods[f"PUDL ({asked.pudl_method})"] = partial(pudl, path=asked.pudl, method=asked.pudl_method)
    if asked.only:
        methods = {name: methods[name] for name in ("ours", *asked.only.split(";")) if name in methods}
    some, large = range(0, len(record.areas), asked.every), largest(record.demand, asked.largest)
    lines = [f"{asked.first}–{asked.last}, {len(record.areas)} authorities.", ""]
    lines += table(record, hide_lengths(record.demand, some), methods, FIXED)
    lines += ["", f"In the {len(large)} authorities with the most demand, in each of them:", ""]
    lines += table(record, hide_lengths(record.demand, large), methods, FIXED)
    lines += ["", "By the lengths and places of real gaps and flags:", ""]
    lines += table(record, hide_real(record.demand, some), methods, REAL)
    print("\n".join(lines))
    if asked.docs:
        put(asked.docs, lines, BEGIN, END)
    return 0


if __name__ == "__main__":
    sys.exit(ended(main))
