# SPDX-License-Identifier: Apache-2.0
"""The one call of an analyst, over files whose every value is known."""

import shutil
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import eia930
from eia930.analysis.clock import hour_in
from eia930.errors import UsageError
from eia930.estimating.output import estimated
from eia930.question.span import Span
from eia930.record.grid import Series
from eia930.record.tidy import Flagged, tidy_parquet, tidy_path, tidy_tables
from eia930.reference.hours import parse_hour
from eia930.store.keys import object_key
from eia930.store.manifest import MANIFEST, Manifest, put_file, read_manifest
from eia930.store.storage import Storage
from tests.eia930.estimating.outputs import SCREENING, erco, write

FIRST, LAST = parse_hour("2023-03-01T00"), parse_hour("2023-12-01T00")
HOURS = LAST - FIRST + 1
HELD = {
    ("region-data", "CISO"): ("D", "NG"),
    ("region-data", "ERCO"): ("D", "NG"),
    ("fuel-type-data", "CISO"): ("SUN", "WND"),
    ("fuel-type-data", "ERCO"): ("NUC", "SUN"),
    ("interchange-data", "CISO"): ("PACW",),
    ("region-sub-ba-data", "CISO"): ("PGAE", "SCE"),
}
MISSING, EMPTY, FLAGGED = 5, 6, 7


def value(region: str, kind: str) -> NDArray[np.float64]:
    """The hour's number, a thousand apart for each series."""
    place = sorted((code, one) for (_, code), kinds in HELD.items() for one in kinds).index((region, kind))
    return np.arange(HOURS, dtype=np.float64) % 1000 + 1000 * (10 + place)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("data")
    storage, files = Storage.at(str(out)), []
    for (route, region), kinds in HELD.items():
        span, flagged = Span(route, region, FIRST, LAST), []
        for kind in kinds:
            values, at = value(region, kind), np.full(HOURS, 1_700_000_000, np.uint32)
            values[[MISSING, EMPTY]], at[MISSING] = np.nan, 0
            code = np.zeros(HOURS, np.uint8)
            code[FLAGGED] = 1
            flagged.append(Flagged(Series(kind, values, at), code, ("", "identical_run")))
        written, _ = tidy_parquet(span, tidy_tables(span, flagged, "api"))
        files.append(put_file(storage, tidy_path(route, region), written, rows=HOURS * len(kinds)))
    storage.put(MANIFEST, msgspec.json.encode(Manifest(tuple(files))))
    return out


def test_a_long_table_has_every_hour_with_names_and_flags(data: Path) -> None:
    table = eia930.hours(data, regions=["CISO"], kinds=["D"], start="2023-03-01", end="2023-03-02")
    assert table.column_names == (
        ["start", "end", "region", "region_name", "kind", "kind_name", "series_id", "value", "flag"]
    )
    assert table["start"].type == pa.timestamp("s", tz="UTC")
    rows = table.to_pylist()
    assert [one["start"] for one in rows] == [datetime(2023, 3, 1, hour, tzinfo=UTC) for hour in range(24)]
    assert all(one["end"] - one["start"] == timedelta(hours=1) for one in rows)
    # `period` is the hour's end: the hour that begins at 00 is the second of the file.
    assert rows[0]["value"] == value("CISO", "D")[1]
    assert [i + 1 for i, one in enumerate(rows) if one["value"] is None] == [MISSING, EMPTY]
    assert [i + 1 for i, one in enumerate(rows) if one["flag"]] == [FLAGGED]
    assert {(one["region_name"], one["kind_name"], one["series_id"]) for one in rows} == {
        ("California Independent System Operator", "Demand", "EBA.CISO-ALL.D.H")
    }


def test_a_value_with_a_flag_is_not_trusted(data: Path) -> None:
    asked: dict[str, Any] = {"regions": ["CISO"], "kinds": ["D"], "start": "2023-03-01", "end": "2023-03-02"}
    plain, trusted = eia930.hours(data, **asked), eia930.hours(data, trusted=True, **asked)
    assert plain["value"][FLAGGED - 1].as_py() == value("CISO", "D")[FLAGGED]
    assert trusted["value"][FLAGGED - 1].as_py() is None
    assert trusted["flag"].equals(plain["flag"])
    assert trusted["value"].null_count == plain["value"].null_count + 1


