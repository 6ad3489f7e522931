# SPDX-License-Identifier: Apache-2.0
"""A training that was stopped goes on where it was, to the bit: weights, Adam's means, curves, and what they rest on.

Orbax writes a checkpoint beside its place and renames it when it is whole, so a kill leaves the one before.
"""

import logging
from pathlib import Path
from typing import Any

import jax
import orbax.checkpoint as ocp

from ringtrain.errors import PlanError
from ringtrain.progress import Progress

KEPT = 2
"""Checkpoints: the newest, and the one before it."""


class Checkpoints:
    """Those of one training in a folder, which all hosts share. `about` is what a training must have in common with it.

    PlanError in one line where the folder holds the checkpoints of another training, or one that cannot be read.
    """

    def __init__(self, folder: Path, *, every: int, about: dict[str, Any]) -> None:
        if every < 1:
            raise PlanError(f"--every={every}: give 1 step or more from checkpoint to checkpoint")
        if folder.exists() and not folder.is_dir():
            raise PlanError(f"--checkpoints={folder}: that is no folder")
        logging.getLogger("absl").setLevel(logging.CRITICAL)  # orbax logs what is raised as well, and told in one line
        self._folder, self._every, self._about = folder, every, about
        options = ocp.CheckpointManagerOptions(max_to_keep=KEPT, enable_async_checkpointing=False)
        try:
            self._manager = ocp.CheckpointManager(folder.absolute(), options=options)
        except OSError as error:
            raise PlanError(f"--checkpoints={folder}: {error.strerror}") from None
        self.last: int | None = self._manager.latest_step()
        if self.last is not None:
            self._told = self._read(told=ocp.args.JsonRestore()).told
            self._check(self._told["about"])

    def resumed(self, progress: Progress) -> Progress:
        """The last that was kept, on the devices of `progress`; that itself where there is none."""
        if self.last is None:
            return progress
        wanted = jax.tree.map(ocp.utils.to_shape_dtype_struct, progress.state)
        state = self._read(state=ocp.args.StandardRestore(wanted)).state
        return Progress(state, self._told["losses"], [(step, loss) for step, loss in self._told["seen"]])

    def keep(self, progress: Progress, *, last: int) -> bool:
        """Write it down where it is time, and after step `last`."""
        step = progress.step
        if step % self._every and step != last:
            return False
        told = {"about": self._about, "losses": progress.losses, "seen": progress.seen}
        args = ocp.args.Composite(state=ocp.args.StandardSave(progress.state), told=ocp.args.JsonSave(told))
        return bool(self._manager.save(step, args=args, force=True))

    def close(self) -> None:
        """No more are written."""
        self._manager.close()

    def _read(self, **parts: Any) -> Any:
        try:
            return self._manager.restore(self.last, args=ocp.args.Composite(**parts))
        except Exception as error:  # what orbax and tensorstore raise for files that are damaged is not documented
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise PlanError(
                f"--checkpoints={self._folder}: step {self.last} cannot be read ({reason}); remove its folder"
            ) from None

    def _check(self, kept: dict[str, Any]) -> None:
        names = [name for name, value in self._about.items() if kept.get(name) != value]
        if names:
            there, here = (", ".join(f"{name} {one.get(name)}" for name in names) for one in (kept, self._about))
            raise PlanError(
                f"--checkpoints={self._folder}: that training has {there}, not {here}; say the same, or "
                "give another folder"
            )
