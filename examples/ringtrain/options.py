# SPDX-License-Identifier: Apache-2.0
"""What can be said to the training command."""

import argparse


def parser(doc: str | None) -> argparse.ArgumentParser:
    """Flags of `train_ring.py`."""
    flags = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("blocks", help="a folder of panel blocks: OUTPUT/blocks/panel, loaded with --types D,DF")
    flags.add_argument(
        "--days",
        type=int,
        default=32,
        help="days a window; a multiple of twice the devices (contiguous: of the devices)",
    )
    flags.add_argument("--steps", type=int, default=300)
    flags.add_argument("--batch", type=int, default=1, help="windows a step")
    flags.add_argument("--rate", type=float, default=4e-3, help="highest learning rate")
    flags.add_argument("--seed", type=int, default=0, help="of weights and of the order of windows")
    flags.add_argument("--order", default="zigzag", choices=["zigzag", "contiguous"])
    flags.add_argument(
        "--ahead",
        type=int,
        default=24,
        choices=[0, 24],
        help="24: the day-ahead forecast (DF) of the target day is an input; 0: it is not",
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