def test_a_wide_table_has_a_column_a_series_in_the_order_asked(data: Path) -> None:
    kinds = ["NG.SUN", "D", "ID.PACW", "SUB.PGAE"]
    table = eia930.hours(data, regions=["CISO"], kinds=kinds, start="2023-06-01T05", end="2023-06-02", wide=True)
    assert table.column_names == ["start", "end", *(f"CISO.{kind}" for kind in kinds)]
    assert table.num_rows == 19
    place = parse_hour("2023-06-01T06") - FIRST
    for kind in kinds:
        assert table[f"CISO.{kind}"][0].as_py() == value("CISO", kind.split(".")[-1])[place]
    assert table.schema.field("CISO.NG.SUN").metadata[b"kind_name"] == b"Solar"
    assert table.schema.field("CISO.ID.PACW").metadata[b"kind_name"] == b"Interchange with PacifiCorp West"


def test_local_days_have_23_24_and_25_hours(data: Path) -> None:
    table = eia930.hours(
        data, regions=["CISO", "ERCO"], kinds=["D"], start="2023-03-11", end="2023-11-07", tz="local", wide=True
    )
    assert table.column_names == ["start", "end", "CISO.local", "ERCO.local", "CISO.D", "ERCO.D"]
    for region in ("CISO", "ERCO"):
        mine = table.filter(table[f"{region}.D"].is_valid())
        days = pc.value_counts(mine[f"{region}.local"].combine_chunks().cast(pa.date32())).to_pylist()
        count = {one["values"]: one["counts"] for one in days}
        assert (min(count), max(count)) == (date(2023, 3, 11), date(2023, 11, 6))
        odd = {day: hours for day, hours in count.items() if hours != 24}
        assert odd == {date(2023, 3, 12): 23, date(2023, 11, 5): 25}


def test_a_date_is_where_its_day_begins() -> None:
    assert hour_in("start", date(2023, 6, 1), "America/Chicago") == hour_in("start", "2023-06-01", "America/Chicago")


def test_a_named_zone_tells_the_hours_in_it(data: Path) -> None:
    table = eia930.hours(data, regions=["ERCO"], start="2023-06-01", end="2023-06-02", tz="America/Chicago")
    assert table["start"].type == pa.timestamp("s", tz="America/Chicago")
    assert table["start"][0].as_py() == datetime(2023, 6, 1, tzinfo=ZoneInfo("America/Chicago"))
    assert table["value"][0].as_py() == value("ERCO", "D")[parse_hour("2023-06-01T06") - FIRST]


@given(
    zone=st.sampled_from(["local", "UTC", "America/New_York", "America/Phoenix"]),
    first=st.integers(0, HOURS - 100),
    count=st.integers(1, 90),
)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_zone_the_same_instants_have_the_same_values(
    zone: str, first: int, count: int, data: Path
) -> None:
    start = datetime.fromtimestamp((FIRST + first) * 3600, UTC)
    table = eia930.hours(data, regions=["CISO"], start=start, end=start + timedelta(hours=count), tz=zone)
    assert table["start"].cast(pa.int64()).to_numpy().tolist() == [
        (FIRST + first + hour) * 3600 for hour in range(count)
    ]
    expected = value("CISO", "D")[first + 1 : first + 1 + count]
    got = table["value"].to_numpy()
    assert np.array_equal(got[~np.isnan(got)], expected[~np.isnan(got)])
    assert np.isnan(got).sum() == sum(hour in (MISSING, EMPTY) for hour in range(first + 1, first + 1 + count))


def test_all_of_a_sort_and_what_a_region_lacks(data: Path) -> None:
    day: dict[str, Any] = {"start": "2023-06-01", "end": "2023-06-02", "wide": True}
    table = eia930.hours(data, regions=["CISO", "ERCO"], kinds=["NG.*"], **day)
    assert table.column_names[2:] == ["CISO.NG.SUN", "CISO.NG.WND", "ERCO.NG.NUC", "ERCO.NG.SUN"]
    # Asked for by name, what one region lacks is a column without a value.
    table = eia930.hours(data, regions=["CISO", "ERCO"], kinds=["NG.WND"], **day)
    assert (table["CISO.NG.WND"].null_count, table["ERCO.NG.WND"].null_count) == (0, 24)


