# SPDX-License-Identifier: Apache-2.0
"""What can be said to the training command."""

import argparse
from collections.abc import Sequence
from typing import Any

PRESETS: dict[str, dict[str, Any]] = {
    "small": {"days": 32, "patch": 24, "width": 64, "layers": 2, "heads": 4, "steps": 600, "rate": 4e-3},
    "large": {"days": 128, "patch": 2, "width": 512, "layers": 8, "heads": 8, "steps": 3_000, "rate": 5e-4},
}
"""small: minutes on two cores. large: 107,520 tokens a window of 70 series, for a GPU of 80 GB or a ring of smaller."""


def options_of(doc: str | None, arguments: Sequence[str] | None) -> argparse.Namespace:
    """What was said: a preset, and what stands beside it in its place."""
    flags = parser(doc)
    flags.set_defaults(**PRESETS[flags.parse_args(arguments).preset])
    return flags.parse_args(arguments)


def parser(doc: str | None) -> argparse.ArgumentParser:
    """Flags of `train_ring.py`; days, steps, rate and sizes have the preset's values."""
    flags = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("blocks", help="a folder of panel blocks: OUTPUT/blocks/panel, loaded with --types D,DF")
    flags.add_argument(
        "--preset", default="small", choices=list(PRESETS), help="sizes, steps and rate, as far as no flag gives them"
    )
    flags.add_argument(
        "--days",
        type=int,
        help="days a window; a multiple of twice the devices (contiguous: of the devices)",
    )
    flags.add_argument("--patch", type=int, help="hours a token, a divisor of 24; forecasts are of a day in any case")
    flags.add_argument("--width", type=int, help="of the model")
    flags.add_argument("--layers", type=int)
    flags.add_argument("--heads", type=int, help="half of them look at their own series alone")
    flags.add_argument("--steps", type=int)
    flags.add_argument("--batch", type=int, default=1, help="windows a step")
    flags.add_argument("--rate", type=float, help="highest learning rate")
    flags.add_argument("--seed", type=int, default=0, help="of weights and of the order of windows")
    flags.add_argument("--order", default="zigzag", choices=["zigzag", "contiguous"])
    flags.add_argument(
        "--ahead",
        type=int,
        default=24,
        choices=[0, 24],
        help="24: the day-ahead forecast (DF) of the target day is an input; 0: it is not",
    )
    flags.add_argument("--replicas", type=int, default=1, help="rings of equal size, each with windows of its own")
    flags.add_argument(
        "--dtype",
        default="",
        choices=["float32", "bfloat16"],
        help="of large products; weights and sums are float32 (default: bfloat16 on a GPU or TPU, float32 on a CPU)",
    )
    flags.add_argument("--devices", type=int, default=8, help="host devices a host, where there is no other kind")
    flags.add_argument("--coordinator", metavar="HOST:PORT", help="several hosts: where host 0 listens for the others")
    flags.add_argument("--hosts", type=int, default=1, help="how many")
    flags.add_argument("--host", type=int, default=0, help="which of them this is, from 0 on")
    flags.add_argument("--checkpoints", metavar="DIR", help="write checkpoints there, and go on from the last of them")
    flags.add_argument("--every", type=int, default=50, help="steps from checkpoint to checkpoint")
    flags.add_argument("--images", default="data/training", help="folder for the drawings")
    flags.add_argument("--forecasts", metavar="FILE", help="write the forecasts there, for compare_ring.py (.npz)")
    flags.add_argument("--page", help="a page to write the figures into, between its markers")
    return flags
