# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from eia930.reference.hours import moment_of, parse_hour
from eia930.screening.confusion import main

FIRST = parse_hour("2020-01-01T00")
HOURS = 240


def write(folder: Path, category: str) -> list[str]:
    chance = np.random.default_rng(5)
    demand = 1000 + 200 * np.sin(np.arange(HOURS) * np.pi / 12) + chance.normal(0, 15, HOURS)
    demand[120] = -5
    periods = pa.array([moment_of(FIRST + hour) for hour in range(HOURS)], pa.timestamp("s", "UTC"))
    rows = {"period": periods, "respondent": ["A"] * HOURS, "type": ["D"] * HOURS, "value": demand}
    labels = ["OKAY"] * HOURS
    labels[120] = category
    pq.write_table(pa.table(rows), folder / "rows.parquet")
    pq.write_table(pa.table({**rows, "category": labels}), folder / "labels.parquet")
    frame = ["--first", "2020-01-01T00", "--last", "2020-01-10T23"]
    return ["--labels", str(folder / "labels.parquet"), "--rows", str(folder / "rows.parquet"), *frame]


def test_agreement(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(write(tmp_path, "NEG_OR_ZERO")) == 0
    printed = capsys.readouterr().out
    assert "| negative_or_zero | 1 | 1 | 1 | 1.0000 | 1.0000 |" in printed
    assert "| (nothing found) | 239 | 239 | 239 | 1.0000 | 1.0000 |" in printed
    assert "0 of 240 hours differ." in printed


def test_a_difference_is_counted_on_both_sides_and_exits_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(write(tmp_path, "DELTA")) == 1
    printed = capsys.readouterr().out
    assert "| negative_or_zero | 0 | 1 | 0 | – | 0.0000 |" in printed
    assert "| double_delta | 1 | 0 | 0 | 0.0000 | – |" in printed
    assert "1 of 240 hours differ." in printed


def test_the_page_is_changed_between_its_markers_only(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("head\n<!-- confusion: begin -->\nold\n<!-- confusion: end -->\ntail\n", "utf-8")
    asked = [*write(tmp_path, "NEG_OR_ZERO"), "--docs", str(page)]
    main(asked)
    text = page.read_text("utf-8")
    assert text.startswith("head\n")
    assert text.endswith("\ntail\n")
    assert "old" not in text
    main(asked)
    assert page.read_text("utf-8") == text
    page.write_text("no markers", "utf-8")
    with pytest.raises(ValueError, match="no markers"):
        main(asked)


def test_labels_without_rows_are_an_error(tmp_path: Path) -> None:
    asked = write(tmp_path, "OKAY")
    table = pq.read_table(tmp_path / "rows.parquet")
    pq.write_table(table.set_column(1, "respondent", pa.array(["B"] * HOURS)), tmp_path / "rows.parquet")
    with pytest.raises(ValueError, match="no demand of A"):
        main(asked)


def test_the_documented_matrix_is_the_measured_one(recorded: Path, tmp_path: Path) -> None:
    docs = Path(__file__).resolve().parents[3] / "docs" / "quality.md"
    page = tmp_path / "quality.md"
    page.write_text(docs.read_text("utf-8"), "utf-8")
    labels = recorded / "demand-screening-labels_2015-07_2020-07.parquet"
    rows = recorded / "region-data_2015-07_2020-07.parquet"
    assert main(["--labels", str(labels), "--rows", str(rows), "--docs", str(page)]) == 0
    assert page.read_text("utf-8") == docs.read_text("utf-8")