def test_without_bounds_it_is_all_that_there_is(data: Path) -> None:
    table = eia930.hours(data, regions=["CISO"], wide=True)
    assert table.num_rows == HOURS
    assert table["end"][0].as_py() == datetime(2023, 3, 1, tzinfo=UTC)


WRONG = [
    ({"regions": ["ERCOT"]}, "regions: no 'ERCOT'; did you mean ERCO"),
    ({"regions": ["PacifiCorp West"]}, "did you mean PACW?"),
    ({"regions": "CISO"}, "give a list, as regions=['CISO']"),
    ({"regions": [None]}, "regions: None is no text"),
    ({"regions": ["CISO"], "kinds": [3]}, "kinds: 3 is no text"),
    ({"regions": ["CISO"], "start": 2023}, "start: 2023 is no hour"),
    ({"regions": ["CISO"], "tz": None}, "tz: no zone None"),
    ({"regions": []}, "regions and kinds each need a name"),
    ({"regions": ["CISO"], "kinds": ["SUN"]}, "kinds: no 'SUN'; did you mean NG.SUN?"),
    ({"regions": ["CISO"], "kinds": ["solar"]}, "did you mean NG.SUN?"),
    ({"regions": ["CISO"], "kinds": ["PGAE"]}, "did you mean SUB.PGAE?"),
    ({"regions": ["CISO"], "kinds": ["d"]}, "did you mean D"),
    ({"regions": ["CISO"], "kinds": ["NG.NUC"]}, "has no NG.NUC of CISO; there are NG.SUN, NG.WND"),
    (
        {"regions": ["PACW"]},
        "has no region-data of PACW; there are CISO, ERCO. Load it: python -m pipelines.historical --routes=",
    ),
    (
        {"regions": ["PACW"]},
        " --regions=CISO,ERCO,PACW --output=/",
    ),  # with those that are there: one question an output
    (
        {"regions": ["ERCO"], "kinds": ["ID.CISO"]},
        "region-data,fuel-type-data,interchange-data,region-sub-ba-data --regions=CISO,ERCO ",
    ),
    ({"regions": ["CISO", "PACW"], "kinds": ["SUB.PGAE"]}, "of PACW; there are CISO. PACW can have none: leave it out"),
    ({"regions": ["PACW"]}, "(python -m pipelines.codes PACW says from when to when it has hours)"),
    ({"regions": ["CISO"], "tz": "California"}, "tz: no zone 'California'"),
    ({"regions": ["CISO"], "start": "yesterday"}, "start: 'yesterday' is no hour"),
    ({"regions": ["CISO"], "start": "2023-06-02", "end": "2023-06-01"}, "is not before end"),
    ({"regions": ["CISO"], "fill": "zero"}, "fill: no 'zero'"),
]


@pytest.mark.parametrize(("asked", "said"), WRONG)
def test_what_is_not_there_is_told_with_what_is_near(asked: dict[str, Any], said: str, data: Path) -> None:
    with pytest.raises(UsageError) as refused:
        eia930.hours(data, **asked)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_what_a_load_of_an_older_version_has_no_estimates_for(data: Path, tmp_path: Path) -> None:
    storage, path, sink = Storage.at(str(tmp_path)), tidy_path("region-data", "CISO"), pa.BufferOutputStream()
    table = pq.read_table(data / path, partitioning=None)
    pq.write_table(table.drop_columns(["estimate", "estimate_by"]), sink)
    old = put_file(storage, path, sink.getvalue(), rows=len(table))
    storage.put(MANIFEST, msgspec.json.encode(Manifest((old,))))
    with pytest.raises(UsageError, match="has no estimates"):
        eia930.hours(tmp_path, regions=["CISO"], fill="estimate")


