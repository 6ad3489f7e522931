# SPDX-License-Identifier: Apache-2.0
"""Real rows of five years, served as EIA's files, get the very flags that were published for them."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from eia930.account.stored import read_account
from eia930.emulator import Emulator, replay
from eia930.emulator.files.world import files_of
from eia930.record.tidy import tidy_path
from eia930.record.tidy_file import hours_of
from eia930.screening.confusion import CLASSES, PUBLISHED
from eia930.store.storage import Storage
from pipelines.historical import main

CODES = ("AEC", "BPAT", "CISO", "PSCO", "SEC", "TEPC")
MISSING = len(CLASSES) - 1


def of(path: Path, code: str, *columns: str) -> pa.Table:
    return pq.read_table(path, columns=["period", *columns], filters=[("respondent", "==", code)])


def found(out: Path, code: str, hours: np.ndarray) -> np.ndarray:
    """int64[hours]: the class of each hour's demand, by its tidy row."""
    table = pq.ParquetFile(out / tidy_path("region-data", code)).read()
    demand = table.filter(pc.and_(pc.equal(table["type"], "D"), pc.is_valid(table["value"])))
    flags = demand["flag"].cast(pa.string()).fill_null("").to_pylist()
    by_hour = dict(zip(hours_of(demand["period"]).tolist(), flags, strict=True))
    return np.array([CLASSES.index(by_hour[hour]) if hour in by_hour else MISSING for hour in hours.tolist()])


def test_the_published_labels_come_of_recorded_rows_served_as_files(
    recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EIA_API_KEY", raising=False)
    rows = tmp_path / "rows.parquet"
    wanted = [("respondent", "in", CODES)]
    pq.write_table(pq.read_table(recorded / "region-data_2015-07_2020-07.parquet", filters=wanted), rows)
    source, out = replay([rows]), tmp_path / "out"
    with Emulator(source, files=files_of(source)) as server:
        where = [f"--files_url={server.files_url}", f"--output={out}", "--source=files", "--formats=parquet"]
        what = ["--types=D,DF", f"--regions={','.join(CODES)}", "--start=2015-07-01T05", "--end=2020-07-02"]
        assert main([*where, *what]) == 0
    labels, seen = recorded / "demand-screening-labels_2015-07_2020-07.parquet", 0
    for code in CODES:
        table = of(labels, code, "category")
        truth = [CLASSES.index(PUBLISHED[name]) for name in table["category"].cast(pa.string()).to_pylist()]
        told = found(out, code, hours_of(table["period"]))
        assert np.flatnonzero(np.array(truth) != told).tolist() == [], code
        seen += len(truth)
    assert seen == 219_240
    # Six authorities' lines are told from those of all.
    assert any("26,501 rows where 291,509 are expected" in line for line in read_account(Storage.at(str(out))).warnings)
