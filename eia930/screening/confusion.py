# SPDX-License-Identifier: Apache-2.0
"""Hold the demand screening against published labels: `python -m eia930.screening.confusion --labels PATH --rows PATH`.

Prints a markdown table, one row a class; with `--docs` it also replaces the table between the page's markers.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from eia930.reference.hours import parse_hour, stamp
from eia930.reference.routes import REGION
from eia930.reference.series import SeriesKey
from eia930.screening.demand import screen
from eia930.screening.flags import FLAGS
from eia930.screening.frames import hours_of, on_frame, read_frames

PUBLISHED = {
    "OKAY": "",
    "MISSING": "missing",
    "NEG_OR_ZERO": "negative_or_zero",
    "IDENTICAL_RUN": "identical_run",
    "GLOBAL_DEM": "global_outlier",
    "GLOBAL_DEM_PLUS_MINUS": "global_outlier_neighbor",
    "LOCAL_DEM_UP": "local_outlier_high",
    "LOCAL_DEM_DOWN": "local_outlier_low",
    "DELTA": "double_delta",
    "SINGLE_DELTA": "single_delta",
    "ANOMALOUS_REGION": "anomalous_region",
}
CLASSES = (*FLAGS, "missing")
_BEGIN, _END = "<!-- confusion: begin -->", "<!-- confusion: end -->"


def confusion(labels: Path, rows: Path, *, first: int, last: int) -> NDArray[np.int64]:
    """Screen every labelled respondent over the frame first … last; int64[published class, found class].

    `labels`: period, respondent, category; `rows`: period, respondent, type, value. Classes are `CLASSES`.
    """
    starts, frames = read_frames(rows, REGION)
    matrix = np.zeros((len(CLASSES), len(CLASSES)), dtype=np.int64)
    for respondent, hours, truth in _published(labels):
        series_id = SeriesKey(REGION, respondent, "D").id
        if series_id not in frames:
            raise ValueError(f"{rows}: no demand of {respondent}, which {labels} has labels for")
        demand = on_frame(frames[series_id], starts=starts, first=first, last=last)
        found = np.where(np.isnan(demand), len(FLAGS), screen(demand).code)
        np.add.at(matrix, (truth, found[hours - first]), 1)
    return matrix


def _published(labels: Path) -> Iterator[tuple[str, NDArray[np.int64], NDArray[np.int64]]]:
    """Yield each respondent's labelled hours and their classes, in the order of the codes."""
    table = pq.read_table(labels, columns=["period", "respondent", "category"])
    known = pc.index_in(pc.cast(table["category"], pa.string()), pa.array(PUBLISHED))
    classes = np.array([CLASSES.index(name) for name in PUBLISHED.values()])[known.to_numpy()]
    hours = hours_of(table["period"])
    keys = pc.cast(table["respondent"], pa.string()).combine_chunks().dictionary_encode()
    for name in sorted(keys.dictionary.to_pylist()):
        mine = keys.indices.to_numpy() == keys.dictionary.index(pa.scalar(name)).as_py()
        yield name, hours[mine], classes[mine]


def as_markdown(matrix: NDArray[np.int64]) -> str:
    """One row a class: published, found, both, recall and precision; then what differs, if anything."""
    lines = ["| class | published | found | both | recall | precision |", "|---|--:|--:|--:|--:|--:|"]
    for index, name in enumerate(CLASSES):
        truth, found, both = int(matrix[index].sum()), int(matrix[:, index].sum()), int(matrix[index, index])
        shares = " | ".join(f"{both / n:.4f}" if n else "–" for n in (truth, found))
        lines.append(f"| {name or '(nothing found)'} | {truth:,} | {found:,} | {both:,} | {shares} |")
    wrong = int(matrix.sum() - np.trace(matrix))
    return "\n".join([*lines, "", f"{wrong:,} of {matrix.sum():,} hours differ."])


def write_docs(page: Path, table: str) -> None:
    """Replace what stands between the page's markers; ValueError if it has none."""
    text = page.read_text("utf-8")
    if _BEGIN not in text or _END not in text:
        raise ValueError(f"{page}: no markers {_BEGIN} … {_END} to write between")
    head, tail = text.split(_BEGIN)[0], text.split(_END)[1]
    page.write_text(f"{head}{_BEGIN}\n{table}\n{_END}{tail}", "utf-8")


def main(argv: list[str]) -> int:
    """Run the comparison; 0 if no hour differs, 1 if any does."""
    parser = argparse.ArgumentParser(prog="python -m eia930.screening.confusion", description=__doc__)
    parser.add_argument("--labels", type=Path, required=True, help="Parquet: period, respondent, category")
    parser.add_argument("--rows", type=Path, required=True, help="Parquet: period, respondent, type, value")
    parser.add_argument("--first", type=parse_hour, default=parse_hour("2015-07-01T00"), help="first hour of the frame")
    parser.add_argument("--last", type=parse_hour, default=parse_hour("2020-07-01T23"), help="last hour of the frame")
    parser.add_argument("--docs", type=Path, help="page whose table to replace")
    asked = parser.parse_args(argv)
    matrix = confusion(asked.labels, asked.rows, first=asked.first, last=asked.last)
    table = f"Frame {stamp(asked.first)} to {stamp(asked.last)} (UTC, hour ending).\n\n{as_markdown(matrix)}"
    print(table)
    if asked.docs:
        write_docs(asked.docs, table)
    return int(matrix.sum() != np.trace(matrix))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