def test_estimates_stand_where_nothing_does(tmp_path: Path) -> None:
    storage, groups = write(tmp_path, erco())
    done = list(estimated(storage, groups, screening=SCREENING))
    assert len(done) == len(groups)
    storage.put(MANIFEST, msgspec.json.encode(Manifest(tuple(file for group in done for file in group.files))))
    plain, full, sound = (
        eia930.hours(tmp_path, regions=["ERCO"], **words)
        for words in ({}, {"fill": "estimate"}, {"fill": "estimate", "trusted": True})
    )
    assert plain["value"].null_count > 40
    assert full["value"].null_count == sound["value"].null_count == 0
    spike = plain["flag"].to_pylist().index("global_outlier")
    assert full["value"][spike] == plain["value"][spike] != sound["value"][spike]


def test_a_folder_that_is_no_output_says_how_to_fill_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere holds no load .*python -m pipelines\.historical loads"):
        eia930.hours(tmp_path / "nowhere", regions=["CISO"])
    for place in ("s3://me:hidden@eia/x", "s3://eia/x?secret_key=hidden", "~nobody-of-this-name/x", "odd\0name"):
        with pytest.raises(UsageError) as refused:
            eia930.hours(place, regions=["CISO"])
        assert "hidden" not in str(refused.value)
    (tmp_path / "synthetic").mkdir()
    (tmp_path / "synthetic" / MANIFEST).write_text("{}")
    with pytest.raises(UsageError, match=r"the load there is synthetic: give .*/synthetic"):
        eia930.hours(tmp_path, regions=["CISO"])
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(UsageError, match="/file"):
        eia930.hours(tmp_path / "file", regions=["CISO"])
    (tmp_path / MANIFEST).write_text("{")
    with pytest.raises(UsageError, match=r"manifest\.json is damaged"):
        eia930.hours(tmp_path, regions=["CISO"])


@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_changed_bit_anywhere_is_told_by_name_and_never_read(
    place: float, bit: int, data: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    copy = tmp_path_factory.mktemp("changed") / "data"
    shutil.copytree(data, copy)
    path = tidy_path("region-data", "ERCO")
    held = bytearray((copy / path).read_bytes())
    held[int(place * len(held))] ^= 1 << bit
    (copy / path).write_bytes(held)
    with pytest.raises(UsageError, match=rf"{path} is missing, damaged or of another load than manifest\.json"):
        eia930.hours(copy, regions=["ERCO"])
    # What is not asked for is not read.
    assert eia930.hours(copy, regions=["CISO"]).equals(eia930.hours(data, regions=["CISO"]))


def test_while_another_load_publishes_the_hours_of_the_manifest_are_read(data: Path, tmp_path: Path) -> None:
    copy = tmp_path / "data"
    shutil.copytree(data, copy)
    storage, path = Storage.at(str(copy)), tidy_path("region-data", "ERCO")
    (file,) = (one for one in read_manifest(storage) if one.path == path)
    kept = copy / object_key(path, file.sha256)
    kept.parent.mkdir(parents=True)
    (copy / path).rename(kept)
    assert eia930.hours(copy, regions=["ERCO"]).equals(eia930.hours(data, regions=["ERCO"]))
    (copy / path).write_bytes(b"another load's")
    assert eia930.hours(copy, regions=["ERCO"]).equals(eia930.hours(data, regions=["ERCO"]))


def test_it_reads_only_the_series_and_hours_asked_for(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row group a series: those of other series, or of other times, are left where they are."""
    seen: list[list[int]] = []
    whole = pq.ParquetFile.read_row_groups

    def counted(self: pq.ParquetFile, groups: list[int], **other: object) -> pa.Table:
        seen.append(groups)
        return whole(self, groups, **other)

    monkeypatch.setattr(pq.ParquetFile, "read_row_groups", counted)
    eia930.hours(data, regions=["CISO"], kinds=["NG"], start="2023-06-01", end="2023-06-02")
    eia930.hours(data, regions=["CISO"], kinds=["NG"], start="2020-06-01", end="2020-06-02")
    assert seen == [[1], []]


def test_the_package_stays_light_and_the_call_needs_no_loader(data: Path) -> None:
    code = (
        "import sys, eia930; light = 'pyarrow' not in sys.modules\n"
        f"table = eia930.hours({str(data)!r}, regions=['CISO'])\n"
        "print(light, table.num_rows, sorted({'obstore', 'msgspec', 'requests', 'apache_beam'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == f"True {HOURS} []\n"
