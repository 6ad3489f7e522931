# SPDX-License-Identifier: Apache-2.0
"""What is said of an earlier load's hours, and that an account of another shape is as good as none."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from eia930.account.stored import encoded
from eia930.errors import UsageError
from eia930.question.span import Span
from eia930.reference.hours import parse_hour
from eia930.store.manifest import Manifest, put_file
from eia930.store.storage import Storage
from pipelines.running.before.earlier import narrower
from tests.eia930.account.accounts import an_account

SPAN = Span("region-data", "PACW", parse_hour("2024-01-01T00"), parse_hour("2024-01-31T23"))
HELD = {"route": "region-data", "respondent": "PACW", "kinds": [], "first": "2024-01-01T00", "last": "2024-02-29T23"}


def whole(span: dict[str, Any]) -> str:
    """An account with this span, whatever it holds."""
    return json.dumps(json.loads(encoded(an_account())) | {"spans": [span]})


def said(folder: Path, account: str) -> list[str]:
    (folder / "report.json").write_text(account)
    return list(narrower(Storage.at(str(folder)), [SPAN]))


def test_hours_that_are_not_asked_for_again_are_told(tmp_path: Path) -> None:
    (line,) = said(tmp_path, whole(HELD))
    assert line.startswith("tidy/ has region-data/PACW from 2024-01-01T00 to 2024-02-29T23; ")
    assert said(tmp_path, whole(HELD | {"last": "2024-01-31T23"})) == []


def test_hours_of_a_load_before_the_last_are_told_by_its_file(tmp_path: Path) -> None:
    storage, path = Storage.at(str(tmp_path)), "tidy/region-data/respondent=PACW/part-00000.parquet"
    hours = [datetime(2023, 12, 31, 23, tzinfo=UTC), datetime(2024, 1, 31, 23, tzinfo=UTC)]
    table = pa.BufferOutputStream()
    pq.write_table(pa.table({"period": pa.array(hours, pa.timestamp("s", "UTC"))}), table)
    file = put_file(storage, path, table.getvalue(), rows=2)
    storage.put("manifest.json", msgspec.json.encode(Manifest((file,))))
    other = whole(HELD | {"respondent": "AVRN"})
    (line,) = said(tmp_path, other)
    assert line.startswith("tidy/ has region-data/PACW from 2023-12-31T23 to 2024-01-31T23; ")
    assert "(raw/ has no answers of it: put it back" in line
    storage.put("raw/eia/region-data/PACW/some.json.zst", b"")
    (line,) = said(tmp_path, other)
    assert "(raw/ keeps all: " in line


@pytest.mark.parametrize(
    "account",
    [
        "",
        "[]",
        "7",
        "{}",
        '{"spans": null}',
        '{"spans": [{"route": 1}]}',
        '{"spans": [{"route": "region-data"}]}',
        whole(HELD | {"last": "yesterday"}),
        whole(HELD | {"last": None}),
    ],
)
def test_an_account_of_another_shape_is_not_taken_for_none(account: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"report\.json is (no account of a load|cut or no account of a load)"):
        said(tmp_path, account)
