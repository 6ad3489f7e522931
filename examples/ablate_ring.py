# SPDX-License-Identifier: Apache-2.0
"""Does a longer context help? The same model with 1, 7, 28, 91 and 364 days of it, from three seeds each.

    python examples/ablate_ring.py data/blocks/panel --work=data/training/ablation

May be killed at any moment: the same command goes on from the last checkpoint, and ends with the same figures to the
bit. --contexts and --seeds train some of the cells alone; the table holds all that are done.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

CONTEXTS = (1, 7, 28, 91, 364)
AREAS = ("ERCO", "CISO", "PJM", "MISO", "NYIS", "BPAT", "ISNE", "SWPP")


def main(arguments: Sequence[str] | None = None) -> int:
    """Train what is not done, and print the table; 2 where the choices do not fit."""
    options = _parser().parse_args(arguments)
    flags = os.environ.get("XLA_FLAGS", "")
    os.environ["XLA_FLAGS"] = f"{flags} --xla_force_host_platform_device_count={options.devices}"  # before jax starts
    os.environ.setdefault("MPLBACKEND", "agg")
    try:
        from ringtrain.ablation import Ablation, run
        from ringtrain.contexts import draw, table
    except ModuleNotFoundError as error:
        print(f"error: {error.name} is not installed: pip install '.[jax]'", file=sys.stderr)
        return 2
    from ringtrain.errors import PlanError
    from ringtrain.page import write_between

    from ringdata.errors import RingDataError

    _keep_compiled(Path(options.work) / "compiled")
    ablation = Ablation(
        options.blocks,
        work=Path(options.work),
        areas=tuple(options.areas),
        stretch=options.stretch,
        steps=options.steps,
        rate=options.rate,
        ahead=options.ahead,
        every=options.every,
    )
    try:
        found = run(ablation, options.contexts, options.seeds, tell=lambda line: print(line, flush=True))
    except (PlanError, RingDataError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    text = table(found)
    print(text)
    draw(Path(options.images) / "training-contexts.png", found)
    if options.page:
        write_between(Path(options.page), "contexts", text)
    return 0


def _keep_compiled(folder: Path) -> None:
    """Seeds of a context share a program, also where each is trained by a command of its own."""
    import jax

    jax.config.update("jax_compilation_cache_dir", str(folder.absolute()))


def _parser() -> argparse.ArgumentParser:
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("blocks", help="a folder of panel blocks: OUTPUT/blocks/panel, loaded with --types D,DF")
    flags.add_argument("--work", default="data/training/ablation", help="folder for checkpoints and what was found")
    flags.add_argument("--contexts", type=_numbers, default=CONTEXTS, help="days, each a divisor of --stretch")
    flags.add_argument("--seeds", type=_numbers, default=(0, 1, 2))
    flags.add_argument("--areas", type=lambda text: text.split(","), default=AREAS, help="codes, with commas")
    flags.add_argument("--stretch", type=int, default=364, help="days of a step, the same for every context")
    flags.add_argument("--steps", type=int, default=150)
    flags.add_argument("--rate", type=float, default=4e-3, help="highest learning rate")
    flags.add_argument("--ahead", type=int, default=0, choices=[0, 24], help="24: the target day's DF is an input")
    flags.add_argument("--devices", type=int, default=2, help="host devices, where there is no other kind")
    flags.add_argument("--every", type=int, default=50, help="steps from checkpoint to checkpoint")
    flags.add_argument("--images", default="data/training", help="folder for the drawing")
    flags.add_argument("--page", help="a page to write the table into, between its markers")
    return flags


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


if __name__ == "__main__":
    sys.exit(main())
