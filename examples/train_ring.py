# SPDX-License-Identifier: Apache-2.0
"""Train a small model on day patches of every demand series, over a ring of eight devices, and score a later year.

    python examples/train_ring.py data/blocks/panel

Devices are those that JAX finds; on a machine without any but its CPU, eight host devices. Needs jax and matplotlib.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, score, draw; 1 where the model does not beat both naive forecasts, 2 where the choices do not fit."""
    options = _parser().parse_args(arguments)
    flags = os.environ.get("XLA_FLAGS", "")
    os.environ["XLA_FLAGS"] = f"{flags} --xla_force_host_platform_device_count={options.devices}"  # before jax starts
    os.environ.setdefault("MPLBACKEND", "agg")
    from ringtrain.checks import PlanError
    from ringtrain.training import Plan, run

    from ringdata.errors import RingDataError

    plan = Plan(
        folder=options.blocks,
        days=options.days,
        steps=options.steps,
        batch=options.batch,
        rate=options.rate,
        seed=options.seed,
        order=options.order,
    )
    begun = time.perf_counter(), time.process_time()
    try:
        result = run(plan, tell=lambda line: print(line, flush=True))
    except (PlanError, RingDataError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{time.perf_counter() - begun[0]:.0f} s, {time.process_time() - begun[1]:.0f} s of CPU")
    result.draw(Path(options.images))
    print(result.text)
    if options.page:
        result.write(Path(options.page))
    return int(not result.beats_naive)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("blocks", help="a folder of panel blocks: OUTPUT/blocks/panel, loaded with --types D,DF")
    parser.add_argument(
        "--days",
        type=int,
        default=32,
        help="days a window; a multiple of twice the devices (contiguous: of the devices)",
    )
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--batch", type=int, default=1, help="windows a step")
    parser.add_argument("--rate", type=float, default=4e-3, help="highest learning rate")
    parser.add_argument("--seed", type=int, default=0, help="of weights and of the order of windows")
    parser.add_argument("--order", default="zigzag", choices=["zigzag", "contiguous"])
    parser.add_argument("--devices", type=int, default=8, help="host devices, where there is no other kind")
    parser.add_argument("--images", default="data/training", help="folder for the drawings")
    parser.add_argument("--page", help="a page to write the figures into, between its markers")
    return parser


if __name__ == "__main__":
    sys.exit(main())
