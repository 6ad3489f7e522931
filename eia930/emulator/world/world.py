# SPDX-License-Identifier: Apache-2.0
"""A grid that never was, hour by hour, in whole megawatthours, and adding up: what the synthetic record reports.

Generation = sum of fuels; total interchange = sum over neighbours, A→B = −(B→A); demand = generation − interchange;
sub-regions sum to their authority, authorities to regions and to the nation.
"""

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from eia930.emulator.faults import uniform
from eia930.emulator.world.cache import Bounded
from eia930.emulator.world.sizes import BALANCE, NEW, NEW_FUELS, SHARES, kinds_of_fuel, parts, size
from eia930.emulator.world.weather import demand_shape, hour_shape, local, noise, sun_shape
from eia930.reference.life import Life
from eia930.reference.respondents import members, neighbours, respondents, subregions
from eia930.reference.routes import INTERCHANGE, REGION

Energy = NDArray[np.int32]
Present = tuple[Energy, NDArray[np.bool_]]
"""One series over the whole grid of hours, and in which of them it is reported."""


class World:
    """Every hour from `first` to `last` of every authority, made when asked for; columns are int32 [hours], MWh."""

    def __init__(self, first: int, last: int) -> None:
        self.hours = np.arange(first, last + 1, dtype=np.int64)
        self._kept: Bounded[tuple[str, ...], dict[str, Energy]] = Bounded(size=300)

    def serving(self, code: str) -> NDArray[np.bool_]:
        """In which hours the authority exists, by its dates of activation and retirement."""
        return self._within(respondents()[code].life)

    def _within(self, life: Life) -> NDArray[np.bool_]:
        first, last = life.hours(int(self.hours[0]), int(self.hours[-1]), slack=0) or (1, 0)
        return (self.hours >= first) & (self.hours <= last)

    def _joined(self, code: str, other: str) -> NDArray[np.bool_]:
        """In which hours two neighbours exist and have a line between them."""
        return self._within(INTERCHANGE.lives(code).get(other, Life())) & self.serving(code)

    def region(self, code: str, kind: str) -> Present:
        """One series of region-data."""
        make = {"D": self.demand, "DF": self.forecast, "NG": self.generation, "TI": self.interchange}[kind]
        loads = [p for p in parts(code) if kind in ("NG", "TI") or not respondents()[p].generation_only]
        return self._sum((make(p), self.serving(p)) for p in loads)

    def fuel(self, code: str, kind: str) -> Present:
        """One series of fuel-type-data."""
        old = self.hours >= 0
        since = (self.hours >= NEW_FUELS) if kind in NEW else old
        return self._sum(
            (self.source(p, kind), self.serving(p) & since) for p in parts(code) if kind in kinds_of_fuel(p)
        )

    def exchange(self, code: str, other: str) -> Present:
        """One series of interchange-data: flow from `code` to `other`, authorities or regions."""
        pairs = (
            (a, b) for a in parts(code) for b in neighbours().get(a, ()) if b == other or self._inside(b, code, other)
        )
        return self._sum((self.flow(a, b), self._joined(a, b)) for a, b in pairs)

    def subregion(self, parent: str, code: str) -> Present:
        """One series of region-sub-ba-data."""
        return self.part(parent, code), self.serving(parent)

    def demand(self, code: str) -> Energy:
        """Demand; for an authority that only generates, nothing."""
        return self._keep(("D", code), lambda: {"": self._demand(code)})[""]

    def forecast(self, code: str) -> Energy:
        """Day-ahead forecast: demand and an error of some percent."""
        error = noise(f"{code}/forecast", self.hours, 11)
        return self.demand(code) + _whole(self.demand(code) * (0.035 * error))

    def interchange(self, code: str) -> Energy:
        """Sum of the flows to all neighbours."""
        return self._keep(("TI", code), lambda: {"": self._interchange(code)})[""]

    def generation(self, code: str) -> Energy:
        """What demand and interchange need."""
        return self.demand(code) + self.interchange(code)

    def flow(self, code: str, other: str) -> Energy:
        """Flow from `code` to `other`; zero while one of them does not exist."""
        if code > other:
            return -self.flow(other, code)
        return self._keep(("flow", code, other), lambda: {"": self._flow(code, other)})[""]

    def source(self, code: str, kind: str) -> Energy:
        """Generation from one energy source."""
        return self._keep(("fuels", code), lambda: self._sources(code))[kind]

    def part(self, parent: str, code: str) -> Energy:
        """One sub-region's share of its parent's demand."""
        return self._keep(("parts", parent), lambda: self._shares(parent))[code]

    def _keep(self, key: tuple[str, ...], make: Callable[[], dict[str, Energy]]) -> dict[str, Energy]:
        return self._kept.get(key, make)

    def _sum(self, series: Iterable[Present]) -> Present:
        total, present = np.zeros(len(self.hours), np.int32), np.zeros(len(self.hours), np.bool_)
        for values, there in series:
            total += values * there
            present |= there
        return total, present

    def _inside(self, neighbour: str, code: str, other: str) -> bool:
        return code in members() and neighbour not in parts(code) and respondents()[neighbour].region == other

    def _wall(self, code: str) -> NDArray[np.int64]:
        return local(respondents()[code].time_zone, self.hours)

    def _demand(self, code: str) -> Energy:
        if respondents()[code].generation_only:
            return np.zeros(len(self.hours), np.int32)
        weather = 0.06 * noise(f"{code}/front", self.hours, 61) + 0.02 * noise(f"{code}/cloud", self.hours, 7)
        growth = 1 + (self.hours - REGION.first) * (0.012 * uniform(f"{code}/growth") / 8766)
        return _whole(demand_shape(self._wall(code)) * (1 + weather) * growth * size(code))

    def _interchange(self, code: str) -> Energy:
        return sum(
            (self.flow(code, other) for other in neighbours().get(code, ())), np.zeros(len(self.hours), np.int32)
        )

    def _flow(self, code: str, other: str) -> Energy:
        there = self._joined(code, other) & self._joined(other, code)
        for one, sign in ((code, 1), (other, -1)):
            if respondents()[one].generation_only:
                return sign * self._output(one, other if one == code else code) * there
        pair = f"{code}-{other}"
        usual = 2 * uniform(f"{pair}/bias") - 1
        swing = usual + noise(pair, self.hours, 29) + 0.3 * hour_shape(self._wall(min(code, other, key=_abroad)))
        return _whole(swing * (0.03 * min(size(code), size(other)))) * there

    def _output(self, code: str, other: str) -> Energy:
        """What an authority that only generates sends to one of its neighbours: everything, in equal parts."""
        others = neighbours()[code]
        total = _whole((0.55 + 0.4 * noise(f"{code}/output", self.hours, 43)) * size(code))
        equal = total // len(others)
        return total - equal * (len(others) - 1) if other == others[0] else equal

    def _sources(self, code: str) -> dict[str, Energy]:
        kinds, total = kinds_of_fuel(code), self.generation(code)
        rest = next(kind for kind in BALANCE if kind in kinds)
        wanted = {kind: self._wanted(code, kind, total) for kind in kinds if kind != rest}
        # Curtailed where the others would leave less than nothing to the source that balances.
        asked = sum((np.maximum(w, 0.0) for w in wanted.values()), np.zeros(len(total)))
        allowed = np.minimum(1.0, np.maximum(total, 0) * 0.95 / np.maximum(asked, 1.0))
        made = {kind: _whole(np.where(w > 0, w * allowed, w)) for kind, w in wanted.items()}
        return {**made, rest: total - sum(made.values(), np.zeros(len(total), np.int32))}

    def _wanted(self, code: str, kind: str, total: Energy) -> NDArray[np.float64]:
        base = size(code) * SHARES.get(kind, 0.01) * (0.6 + 0.8 * uniform(f"{code}/{kind}"))
        slow, quick = noise(f"{code}/{kind}/slow", self.hours, 97), noise(f"{code}/{kind}", self.hours, 9)
        if kind == "SUN":
            return base * sun_shape(self._wall(code)) * (0.75 + 0.25 * slow) * (0.9 + 0.1 * quick)
        if kind == "WND":
            return np.maximum(base * (0.9 + 0.8 * slow + 0.25 * quick), base * -0.01)
        if kind in ("BAT", "PS"):
            return base * 3 * hour_shape(self._wall(code)) * (0.8 + 0.2 * slow) * (self.hours >= NEW_FUELS)
        if kind == "GEO":
            return base * (1 + 0.05 * slow) * (self.hours >= NEW_FUELS)
        if kind == "NUC":
            return base * (0.95 + 0.05 * slow)
        return base * (0.8 + 0.2 * slow + 0.03 * quick) * (total / max(1.0, float(size(code))))

    def _shares(self, parent: str) -> dict[str, Energy]:
        codes, total = subregions()[parent], self.demand(parent)
        weights = {c: 0.3 + uniform(f"{parent}/{c}") for c in codes}
        scale = 1 / sum(weights.values())
        shares = {
            c: _whole(total * (weights[c] * scale) * (1 + 0.05 * noise(f"{parent}/{c}", self.hours, 19)))
            for c in codes[:-1]
        }
        return {**shares, codes[-1]: total - sum(shares.values(), np.zeros(len(total), np.int32))}


def _abroad(code: str) -> tuple[bool, str]:
    return respondents()[code].kind == "foreign", code


def _whole(values: NDArray[np.float64]) -> Energy:
    return np.rint(values).astype(np.int32)
