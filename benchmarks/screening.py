# SPDX-License-Identifier: Apache-2.0
"""Speed of the demand screening on one core: `python benchmarks/screening.py [--hours N] [--series N]`.

Prints hours a second of CPU time, and the ratio to a plain numpy rolling median of the same series in the same run.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from eia930.screening.demand import screen

_HALF = 24


def synthetic_demand(hours: int, seed: int) -> NDArray[np.float64]:
    """Return a daily and yearly course with noise, holes and a few spikes: MW, float64[hours]."""
    chance = np.random.default_rng(seed)
    at = np.arange(hours)
    course = 3000 + 600 * np.sin(at * 2 * np.pi / 24) + 500 * np.sin(at * 2 * np.pi / 8766)
    demand: NDArray[np.float64] = np.round(course + chance.normal(0, 60, hours).cumsum() % 200)
    demand[chance.random(hours) < 0.015] = np.nan
    demand[chance.random(hours) < 0.0002] *= 12
    return demand


def naive_rolling_median(demand: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the centred 48-hour median, hour by hour: what a part of the screening costs when written plainly."""
    padded = np.concatenate((np.full(_HALF, np.nan), demand, np.full(_HALF, np.nan)))
    return np.array([_median(padded[hour : hour + 2 * _HALF]) for hour in range(demand.size)])


def _median(window: NDArray[np.float64]) -> float:
    present = window[~np.isnan(window)]
    return float(np.median(present)) if present.size else float("nan")


def seconds(work: Callable[[], object]) -> float:
    """Return the CPU seconds that a call takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=int, default=100_000)
    parser.add_argument("--series", type=int, default=20)
    asked = parser.parse_args()
    frames = [synthetic_demand(asked.hours, seed) for seed in range(asked.series)]
    screen(frames[0])  # the first call loads code
    fast = min(seconds(lambda: [screen(frame) for frame in frames]) for _ in range(3))
    plain = seconds(lambda: naive_rolling_median(frames[0]))
    rate, plain_rate = asked.hours * asked.series / fast, asked.hours / plain
    print(f"screen:               {rate / 1e6:6.2f} M hours/s ({asked.series} series of {asked.hours:,} hours)")
    print(f"naive rolling median: {plain_rate / 1e6:6.3f} M hours/s (one of the screening's dozen statistics)")
    print(f"ratio:                {rate / plain_rate:6.0f}")


if __name__ == "__main__":
    main()
