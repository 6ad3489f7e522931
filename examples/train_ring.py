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

if TYPE_CHECKING:
    from ringtrain.training import Result


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, score, draw; 1 where the model does not beat both naive forecasts, 2 where the choices do not fit."""
    options = _parser().parse_args(arguments)
    flags = os.environ.get("XLA_FLAGS", "")
    os.environ["XLA_FLAGS"] = f"{flags} --xla_force_host_platform_device_count={options.devices}"  # before jax starts
    os.environ.setdefault("MPLBACKEND", "agg")
    from ringtrain.checks import PlanError
    from ringtrain.hosts import Hosts, first, join
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
    if options.page:
        result.write(Path(options.page))


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
    parser.add_argument("--devices", type=int, default=8, help="host devices a host, where there is no other kind")
    parser.add_argument("--coordinator", metavar="HOST:PORT", help="several hosts: where host 0 listens for the others")
    parser.add_argument("--hosts", type=int, default=1, help="how many")
    parser.add_argument("--host", type=int, default=0, help="which of them this is, from 0 on")
    parser.add_argument("--images", default="data/training", help="folder for the drawings")
    parser.add_argument("--page", help="a page to write the figures into, between its markers")
    return parser


if __name__ == "__main__":
    sys.exit(main())
