# SPDX-License-Identifier: Apache-2.0
"""What the ablation over context found: a table, and its curve."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ringtrain.ablation import Found
from ringtrain.drawing import one_axis, save

HELD_AGAINST = 7
"""Days: what a longer context has to be better than."""


def table(found: Sequence[Found]) -> str:
    """Markdown: a row a context, means over its seeds, and the lowest and highest of them."""
    lines = [
        "| context | seeds | validation, mean of areas | test, mean of areas | lowest to highest "
        f"| beside {HELD_AGAINST} days, same seeds | quantile loss | hours in the 80 % interval |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for days, group in _by_days(found):
        errors = [one.test.error for one in group]
        lines.append(
            f"| {days} {'day' if days == 1 else 'days'} | {len(group)} "
            f"| {np.mean([one.validation.error for one in group]):.2%} | {np.mean(errors):.2%} "
            f"| {min(errors):.2%} to {max(errors):.2%} | {_beside(group, found)} "
            f"| {np.mean([one.test.loss for one in group]):.2%} | {np.mean([one.test.covered for one in group]):.0%} |"
        )
    return "\n".join(lines)


def draw(path: Path, found: Sequence[Found]) -> None:
    """Error on test by context: each seed a dot, and the line of their means; validation beside it."""
    figure, axis = one_axis()
    for split, colour in (("test", "#c2410c"), ("validation", "#94a3b8")):
        dots = [(one.cell.days, 100 * getattr(one, split).error) for one in found]
        axis.plot(*zip(*dots, strict=True), color=colour, marker="o", markersize=3.5, linestyle="none", alpha=0.6)
        means = [(days, 100 * np.mean([getattr(one, split).error for one in group])) for days, group in _by_days(found)]
        axis.plot(*zip(*means, strict=True), color=colour, label=f"{split}, mean of seeds")
    contexts = sorted({one.cell.days for one in found})
    axis.set_xscale("log")
    axis.set_xticks(contexts, [str(days) for days in contexts], minor=False)
    axis.minorticks_off()
    axis.set(xlabel="days of context", ylabel="mean absolute error, % of mean demand")
    axis.legend(frameon=False)
    save(figure, path)


def _by_days(found: Sequence[Found]) -> Iterator[tuple[int, list[Found]]]:
    for days in sorted({one.cell.days for one in found}):
        yield days, [one for one in found if one.cell.days == days]


def _beside(group: Sequence[Found], found: Sequence[Found]) -> str:
    """The relative change of the test error against the same seeds' of HELD_AGAINST days."""
    other = {one.cell.seed: one.test.error for one in found if one.cell.days == HELD_AGAINST}
    pairs = [(one.test.error, other[one.cell.seed]) for one in group if one.cell.seed in other]
    if not pairs or group[0].cell.days == HELD_AGAINST:
        return ""
    here, there = np.mean(pairs, axis=0)
    return f"{here / there - 1:+.1%}"
