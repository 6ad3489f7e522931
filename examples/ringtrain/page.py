# SPDX-License-Identifier: Apache-2.0
"""Figures as Markdown, written between two markers of a page, so that none is typed."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ringtrain.scores import Scores

WORDS = {
    "model": "the model",
    "naive_24": "the same hour a day before",
    "naive_168": "the same hour a week before",
    "day_ahead": "published day-ahead forecast (DF)",
}


def table(scores: "Scores", names: tuple[str, ...]) -> str:
    """Markdown: all series together, and some by name; errors as a share of mean demand, and the model's quantiles."""
    lines = [
        f"| | mean of {len(scores.series)} areas | median | model better in | {' | '.join(names)} |",
        "|---|---|---|---|" + "---|" * len(names),
    ]
    places = [scores.series.index(name) for name in names]
    for row, (method, found) in enumerate(scores.named().items()):
        better = "" if method == "model" else f"{found['beaten_in']} of {len(scores.series)}"
        shares = " | ".join(f"{scores.shares[row, place]:.1%}" for place in places)
        lines.append(f"| {WORDS[method]} | {found['mean']:.1%} | {found['median']:.1%} | {better} | {shares} |")
    loss, held = scores.loss / scores.demand, scores.covered
    told = (
        f"The model's nine quantiles: weighted quantile loss {loss.mean():.1%} in the mean of areas, "
        f"{np.median(loss):.1%} in the median; the interval from 0.1 to 0.9 holds {held.mean():.0%} of the hours "
        f"({held.min():.0%} to {held.max():.0%} by area)."
    )
    return "\n".join([*lines, "", told])


def write_between(page: Path, marker: str, text: str) -> None:
    """Replace what stands between `<!-- marker -->` and `<!-- /marker -->`; SystemExit where they are not."""
    begin, end = f"<!-- {marker} -->", f"<!-- /{marker} -->"
    before, found, rest = page.read_text("utf-8").partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise SystemExit(f"{page} has no {begin} … {end}: put both where the figures should stand")
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}", "utf-8")
