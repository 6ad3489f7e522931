# SPDX-License-Identifier: Apache-2.0
"""The figures of docs/quality.md: `python benchmarks/quality_figures.py --years PATH --day FOLDER`.

`--years`: five years of region-data rows (Parquet); `--day`: a folder with one day's rows, a file a route.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from given import ended, rows_in

from eia930.checks.all_checks import run_checks
from eia930.checks.outcome import Check
from eia930.checks.shifted import WEEK, find_shift, shifted
from eia930.checks.sums.equations import Equation, sides
from eia930.errors import UsageError
from eia930.reference.hours import parse_hour
from eia930.reference.respondents import members, subregions
from eia930.reference.routes import FUEL, INTERCHANGE, REGION, Route
from eia930.reference.series import parse_series
from eia930.screening.demand import screen
from eia930.screening.flags import FLAGS
from eia930.screening.frames import Frames, read_frames
from eia930.screening.methods import Method, screen_series, steps_for
from eia930.screening.signed import screen_signed

MEMBERS = {**members(), **subregions()}


def share(found: int, hours: int) -> str:
    return f"{found:,} of {hours:,} ({found / max(hours, 1):.2%})"


def forecasts(frames: Frames) -> None:
    names = [name for name in frames if steps_for(parse_series(name)) is Method.FORECAST]
    hours = sum(int((~np.isnan(frames[name])).sum()) for name in names)
    flagged = {name: int(np.count_nonzero(screen_series(name, frames[name]).code)) for name in names}
    print("forecast hours flagged:", share(sum(flagged.values()), hours))
    print("  most:", max(flagged.items(), key=lambda item: item[1]))
    walked = screen(frames["EBA.CENT-ALL.DF.H"]).code == FLAGS.index("single_delta")
    print("  EBA.CENT-ALL.DF.H by single_delta:", share(int(walked.sum()), int(walked.size)))


def reduced(frames: Frames) -> None:
    found = agreed = 0
    for name, values in frames.items():
        if steps_for(parse_series(name)) is Method.DEMAND:
            hits = screen_signed(values).code > 0
            found += int(hits.sum())
            agreed += int((hits & (screen(values).code > 0)).sum())
    print("demand flagged by the reduced steps, of which by all steps too:", found, agreed)


def planted_shift(frames: Frames) -> None:
    """Delay every demand series by an hour and count the weeks that are seen."""
    seen = weeks = real = 0
    for name, values in frames.items():
        ahead = frames.get(name.replace(".D.H", ".DF.H"))
        if not name.endswith(".D.H") or ahead is None:
            continue
        both = ~(np.isnan(values) | np.isnan(ahead))
        weeks += int((both[: both.size // WEEK * WEEK].reshape(-1, WEEK).sum(axis=1) >= 100).sum())
        real += find_shift(values, ahead).weeks.size
        seen += int((find_shift(np.roll(values, 1), ahead).delay == 1).sum())
    print("weeks shifted as reported:", share(real, weeks), "; with a planted hour:", share(seen, weeks))


def named_right(frames: Frames, first_hour: int) -> None:
    """Shift demand or its forecast by an hour for one winter, and count how often the right one is named."""
    begin, end = (parse_hour(text) - first_hour for text in ("2017-11-08T05", "2018-03-07T05"))
    right = named = 0
    for name in frames:
        ahead = name.replace(".D.H", ".DF.H")
        if not name.endswith(".D.H") or ahead not in frames:
            continue
        for moved, delay in ((name, 1), (name, -1), (ahead, 1), (ahead, -1)):
            planted = {key: frames[key].copy() for key in (name, ahead)}
            planted[moved][begin:end] = np.roll(frames[moved], delay)[begin:end]
            if find_shift(planted[name], planted[ahead]).weeks.size >= 4:
                equation = Equation(total=name, parts=(ahead,))
                found = shifted(equation, sides(equation, planted), planted, first_hour=first_hour)
                named += 1
                right += found.worst is not None and found.worst.series_id == moved
    print("planted for a winter and seen for four weeks, named right:", share(right, named))


def balance(frames: Frames) -> None:
    demand = [Equation(total=n, parts=(n[:-3] + "NG.H",), less=(n[:-3] + "TI.H",), complete=True) for n in frames]
    demand = [e for e in demand if e.total.endswith(".D.H") and e.parts[0] in frames]
    off = np.concatenate([np.abs(both.found - both.expected) for both in (sides(e, frames) for e in demand)])
    print("demand balance: exact", int((off == 0).sum()), "within 3 MW", int(((off > 0) & (off <= 3)).sum()))


def pairs(frames: Frames) -> None:
    names = [n for n in frames if n.endswith(".ID.H")]
    flows = [(n, "EBA.{1}-{0}.ID.H".format(*n[4:-5].split("-"))) for n in names]
    off = np.concatenate([np.abs(frames[a] + frames[b]) for a, b in flows if a < b and b in frames])
    print("pairs: exact", int((off == 0).sum()), "more than 1 MW", int((off > 1).sum()), "of", off.size)


def show(checks: Sequence[Check]) -> None:
    for check in checks:
        worst = ", ".join(f"{w.series_id} {w.hours} h ({w.found:g})" for w in check.worst[:8])
        print(f"  {check.name}: {check.hours_broken:,} of {check.hours_checked:,}: {worst}")


def _of_day(folder: Path, route: Route) -> Path:
    found = sorted(folder.glob(f"{route.id}_????-??-??.parquet"))
    if len(found) != 1:
        raise UsageError(f"--day {folder} has {len(found)} files {route.id}_YYYY-MM-DD.parquet: give a folder with one")
    return rows_in(found[0], ("period", *route.keys, "value"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=Path, required=True)
    parser.add_argument("--day", type=Path, required=True)
    asked = parser.parse_args()
    first, frames = read_frames(rows_in(asked.years, ("period", "respondent", "type", "value")), REGION)
    forecasts(frames)
    reduced(frames)
    planted_shift(frames)
    named_right(frames, first)
    print("checks, years:")
    show(run_checks(frames, first, MEMBERS).checks)
    day: Frames = {}
    for route in (REGION, FUEL, INTERCHANGE):
        first, rows = read_frames(_of_day(asked.day, route), route)
        day |= rows
    flagged = [
        n
        for n in day
        if steps_for(parse_series(n)) not in (Method.DEMAND, Method.FORECAST) and screen_series(n, day[n]).code.any()
    ]
    print("day: series of generation and interchange with a flag:", len(flagged))
    balance(day)
    pairs(day)
    print("checks, day:")
    show(run_checks(day, first, MEMBERS).checks)


if __name__ == "__main__":
    sys.exit(ended(main))
