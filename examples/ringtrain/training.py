# SPDX-License-Identifier: Apache-2.0
"""The whole of the example: train over the ring, score the test split, say and draw what was found."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as P
from numpy.typing import NDArray

from ringtrain.checks import check_batch, check_days, check_model, check_series, check_starts, panel_slots
from ringtrain.devices import EXACT, TOKENS, best_type, rings
from ringtrain.drawing import draw_forecasts, draw_loss
from ringtrain.errors import PlanError
from ringtrain.forecasts import Forecasts
from ringtrain.learning import begin, forecaster, mean_error, stepper
from ringtrain.loading import DAY, Panel
from ringtrain.model import Shape, Weights, digest, start
from ringtrain.page import table, write_between
from ringtrain.plan import Plan
from ringtrain.progress import Progress
from ringtrain.scores import WEEK, Days, Scores, add_up, area, forecast_days
from ringtrain.widths import drawn_out, widths_of

if TYPE_CHECKING:
    from ringtrain.checkpoints import Checkpoints

NAMES = ("ERCO", "CISO", "PJM", "MISO", "NYIS", "BPAT")
LOOKS = 10  # at validation, over the whole training


@dataclass(frozen=True, slots=True)
class Result:
    """Curves in standard deviations, scored days, and scores of the test split; `about` says what was trained on."""

    train: list[float]
    validation: list[tuple[int, float]]
    days: list[Days]
    series: tuple[str, ...]
    scores: Scores
    about: str

    @property
    def beats_naive(self) -> bool:
        """Whether the model's error is below both naive ones, in the mean over series."""
        model, day, week, _ = (found["mean"] for found in self.scores.named().values())
        return model < min(day, week)

    @property
    def text(self) -> str:
        """The figures as Markdown."""
        names = tuple(name for name in NAMES if name in self.scores.series)
        return f"{self.about}\n\n{table(self.scores, names)}"

    def draw(self, folder: Path) -> None:
        """`training-loss.png` and `training-forecasts.png`."""
        draw_loss(folder / "training-loss.png", self.train, self.validation)
        drawn = [name for name in NAMES if name in self.series][:3] or self.series[:1]
        shown = self.days[len(self.days) // 2]
        places = [(self.series.index(name), name) for name in drawn]
        draw_forecasts(folder / "training-forecasts.png", shown, places)

    @property
    def forecasts(self) -> Forecasts:
        """Of every day of the test split that was scored."""
        first = [day.first_hour + DAY * np.arange(len(day.demand)) for day in self.days]
        demand, scored = (np.concatenate([getattr(day, what) for day in self.days]) for what in ("demand", "scored"))
        quantiles = np.concatenate([day.quantiles for day in self.days], axis=1)
        return Forecasts(self.series, np.concatenate(first), demand, quantiles, scored)

    def write(self, page: Path) -> None:
        """The same figures into a page."""
        write_between(page, "figures", self.text)


def run(plan: Plan, *, tell: Callable[[str], None]) -> Result:
    """Train on train, watch validation, score test. The same plan on the same data gives the same result.

    With checkpoints it is the same also where it was killed in between, on as many devices.
    PlanError or RingDataError, before anything is compiled, where the plan does not fit.
    """
    with jax.default_matmul_precision(EXACT):
        return _run(replace(plan, dtype=plan.dtype or best_type()), tell)


def _run(plan: Plan, tell: Callable[[str], None]) -> Result:
    mesh, slots = rings(plan.replicas), panel_slots(plan.folder)
    check_model(patch=plan.patch, width=plan.width, layers=plan.layers, heads=plan.heads)
    check_days(plan.days, devices=mesh.shape[TOKENS], order=plan.order, least=WEEK)
    panel = partial(_panel, plan, mesh, slots)
    train, validation, test = (panel(split) for split in ("train", "validation", "test"))
    _check(plan, train, validation, test)
    shape = plan.shape(train.patches.names)
    tell(_devices(plan, mesh, slots, shape))
    saved = _checkpoints(plan, train)
    done = _train(plan, train, validation, shape, saved=saved, tell=tell)
    forecast = partial(forecaster(shape, mesh), done.state.weights)
    widths = widths_of(list(forecast_days(validation, forecast)))
    days = [drawn_out(day, widths) for day in forecast_days(test, forecast)]
    scores = add_up(test, days)
    series = tuple(area(row["series_id"]) for row in test.series)
    return Result(done.losses, done.seen, days, series, scores, _about(plan, mesh, train, days, scores))


def _panel(plan: Plan, mesh: Mesh, slots: int, split: str) -> Panel:
    return Panel(
        plan.folder,
        split,
        days=plan.days,
        slots=slots,
        mesh=mesh,
        order=plan.order,
        seed=plan.seed,
        ahead=plan.ahead,
        parts=DAY // plan.patch,
    )


def _check(plan: Plan, train: Panel, *others: Panel) -> None:
    """Every split has windows, and train enough of them for a step."""
    check_series(train)
    check_batch(plan.batch, train, replicas=plan.replicas)
    for panel in others:
        check_starts(panel)


def _checkpoints(plan: Plan, train: Panel) -> "Checkpoints | None":
    """Orbax is loaded where it is asked for."""
    if plan.checkpoints is None:
        return None
    try:
        from ringtrain.checkpoints import Checkpoints
    except ModuleNotFoundError:
        raise PlanError("--checkpoints needs orbax: pip install orbax-checkpoint") from None
    return Checkpoints(plan.checkpoints, every=plan.every, about=plan.about(train))


def _train(
    plan: Plan,
    train: Panel,
    validation: Panel,
    shape: Shape,
    *,
    saved: "Checkpoints | None",
    tell: Callable[[str], None],
) -> Progress:
    """After the last step: weights, the loss of each step, and validation loss now and then."""
    state = jax.device_put(begin(start(shape, seed=plan.seed)), NamedSharding(train.mesh, P()))
    done = _resumed(Progress(state), saved, tell)
    step = stepper(shape, train.mesh, steps=plan.steps, rate=plan.rate)
    look = jax.jit(mean_error(shape, train.mesh))
    held_out = [validation.alike(index) for index in validation.starts[:: plan.days - WEEK]]
    every = max(1, plan.steps // LOOKS)
    for windows in islice(_batches(train, plan.batch), done.step, plan.steps):
        if done.step % every == 0:
            _look(done, partial(_mean, look, done.state.weights, held_out), every, tell)
        done.state, loss = step(done.state, train.batch(windows))
        done.losses.append(float(loss))
        if saved and saved.keep(done, last=plan.steps):
            tell(f"kept step {done.step}")
    _look(done, partial(_mean, look, done.state.weights, held_out), every, tell)
    tell(f"weights {digest(done.state.weights)}")
    return done


def _resumed(done: Progress, saved: "Checkpoints | None", tell: Callable[[str], None]) -> Progress:
    if saved is None or saved.last is None:
        return done
    tell(f"resumed after step {saved.last}")
    return saved.resumed(done)


def _look(done: Progress, loss: Callable[[], float], every: int, tell: Callable[[str], None]) -> None:
    done.seen.append((done.step, loss()))
    tell(_line(done.step, done.losses[-every:], done.seen[-1][1]))


def _mean(look: Callable[..., jax.Array], weights: Weights, batches: list[dict[str, jax.Array]]) -> float:
    """Each is read before the next begins: hundreds in flight on one host's devices wait for each other for ever."""
    return float(np.mean([float(look(weights, batch)) for batch in batches]))


def _line(step: int, losses: list[float], validation: float) -> str:
    train = f"{np.mean(losses):.4f}" if losses else "-"
    return f"step {step:4}  train {train:6}  validation {validation:.4f}"


def _batches(panel: Panel, size: int) -> Iterator[NDArray[np.int64]]:
    """Windows of epoch after epoch; all ranks take the same."""
    for epoch in count():
        order = panel.epoch(epoch)
        for first in range(0, len(order) - size + 1, size):
            yield order[first : first + size]


def _devices(plan: Plan, mesh: Mesh, slots: int, shape: Shape) -> str:
    values = plan.days * DAY * slots
    return (
        f"{_rings(mesh)} ({mesh.devices.flat[0].device_kind}), {plan.order}, {plan.dtype}; a window is {plan.days} "
        f"days of {slots} slots = {values:,} hourly values, {values // mesh.shape[TOKENS]:,} a rank; "
        f"{plan.days * shape.slots:,} tokens of {shape.series} series"
    )


def _rings(mesh: Mesh) -> str:
    replicas, size = mesh.devices.shape
    return f"{replicas} rings of {size} devices" if replicas > 1 else f"{size} devices"


def _input(plan: Plan) -> str:
    return "with the target day's DF as an input" if plan.ahead else "without DF as an input"


def _about(plan: Plan, mesh: Mesh, train: Panel, days: list[Days], scores: Scores) -> str:
    """What the figures are of, in a sentence or two."""
    observed = sum(row["train_count"] for row in train.series)
    scored = np.concatenate([one.first_hour + np.flatnonzero(one.scored.any(axis=1)) for one in days])
    begun, ended = (f"{np.datetime64(hour, 'h').astype('datetime64[D]')}" for hour in scored[[0, -1]].tolist())
    windows = f"{plan.batch} window{'s' * (plan.batch > 1)} of {plan.days} days"
    return (
        f"{plan.steps} steps of {windows}, {_rings(mesh)}, `{plan.order}`, {plan.dtype}, seed {plan.seed}, "
        f"{_input(plan)}; {len(train.series)} series with {observed:,} observed train hours. Mean "
        f"absolute error as a share of mean demand, {begun} to {ended}, over the {int(scores.hours.sum()):,} hours at "
        f"which demand and all four are known:"
    )
