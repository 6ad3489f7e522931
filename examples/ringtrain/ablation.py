# SPDX-License-Identifier: Apache-2.0
"""The same model with several contexts, from several seeds: what is done is kept, and the rest is trained.

Killed at any moment a cell goes on from its last checkpoint, and one that is done is read from its file: the figures
are those of a run that nobody stopped.
"""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from pathlib import Path

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as P

from ringdata import RingBlocks, hour
from ringtrain.calendar import FEATURES
from ringtrain.checkpoints import Checkpoints
from ringtrain.checks import panel_slots
from ringtrain.devices import EXACT, rings
from ringtrain.errors import PlanError
from ringtrain.learning import Batch, State, begin, forecaster, stepper
from ringtrain.learning import Found as Quantiles
from ringtrain.model import Shape, Weights, digest, start
from ringtrain.outcome import Outcome, score
from ringtrain.progress import Progress
from ringtrain.record import DailyRecord, read_record
from ringtrain.stretches import Stretches

DAY_BEGINS = hour("2019-01-01T06")
"""Hour ending, UTC: midnight in New York, winter time; as in the training."""


@dataclass(frozen=True, slots=True)
class Ablation:
    """What all cells have in common; `work` is the folder of what is done. `stretch` days a step, cut into windows."""

    folder: str
    work: Path
    areas: tuple[str, ...]
    stretch: int
    steps: int
    rate: float
    ahead: int
    every: int


@dataclass(frozen=True, slots=True)
class Cell:
    """All that the figures rest on: `days` of context, a seed, and what is the same for all of an ablation."""

    days: int
    seed: int
    stretch: int
    steps: int
    rate: float
    ahead: int
    areas: str
    fingerprint: str

    @property
    def name(self) -> str:
        """Of its folder."""
        return f"{self.days}-days-seed-{self.seed}"


@dataclass(frozen=True, slots=True)
class Found:
    """What came of a cell; `weights` is a digest of them."""

    cell: Cell
    weights: str
    validation: Outcome
    test: Outcome


def run(plan: Ablation, contexts: Sequence[int], seeds: Sequence[int], *, tell: Callable[[str], None]) -> list[Found]:
    """Train these cells, those of the first seed first, and give all that are done, by context and seed.

    PlanError or RingDataError, before anything is trained, where the choices do not fit.
    """
    with jax.default_matmul_precision(EXACT):
        return _run(plan, contexts, seeds, tell)


def _run(plan: Ablation, contexts: Sequence[int], seeds: Sequence[int], tell: Callable[[str], None]) -> list[Found]:
    slots = panel_slots(plan.folder)
    try:
        record = read_record(plan.folder, plan.areas, begins=DAY_BEGINS)
    except ValueError as error:
        raise PlanError(f"--areas={','.join(plan.areas)}: {error}") from None
    print_of = RingBlocks(plan.folder, split="train", context=slots).fingerprint
    cells = [_cell(plan, days, seed, print_of) for seed in seeds for days in contexts]
    trainer = Trainer(plan, record)
    for days in contexts:
        trainer.stretches(days).check()
    for cell in cells:
        found = found_in(plan.work, cell)
        if found is None:
            found = trainer.train(cell, tell=tell)
        tell(f"{cell.name}: validation {found.validation.error:.3%}, test {found.test.error:.3%}")
    everything = (_cell(plan, int(days), int(seed), print_of) for days, seed in sorted(_done(plan.work)))
    return [found for cell in everything if (found := found_in(plan.work, cell)) is not None]


def found_in(work: Path, cell: Cell) -> Found | None:
    """What was found before, if anything; PlanError where that rests on something else."""
    path = work / cell.name / "found.json"
    if not path.exists():
        return None
    held = json.loads(path.read_text("utf-8"))
    other = [name for name, value in asdict(cell).items() if held["cell"].get(name) != value]
    if other:
        raise PlanError(f"{path} rests on other {', '.join(other)}; say the same, or give another --work")
    return Found(cell, held["weights"], Outcome(**held["validation"]), Outcome(**held["test"]))


def _cell(plan: Ablation, days: int, seed: int, fingerprint: str) -> Cell:
    areas = ",".join(plan.areas)
    return Cell(days, seed, plan.stretch, plan.steps, plan.rate, plan.ahead, areas, fingerprint)


def _done(work: Path) -> set[tuple[int, int]]:
    """Days and seeds of which something lies there."""
    names = (path.parent.name.split("-") for path in work.glob("*-days-seed-*/found.json"))
    return {(int(days), int(seed)) for days, _, _, seed in names}


@dataclass(frozen=True)
class Trainer:
    """Trains cells one after the other; what is compiled for a context serves all of its seeds."""

    plan: Ablation
    record: DailyRecord

    def stretches(self, days: int) -> Stretches:
        """What a context is trained on."""
        return Stretches(self.record, days, self._mesh, ahead=self._shape.ahead, stretch=self.plan.stretch)

    def train(self, cell: Cell, *, tell: Callable[[str], None]) -> Found:
        """From where it stands to its last step; what it scores is written down."""
        folder = self.plan.work / cell.name
        saved = Checkpoints(folder / "checkpoints", every=self.plan.every, about=asdict(cell))
        weights = self._weights(cell, saved, tell)
        saved.close()
        scored = partial(score, partial(self._forecast, weights), self.stretches(cell.days))
        found = Found(cell, digest(weights), scored("validation"), scored("test"))
        part = folder / "found.part"
        part.write_text(json.dumps(asdict(found), indent=1) + "\n", "utf-8")
        os.replace(part, folder / "found.json")  # whole, or not there
        return found

    def _weights(self, cell: Cell, saved: Checkpoints, tell: Callable[[str], None]) -> Weights:
        """After the last step."""
        state = begin(start(self._shape, seed=cell.seed))
        done = saved.resumed(Progress(jax.device_put(state, NamedSharding(self._mesh, P()))))
        if done.step:
            tell(f"{cell.name}: resumed after step {done.step}")
        stretches = self.stretches(cell.days)
        while done.step < cell.steps:
            done.state, loss = self._step(done.state, stretches.train(cell.seed, done.step))
            done.losses.append(float(loss))
            if saved.keep(done, last=cell.steps):
                tell(f"{cell.name}: kept step {done.step}, loss {np.mean(done.losses[-20:]):.4f}")
        return done.state.weights

    @cached_property
    def _mesh(self) -> Mesh:
        return rings(1)

    @cached_property
    def _shape(self) -> Shape:
        return Shape(series=len(self.record.areas), ahead=self.plan.ahead > 0, calendar=FEATURES)

    @cached_property
    def _step(self) -> Callable[[State, Batch], tuple[State, jax.Array]]:
        return stepper(self._shape, self._mesh, steps=self.plan.steps, rate=self.plan.rate)

    @cached_property
    def _forecast(self) -> Callable[[Weights, Batch], Quantiles]:
        return forecaster(self._shape, self._mesh)
