# SPDX-License-Identifier: Apache-2.0
"""Train a small model on day patches of every demand series, over a ring of eight devices, and score a later year.

    python examples/train_ring.py data/blocks/panel

Devices are those that JAX finds; on a machine without any but its CPU, eight host devices. Needs jax and matplotlib.
Several hosts: the same command on each, with --coordinator=HOST:PORT (of host 0), --hosts=N and --host=0 to N - 1.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ringtrain.options import options_of

if TYPE_CHECKING:
    from ringtrain.training import Result


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, score, draw; 1 where the model does not beat both naive forecasts, 2 where the choices do not fit."""
    options = options_of(__doc__, arguments)
    flags = os.environ.get("XLA_FLAGS", "")
    os.environ["XLA_FLAGS"] = f"{flags} --xla_force_host_platform_device_count={options.devices}"  # before jax starts
    os.environ.setdefault("MPLBACKEND", "agg")
    from ringtrain.errors import PlanError
    from ringtrain.hosts import Hosts, first, join
    from ringtrain.plan import Plan
    from ringtrain.training import run

    from ringdata.errors import RingDataError

    plan = Plan(
        folder=options.blocks,
        days=options.days,
        steps=options.steps,
        batch=options.batch,
        rate=options.rate,
        seed=options.seed,
        order=options.order,
        ahead=options.ahead,
        patch=options.patch,
        width=options.width,
        layers=options.layers,
        heads=options.heads,
        checkpoints=Path(options.checkpoints) if options.checkpoints else None,
        every=options.every,
        replicas=options.replicas,
        dtype=options.dtype,
    )
    begun = time.perf_counter(), time.process_time()

    def tell(line: str) -> None:
        if first():
            print(line, flush=True)

    try:
        if options.coordinator:
            join(Hosts(options.coordinator, options.hosts, options.host))
        result = run(plan, tell=tell)
    except (PlanError, RingDataError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if first():
        _tell(result, options, begun)
    return int(not result.beats_naive)


def _tell(result: "Result", options: argparse.Namespace, begun: tuple[float, float]) -> None:
    print(f"{time.perf_counter() - begun[0]:.0f} s, {time.process_time() - begun[1]:.0f} s of CPU")
    result.draw(Path(options.images))
    print(result.text)
    if options.forecasts:
        result.forecasts.write(Path(options.forecasts))
    if options.page:
        result.write(Path(options.page))


if __name__ == "__main__":
    sys.exit(main())
