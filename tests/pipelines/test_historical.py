# SPDX-License-Identifier: Apache-2.0
"""The historical load end to end, in this process, against an emulator on a real socket."""

import hashlib
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

import pipelines.report
from eia930.emulator import Emulator, Faults, RowSource, Series, synthetic
from eia930.reference.hours import parse_hour
from eia930.reference.routes import Route
from pipelines import blocks, coverage
from pipelines.historical import main
from ringdata import RingBlocks
from ringdata.errors import NotFinished
from tests.eia930.asked import hours_asked
from tests.eia930.making import always

KEY = "CANARYcanary0123456789CANARYcanary012345"
NOW = parse_hour("2024-03-01T00")
WINTER = ("--start=2023-11-01", "--end=2024-02-01")
TIDY = "tidy/region-data/respondent=PACW/part-00000.parquet"

Load = Callable[..., int]


@pytest.fixture(scope="module")
def rows() -> RowSource:
    return synthetic(now=NOW)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def load(out: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Load PACW's winter into `out` from a server, as fast as it answers; the exit code."""
    monkeypatch.setenv("EIA_API_KEY", KEY)
    pace = ("--requests_per_hour=1000000", "--burst_per_second=1000", "--formats=parquet")

    def run(server: Emulator, *words: str) -> int:
        given = {word.split("=")[0] for word in words}
        usual = [word for word in ("--regions=PACW", *WINTER) if word.split("=")[0] not in given]
        return main([f"--api_url={server.url}", f"--output={out}", *pace, *usual, *words])

    return run


def report(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "report.json").read_text())
    rows, hours = found["rows"], found["hours"]
    assert rows["received"] == rows["kept"] + rows["duplicate"] + rows["rejected"]
    assert hours["asked"] == hours["present"] + hours["null"] + hours["missing"]
    assert found["imbalances"] == []
    if not found["stopped"]:
        _rejects(out, found)
    return found


def _rejects(out: Path, found: dict[str, Any]) -> None:
    """What stands in rejects/ is what the account says, by count and reason."""
    paths = [out / f"rejects/{span['route']}/{span['respondent']}.jsonl" for span in found["spans"]]
    lines = [json.loads(line) for path in paths if path.exists() for line in path.read_text().splitlines()]
    told = {(counter, why): number for counter, whys in found["rejects"].items() for why, number in whys.items()}
    assert told == Counter((line["counter"], line["reason"]) for line in lines)
    assert sum(found["rejects"]["rejected"].values()) == found["rows"]["rejected"]
    assert sum(found["rejects"]["duplicate"].values()) <= found["rows"]["duplicate"]
    assert sorted(line["request"] for line in lines if line["counter"] == "failures") == sorted(
        failure["request"] for failure in found["failures"]
    )


def digest(out: Path, path: str = TIDY) -> str:
    return hashlib.sha256((out / path).read_bytes()).hexdigest()


def values(out: Path, kind: str = "D") -> dict[str, float | None]:
    table = pq.read_table(out / TIDY).filter(pa.compute.field("type") == kind)
    stamps = table["period"].cast(pa.timestamp("s")).to_numpy().astype("datetime64[h]").astype(str)
    return dict(zip(stamps.tolist(), table["value"].to_pylist(), strict=True))


class Revised:
    """The same rows, `by` more in the hours from `since` on."""

    def __init__(self, rows: RowSource, since: str, by: int) -> None:
        self._rows, self._since, self._by = rows, parse_hour(since), by

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rows, name)

    def series(self, route: Route, respondent: str) -> tuple[Series, ...]:
        return tuple(self._later(one) for one in self._rows.series(route, respondent))

    def _later(self, one: Series) -> Series:
        values = np.where(one.hours >= self._since, one.values + self._by, one.values)
        return Series(
            one.respondent, one.respondent_name, one.kind, one.kind_name, one.hours, values.astype(np.int64), one.empty
        )


