# SPDX-License-Identifier: Apache-2.0
"""Cross-checks: series held against each other and against their own past. They report; they never change a value.

Tolerances and what they rest on are explained in docs/quality.md.
"""

from eia930.checks.asked import EVERYTHING, Asked
from eia930.checks.balances import Balances, Keys, Members, balances
from eia930.checks.clock_change import clock_change
from eia930.checks.equations import Equation, compare
from eia930.checks.outcome import Check, Series, Tolerance, collect
from eia930.checks.repeated_days import repeated_days
from eia930.checks.shifted import AGREES, GAIN, shifted
from eia930.checks.swapped_sign import swapped_sign
from eia930.reference.routes import REGION, SUBREGION
from eia930.reference.series import SeriesKey, known_series

SAME_METER = Tolerance(3.0, 0.001)  # figures of one authority: rounding, a few MW of station use
TWO_METERS = Tolerance(10.0, 0.05)  # both ends of a tie line, metered and integrated apart
SUBREGIONS = Tolerance(3.0, 0.02)  # settlement figures against the operator's total
REGIONS = Tolerance(3.0, 0.005)  # EIA's own sums, with its imputed hours inside

_SMOOTH = ("D", "DF")
_SUMS = ("Sum of the parts", "Reported")
_PAIRS = ("Opposite of the other side", "Reported")


def run_checks(series: Series, first_hour: int, members: Members, *, asked: Asked = EVERYTHING) -> list[Check]:
    """Run every check over `series` (float64[hours] each, MW, NaN = absent) on one common frame.

    `first_hour`: hours since 1970-01-01 UTC of index 0 (hour ending). `members`: an authority → its sub-regions,
    a region or US48 → its authorities. `asked`: what was asked for; a sum is checked only where that holds all of
    its parts. Each series is taken when needed, so a mapping may load it on demand. A name that no route of ours has
    takes part in nothing.
    """
    keys = known_series(series)
    known = balances(keys, members, asked)
    sums = [
        ("demand_balance", "demand = net generation − total interchange", "demand", SAME_METER),
        ("generation_by_fuel", "net generation = sum over energy sources", "fuels", SAME_METER),
        ("total_interchange", "total interchange = sum over neighbours", "neighbours", SAME_METER),
        ("interchange_pairs", "A→B = −(B→A)", "pairs", TWO_METERS),
        ("subregions", "demand = sum over sub-regions", "subregions", SUBREGIONS),
        ("regions", "a region or US48 = sum over its authorities", "regions", REGIONS),
    ]
    checks = [
        collect(
            name,
            what,
            tolerance=str(by),
            outcomes=compare(getattr(known, kind), series, first_hour=first_hour, tolerance=by),
            columns=_PAIRS if kind == "pairs" else _SUMS,
            left_out=known.left_out.get(kind, 0),
        )
        for name, what, kind, by in sums
    ]
    return [*checks, *_others(known, keys, series, first_hour)]


def _others(known: Balances, keys: Keys, series: Series, first_hour: int) -> list[Check]:
    """Run the checks that are no sums."""
    turned = swapped_sign(known.pairs, known.neighbours, series, first_hour=first_hour, tolerance=TWO_METERS)
    smooth = [name for name, key in keys.items() if key.type in _SMOOTH]
    return [
        collect(
            "swapped_sign",
            "A→B has the sign of B→A",
            tolerance=str(TWO_METERS),
            outcomes=turned,
            columns=("With the other sign", "Reported"),
        ),
        collect(
            "shifted_stamps",
            "a week moves hours before or after its reference",
            tolerance=f"correlation {AGREES:g} at the delay, {GAIN:g} and half of the rest above none",
            outcomes=shifted(references(known, keys), series, first_hour=first_hour),
            columns=("Delay expected, h", "Delay found, h"),
        ),
        collect(
            "repeated_days",
            "24 and more hours equal those a day or a week before",
            tolerance="exact",
            outcomes=repeated_days(list(keys), series, first_hour=first_hour),
            columns=("Expected", "Reported"),
        ),
        collect(
            "clock_change",
            "an hour of a clock-change night is missing or doubled",
            tolerance="1.6 to 2.4 times its neighbours",
            outcomes=clock_change(smooth, series, first_hour=first_hour),
            columns=("A day before", "Reported"),
        ),
    ]


def references(known: Balances, keys: Keys) -> list[Equation]:
    """Return what each series should move together with: its forecast, its parts, its neighbour, its parent."""
    demand = [(name, key) for name, key in keys.items() if key.type == "D"]
    whole = [(name, SeriesKey(REGION, key.respondent, "DF").id) for name, key in demand if key.route is REGION]
    forecasts = [Equation(total=name, parts=(ahead,)) for name, ahead in whole if ahead in keys]
    inside = [(name, SeriesKey(REGION, key.respondent, "D").id) for name, key in demand if key.route is SUBREGION]
    parents = [Equation(total=name, parts=(parent,)) for name, parent in inside if parent in keys]
    return [*forecasts, *known.demand, *known.fuels, *known.neighbours, *known.pairs, *parents]