def test_a_load_its_resumption_and_a_longer_question(
    rows: RowSource, load: Load, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Emulator(rows, key=KEY) as server:
        assert load(server) == 0
        first = report(out)
        assert first["requests"]["sent"] == first["requests"]["planned"] == len(hours_asked(server))
        assert first["hours"]["asked"] == 92 * 24 * 4
        assert (first["failures"], first["stopped"], first["rows"]["rejected"]) == ([], "", 0)
        before = digest(out)
        asked = len(hours_asked(server))

        assert load(server) == 0
        again = report(out)
        assert (again["requests"]["sent"], again["requests"]["reused"]) == (0, asked)
        assert len(hours_asked(server)) == asked
        assert digest(out) == before

        assert load(server, "--start=2023-10-01") == 0
        assert report(out)["hours"]["asked"] == 123 * 24 * 4
        for seen in hours_asked(server)[asked:]:
            assert "start=2023-10-01T00" in seen.query
            assert "end=2023-10-31T23" in seen.query
    assert KEY not in capsys.readouterr().err
    _whole(out)
    _leaks(out)


def _whole(out: Path) -> None:
    """The manifest is true, tidy is as documented, and `_SUCCESS` came last."""
    manifest = json.loads((out / "manifest.json").read_text())["files"]
    for entry in manifest:
        data = (out / entry["path"]).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (entry["bytes"], entry["sha256"])
    listed = {entry["path"] for entry in manifest}
    assert {str(p.relative_to(out)) for p in (out / "tidy").rglob("*.parquet")} <= listed
    table = pq.read_table(out / "tidy" / "region-data")
    assert table["source"].is_valid().to_pylist().count(True) == report(out)["rows"]["kept"]
    schema = pq.read_schema(out / TIDY)
    # Parquet knows no unit longer than a millisecond.
    moment = pa.timestamp("ms", tz="UTC")
    assert [(field.name, field.type) for field in schema] == [
        ("series_id", pa.string()),
        ("period", moment),
        ("respondent", pa.dictionary(pa.int32(), pa.string())),
        ("type", pa.string()),
        ("value", pa.float64()),
        ("flag", pa.dictionary(pa.int32(), pa.string())),
        ("adjusted", pa.float64()),
        ("estimate", pa.float64()),
        ("estimate_by", pa.dictionary(pa.int32(), pa.string())),
        ("retrieved_at", moment),
        ("source", pa.dictionary(pa.int32(), pa.string())),
    ]
    tidy = pq.read_table(out / TIDY)
    keys = list(zip(tidy["series_id"].to_pylist(), tidy["period"].to_pylist(), strict=True))
    assert keys == sorted(set(keys))
    assert set(tidy["source"].to_pylist()) == {"api"}
    chunk = pq.ParquetFile(out / TIDY).metadata.row_group(0)
    encodings = {chunk.column(i).path_in_schema: chunk.column(i).encodings for i in range(chunk.num_columns)}
    assert "DELTA_BINARY_PACKED" in encodings["period"]
    assert encodings["value"] == ("RLE", "PLAIN")
    assert all(
        chunk.column(i).compression == "ZSTD" and chunk.column(i).has_offset_index for i in range(len(encodings))
    )


def _leaks(folder: Path) -> None:
    """No file holds the key, packed or not."""
    import zstandard

    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            text = zstandard.decompress(data) if path.suffix == ".zst" else data
            assert KEY.encode() not in data + text, path
            assert KEY not in str(path)


def test_provisional_hours_are_asked_again_and_the_earlier_answer_stays(rows: RowSource, load: Load, out: Path) -> None:
    """The later value stands, both are told of, and a third run keeps all."""
    with Emulator(rows, now=parse_hour("2024-02-01T05")) as server:
        assert load(server) == 0
    before, raw = values(out), sorted(path.name for path in (out / "raw/eia/region-data/PACW").iterdir())
    with Emulator(Revised(rows, "2024-01-31T00", 100), now=parse_hour("2024-02-20T00")) as server:
        assert load(server) == 0
        asked = [seen.query for seen in hours_asked(server)]
        assert load(server) == 0
        assert len(hours_asked(server)) == len(asked)
    assert len(asked) == 1
    # 240 hours before the first retrieval begin the provisional ones.
    assert "start=2024-01-22T06" in asked[0]
    assert set(raw) < {path.name for path in (out / "raw/eia/region-data/PACW").iterdir()}
    after = values(out)
    changed = {hour for hour in before if before[hour] != after[hour]}
    assert changed == {hour for hour in before if hour >= "2024-01-31T00" and before[hour] is not None}
    assert report(out)["rows"]["duplicate"] > 0
    lines = [json.loads(line) for line in (out / "rejects/region-data/PACW.jsonl").read_text().splitlines()]
    lost = {one["row"]["period"]: float(one["row"]["value"]) for one in lines if one["row"]["type"] == "D"}
    assert lost == {hour: before[hour] for hour in changed}
    assert {one["reason"] for one in lines} == {"a later answer says another value"}
    assert all(set(one["row"]) > {"respondent-name", "type-name", "value-units"} for one in lines)
    assert {one["request"] for one in lines}.isdisjoint(one["winner"] for one in lines)
    assert all((out / one[name]).exists() for one in lines for name in ("request", "winner"))


def test_fewer_hours_or_other_regions_than_before_are_told_of(
    rows: RowSource, load: Load, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Emulator(rows, now=NOW) as server:
        assert load(server) == 0
        whole = digest(out)
        said = capsys.readouterr()
        assert "warning" not in said.err
        assert "note" not in said.out
        assert load(server, "--start=2023-12-01") == 0
        assert "tidy/ has region-data/PACW from 2023-11-01T00 to 2024-01-31T23" in capsys.readouterr().err
        assert load(server, "--regions=ERCO") == 0
        assert "tidy/ keeps files of earlier loads (1)" in capsys.readouterr().out
        # What was said holds: the longer range asks nothing, and is back to the byte.
        asked = len(hours_asked(server))
        assert load(server) == 0
        assert len(hours_asked(server)) == asked
        assert "nothing to ask: all is stored" in capsys.readouterr().err
        assert digest(out) == whole


def test_refresh_asks_for_everything_again(rows: RowSource, load: Load, out: Path) -> None:
    with Emulator(rows, now=NOW) as server:
        assert load(server) == 0
        asked, before = len(hours_asked(server)), values(out)
    with Emulator(Revised(rows, "2023-12-01T00", -7), now=NOW) as server:
        assert load(server, "--refresh") == 0
        assert len(hours_asked(server)) >= asked
    assert report(out)["requests"]["reused"] == 0
    # Also where the emulator's clock stands still, so that both were retrieved in the same second.
    was = before["2023-12-01T00"]
    assert was is not None
    assert values(out)["2023-12-01T00"] == was - 7
    assert any(
        "a later answer says" in line for line in (out / "rejects/region-data/PACW.jsonl").read_text().splitlines()
    )


def test_refresh_after_a_run_that_did_not_end_well(rows: RowSource, load: Load, out: Path) -> None:
    """What an unfinished load has just stored is asked again too, if that is what is wanted."""
    with Emulator(rows, faults=Faults(fail_windows=("PACW:2023-11-05T00",))) as server:
        assert load(server, "--tries=1", "--hours_per_request=720") == 1
    with Emulator(rows) as server:
        assert load(server, "--refresh") == 0
        assert sum(seen.rows for seen in hours_asked(server)) >= 92 * 24 * 3.9


def test_a_window_that_cannot_be_had(
    rows: RowSource, load: Load, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Emulator(rows, faults=Faults(fail_windows=("PACW:2023-12-24T12",))) as server:
        assert load(server, "--tries=2", "--hours_per_request=240") == 1
    found = report(out)
    (failure,) = found["failures"]
    assert failure["request"].startswith("region-data/PACW/")
    assert failure["reason"]
    assert failure["remedy"]
    assert found["hours"]["missing"] >= 240 * 4
    assert not (out / "_SUCCESS").exists()
    (line,) = (out / "rejects/region-data/PACW.jsonl").read_text().splitlines()
    assert json.loads(line)["request"] == failure["request"]
    assert "FAILED" in capsys.readouterr().out
    with Emulator(rows) as server:
        assert load(server) == 0
        assert len(hours_asked(server)) == 1
    assert (out / "_SUCCESS").exists()
    assert not (out / "rejects/region-data/PACW.jsonl").exists()


def test_hours_of_fuels_that_cannot_be_had_are_missing(rows: RowSource, load: Load, out: Path) -> None:
    """Also where nothing at all was answered, so that no row tells which fuels there are."""
    june = ("--routes=fuel-type-data", "--start=2023-06-01", "--end=2023-07-01")
    with Emulator(rows, faults=Faults(fail_windows=("PACW:2023-06-10T00",))) as server:
        assert load(server, *june, "--tries=2") == 1
    found = report(out)
    assert len(found["failures"]) == 1
    assert {one["series_id"][-5:-2]: one["missing"] for one in found["series"]} == dict.fromkeys(
        (".NG", "OTH", "SUN", "WAT", "WND"), 720
    )
    with Emulator(rows) as server:
        assert load(server, *june) == 0
    assert report(out)["hours"]["asked"] == 5 * 720


def test_a_type_asked_for_by_name_is_accounted_for(
    rows: RowSource, load: Load, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    january = ("--routes=fuel-type-data", "--start=2024-01-01", "--end=2024-02-01", "--min_completeness=0.95")
    with Emulator(rows) as server:
        assert load(server, *january, "--types=GEO") == 1
        assert report(out)["hours"] == {"asked": 744, "present": 0, "null": 0, "missing": 744}
        assert "SHORT     EBA.PACW-ALL.NG.GEO.H" in capsys.readouterr().out
        # Whoever asks all for reactors asks nobody for one that the tables do not know.
        assert load(server, *january, "--types=NUC", "--regions=all") == 0
    assert "EBA.PJM-ALL.NG.NUC.H" in {one["series_id"] for one in report(out)["series"]}
    assert len(report(out)["series"]) < 40


def test_hours_after_an_authority_retired_are_not_missing(
    rows: RowSource, load: Load, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    january = ("--start=2024-01-01", "--end=2024-02-01", "--min_completeness=0.95")
    with Emulator(rows) as server:
        assert load(server, "--regions=NSB", *january) == 2
        assert not out.exists()
        assert "retired 2020-01-08" in capsys.readouterr().err
        assert load(server, "--regions=NSB,PACW", *january) == 0
        told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("skipped")]
        assert len(told) == 1
        assert "--regions NSB: active since 2004-01-01, retired 2020-01-08" in told[0]
        found = report(out)
        assert found["hours"]["asked"] == 744 * 4
        (passed,) = found["not_asked"]
        assert passed == {
            "route": "region-data",
            "respondent": "NSB",
            "first": "2024-01-01T00",
            "last": "2024-01-31T23",
            "reason": "active since 2004-01-01, retired 2020-01-08",
        }
        assert load(server, "--regions=NSB,PACW", "--start=2020-01-01", "--dry_run") == 0
        assert "skipped   region-data/NSB 2020-01-08T06_2024-01-31T23: " in capsys.readouterr().out


def test_everybody_is_complete_where_everybody_lives(rows: RowSource, load: Load, out: Path) -> None:
    with Emulator(rows) as server:
        day = ("--regions=all", "--start=2024-01-10", "--end=2024-01-12")
        assert load(server, *day, "--min_completeness=0.5") == 0
    respondents = {one["respondent"] for one in report(out)["spans"]}
    assert len(respondents) > 70
    assert not respondents & {"NSB", "OVEC", "AEC", "SIKE"}


def test_a_damaged_response_is_asked_again(rows: RowSource, load: Load, out: Path) -> None:
    with Emulator(rows) as server:
        assert load(server) == 0
        before, asked = digest(out), len(hours_asked(server))
        stored = sorted((out / "raw/eia/region-data/PACW").iterdir())
        data = bytearray(stored[0].read_bytes())
        data[len(data) // 2] ^= 0xFF
        stored[0].write_bytes(data)
        assert load(server) == 0
        assert len(hours_asked(server)) == asked + 1
    assert report(out)["requests"]["damaged"] == 1
    assert digest(out) == before


def _told(text: str) -> list[str]:
    """What is said, without the lines that tell how far the fetch has come."""
    return [line for line in text.splitlines() if not line.startswith("fetch ")]


def test_a_refused_key_is_one_line(rows: RowSource, load: Load, out: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with Emulator(rows, key="another key altogether") as server:
        assert load(server) == 3
    text = "".join(capfd.readouterr())
    assert "register" in text
    assert len(_told(text)) == 1
    assert KEY not in text
    assert not (out / "_SUCCESS").exists()
    _leaks(out)


def test_a_key_refused_on_the_way_keeps_what_was_stored(rows: RowSource, load: Load, out: Path) -> None:
    with Emulator(rows, faults=Faults(key_refused_after=4)) as server:
        # Two lists of codes, two answers with hours.
        assert load(server, "--max_in_flight=1", "--hours_per_request=480") == 3
    with Emulator(rows) as server:
        assert load(server) == 0
        assert report(out)["requests"]["reused"] > 0


def test_a_load_that_is_stopped_leaves_all_of_the_one_before(
    rows: RowSource, load: Load, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Emulator(rows) as server:
        assert load(server) == 0
        assert {path.name for path in (out / "report").iterdir()} == {"index.html", "report.json"}
    before = report(out)
    with Emulator(rows, faults=Faults(key_refused_after=1)) as server:
        assert load(server, "--refresh", "--max_in_flight=1", "--hours_per_request=480") == 3
    assert report(out) == before
    stopped = json.loads((out / "report/stopped.json").read_text())
    assert (stopped["exit"], stopped["stopped_by"]) == (3, "KeyRefused")
    assert stopped["run"] != before["run"] == (out / "_SUCCESS").read_text().strip()
    said = capsys.readouterr().err.splitlines()
    assert said[-2].startswith("stopped: ")
    assert said[-1].startswith("note      the earlier load in this output stands as it was")
    assert pipelines.report.main([f"--output={out}"]) == 0
    with Emulator(rows) as server:
        assert load(server) == 0
    assert not (out / "report/stopped.json").exists()
    assert report(out).items() <= json.loads((out / "report/report.json").read_text()).items()


def test_two_runs_at_once(rows: RowSource, load: Load, out: Path, capfd: pytest.CaptureFixture[str]) -> None:
    from eia930.store import lease
    from eia930.store.storage import Storage

    held = lease.acquire(
        Storage.at(str(out)), "run", lease.Owner.here("another"), take_over=False, pause=lambda _: None
    )
    with Emulator(rows) as server:
        assert load(server) == 3
        assert server.requests == []
        (text,) = _told(capfd.readouterr().err)
        assert "another run works on" in text
        held.release()
        assert load(server) == 0


def test_every_fault_at_once_and_the_same_tidy_bytes(
    rows: RowSource, load: Load, out: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whatever goes wrong on the way, in whatever order answers come: the same tidy file, and the key nowhere."""
    with Emulator(rows, key=KEY) as server:
        assert load(server) == 0
    quiet = digest(out)
    shutil.rmtree(out)
    faults = Faults(
        p_503=0.08,
        p_500=0.04,
        p_502=0.04,
        p_429=0.04,
        retry_after=1.0,
        p_reset=0.04,
        p_cut=0.04,
        p_html=0.04,
        p_error_200=0.04,
        p_bad_json=0.04,
        p_total_changes=0.04,
        p_total_wrong=0.04,
        unstable_order=True,
        name_case=True,
    )
    with Emulator(rows, key=KEY, faults=faults, latency=(0.03, 0.03), seed=5) as server:
        assert load(server, "--hours_per_request=100", "--tries=30") == 0
        assert len({seen.fault for seen in server.requests}) > 4
    assert digest(out) == quiet
    assert KEY not in "".join(capfd.readouterr())
    _leaks(out)


def test_a_folder_without_rights_is_one_line(rows: RowSource, out: Path, capfd: pytest.CaptureFixture[str]) -> None:
    place = f"{out}/file/below" if os.geteuid() == 0 else f"{out}/below"
    out.mkdir()
    (out / "file").write_text("no folder")
    if os.geteuid() != 0:
        out.chmod(0o500)
    os.environ.setdefault("EIA_API_KEY", KEY)
    with Emulator(rows) as server:
        # A path through a file is wrong usage; rights can be mended.
        assert main([f"--api_url={server.url}", f"--output={place}"]) == (2 if os.geteuid() == 0 else 3)
        assert server.requests == []
    (err,) = _told(capfd.readouterr().err)
    assert "Traceback" not in err
    assert ("is a file, no folder" if os.geteuid() == 0 else "cannot use") in err


def test_the_manifest_keeps_what_earlier_questions_left(rows: RowSource, load: Load, out: Path) -> None:
    """Rejects of another respondent too, and new ones beside them."""
    for code in ("PACW", "AVA"):
        with Emulator(rows, faults=Faults(p_bad_unit=1.0)) as server:
            assert load(server, f"--regions={code}", "--start=2024-01-31") == 0
    paths = {entry["path"] for entry in json.loads((out / "manifest.json").read_text())["files"]}
    for code in ("PACW", "AVA"):
        assert {f"tidy/region-data/respondent={code}/part-00000.parquet", f"rejects/region-data/{code}.jsonl"} <= paths


def test_rows_as_avro_are_the_tidy_rows_or_none(rows: RowSource, load: Load, out: Path) -> None:
    """A shorter question without Avro leaves no longer one of an earlier load beside its tidy rows."""
    avro = "avro/region-data/respondent=PACW/part-00000.avro"
    with Emulator(rows) as server:
        assert load(server, "--formats=avro") == 0
        assert _listed(out)[avro] == _listed(out)[TIDY] == report(out)["rows"]["kept"]
        assert load(server, "--end=2023-12-01") == 0
    assert _listed(out)[TIDY] == report(out)["rows"]["kept"]
    assert avro not in _listed(out)
    assert not (out / avro).exists()


def _listed(out: Path) -> dict[str, int]:
    return {one["path"]: one["rows"] for one in json.loads((out / "manifest.json").read_text())["files"]}


def test_synthetic_hours_never_mix_with_real_ones(rows: RowSource, load: Load, out: Path) -> None:
    """What one source stored is not taken for another's."""
    pace = ("--regions=PACW", "--start=2024-01-01", "--end=2024-01-02", "--formats=parquet")
    assert main(["--source=emulator", f"--output={out}", *pace]) == 0
    with Emulator(rows) as server:
        assert load(server) in (2, 3)
        assert server.requests == []


@pytest.mark.parametrize(
    ("check", "words"),
    [
        ("generation_by_fuel", ("--routes=region-data,fuel-type-data", "--regions=ERCO", "--types=NG,COL")),
        ("subregions", ("--routes=region-data,region-sub-ba-data", "--regions=CISO", "--types=D,PGAE")),
        ("regions", ("--regions=CAL,CISO,NW,PACW", "--types=D")),
    ],
)
def test_a_part_of_a_sum_is_not_held_against_the_whole(
    rows: RowSource, load: Load, out: Path, check: str, words: tuple[str, ...]
) -> None:
    with Emulator(rows) as server:
        assert load(server, *words, "--start=2024-01-01") == 0
    checks = {one["name"]: one for one in report(out)["checks"]}
    assert checks[check]["hours_checked"] == checks[check]["hours_broken"] == 0
    assert checks[check]["left_out"] == (2 if check == "regions" else 1)


class Patchy(Revised):
    """The same rows, without those of demand in 48 hours from `since` on."""

    def __init__(self, rows: RowSource, since: str) -> None:
        super().__init__(rows, since, 0)

    def _later(self, one: Series) -> Series:
        kept = (one.hours < self._since) | (one.hours >= self._since + 48) | (one.kind != "D")
        return replace(one, hours=one.hours[kept], values=one.values[kept], empty=one.empty[kept])


def test_a_load_below_the_completeness_asked_for(
    rows: RowSource, load: Load, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 1, and each series that falls short is named: on the terminal, in the account and on the page."""
    with Emulator(Patchy(rows, "2023-12-01T00")) as server:
        assert load(server, "--min_completeness=0.99") == 1
    said = capsys.readouterr().out
    found = report(out)
    (short,) = found["completeness"]["short"]
    assert short == {"series_id": "EBA.PACW-ALL.D.H", "share": round(1 - 48 / (92 * 24), 6)}
    assert re.findall(r"SHORT +(\S+): ", said) == [short["series_id"]]
    assert "GATE      failed, so there is no _SUCCESS: of 4 series 1 has less than 99.00 % of the hours" in said
    page = (out / "report/index.html").read_text("utf-8")
    assert "1 series falls short of the completeness asked for (99.00 % of the hours): EBA.PACW-ALL.D.H most" in page
    assert 'data-row="completeness.short.0"' in page
    assert not (out / "_SUCCESS").exists()
    with Emulator(Patchy(rows, "2023-12-01T00")) as server:
        assert load(server, "--min_completeness=0.95") == 0
        assert server.requests == []
    assert (out / "_SUCCESS").exists()
    assert "short of the completeness" not in (out / "report/index.html").read_text("utf-8")


def test_a_load_that_only_falls_short_is_whole_for_whatever_reads_tidy(
    rows: RowSource, load: Load, out: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with Emulator(Patchy(rows, "2023-12-01T00")) as server:
        assert load(server, "--min_completeness=0.99") == 1
    assert coverage.main([f"--from_tidy={out}"]) == 0
    assert pipelines.report.main([f"--output={out}"]) == 0
    assert not list((out / "blocks").rglob("validation-*.parquet"))
    assert blocks.main([f"--output={out}", "--formats=parquet", "--validation_start=2023-12-10"]) == 0
    capfd.readouterr()
    assert list((out / "blocks").rglob("validation-*.parquet"))
    # A trainer waits for it, and must not start on less than was asked for.
    assert not (out / "_SUCCESS").exists()
    with pytest.raises(NotFinished):
        RingBlocks(out / "blocks/panel", split="train", context=1024)
    with Emulator(Patchy(rows, "2023-12-01T00")) as server:
        assert load(server) == 0
    (out / "_SUCCESS").unlink()  # as if building blocks had been killed
    assert blocks.main([f"--output={out}", "--formats=parquet"]) == 0
    assert (out / "_SUCCESS").exists()
    assert (out / "blocks/panel/manifest.json").exists()


def test_a_load_without_some_hours_is_not_called_half_written(
    rows: RowSource, load: Load, out: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with Emulator(rows, faults=Faults(fail_windows=("PACW:2023-12-24T12",))) as server:
        assert load(server, "--tries=2", "--hours_per_request=240") == 1
    capfd.readouterr()
    for program, flag in ((coverage.main, "--from_tidy"), (blocks.main, "--output")):
        assert program([f"{flag}={out}"]) == 2
        said = capfd.readouterr().err
        assert said.count("\n") == 1
        assert "ended without 1 request that could not be had (region-data/PACW/" in said
        assert "half-written" not in said
    assert not (out / "_SUCCESS").exists()


@pytest.mark.parametrize(
    "fault",
    [
        "p_renamed",
        *(pytest.param(one, marks=pytest.mark.slow) for one in ("p_other_unit", "p_other_key", "p_other_period")),
    ],
)
def test_a_changed_format_is_exit_1_and_the_last_words(
    rows: RowSource, load: Load, out: Path, capfd: pytest.CaptureFixture[str], fault: str
) -> None:
    with Emulator(rows, faults=always(fault)) as server:
        assert load(server) == 1
    last = capfd.readouterr().out.splitlines()[-1]
    assert "the server's format has changed" in last
    found = report(out)
    assert (found["rows"]["received"], found["hours"]["null"]) == (0, 0)
    assert found["failures"]
    assert not (out / "_SUCCESS").exists()
    with Emulator(rows) as server:
        assert load(server) == 0


def test_where_nobody_listens_it_is_exit_3_with_the_reason(
    out: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EIA_API_KEY", KEY)
    words = (f"--output={out}", "--regions=PACW", "--start=2019-01-01", "--end=2019-02-01", "--tries=2")
    for url, source in (("api_url", "api"), ("files_url", "files")):
        assert main([f"--{url}=http://127.0.0.1:1/v2", f"--source={source}", *words]) == 3
        (said,) = [line for line in capfd.readouterr().err.splitlines() if line.startswith("stopped:")]
        assert "nobody answers there, nor has since it was first asked: no connection (ConnectionRefused" in said
        assert f"(check the network and --{url}, then run the same command again: what is stored is kept)" in said
