# SPDX-License-Identifier: Apache-2.0
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from eia930.errors import UsageError
from eia930.question.plan import plan
from eia930.reference.hours import parse_hour
from eia930.reference.routes import FUEL, REGION, ROUTES
from eia930.sources.api.source import ApiSource
from eia930.sources.files import names
from pipelines import blocks, coverage, report
from pipelines.historical import main
from pipelines.options.settings import settings
from tests.eia930.sources.serving import serving

KEY = "CANARYcanary0123456789CANARYcanary012345"
NOW = datetime(2024, 5, 6, 7, 8, tzinfo=UTC)

WRONG = {
    "--routes=region": "region-data",
    "--routes=weather": f"there are {', '.join(ROUTES)}\n",
    "--routes=": "--routes",
    "--regions=pacw": "PACW",
    "--regions=all,PACW": "'all'",
    "--regions=,": "--regions",
    "--types=SUN": "'SUN'",
    "--types=d": "D",
    "--start=2024-13-01": "2024-13-01",
    "--start=yesterday": "'yesterday'",
    "--start=2024-01-01T24": "2024-01-01T24",
    "--start=2099-01-01": "not before",
    "--start=2014-01-01": "2015-07-01",
    "--start=0001-01-01": "2015-07-01",
    "--end=2099-01-01": "future",
    "--end=2015-07-01": "not before",
    "--source=bulk": "bulk",
    "--source=emulator": "--api_url",
    "--api_url=http://api.eia.gov/v2": "https",
    f"--api_url=https://api.eia.gov/v2?api_key={KEY}": "--api_url",
    "--api_url=api.eia.gov": "--api_url",
    f"--api_key={KEY}": "reference",
    "--api_key=env:NO_SUCH_NAME": "NO_SUCH_NAME",
    "--api_key=file:/no/such/file": "/no/such/file: No such file",
    f"--api_key=env:{KEY}": "env:…: no key there",
    f"--api_key=file:{KEY}": "file:…: No such file",
    "--api_url=": "--api_url is empty",
    "--output=": "--output is empty",
    "--types=": "--types is empty",
    "--start=": "--start is empty",
    "--end=": "--end is empty",
    "--coverage=": "--coverage is empty",
    "--api_key= ": "--api_key is empty",
    "--output=ftp://x": "--output",
    "--output=s3://": "--output",
    "--output=s3:/eia/x": "--output 's3:/eia/x': did you mean s3://eia/x?",
    "--output=gs:eia": "did you mean gs://eia?",
    "--output=s3:///eia/x": "did you mean s3://eia/x?",
    "--output=http://[::1": "--output 'http://[::1': give a folder, or a URL that begins with s3://",
    "--quota=s3://[": "--quota 's3://[': give a folder, or a URL",
    "--output=/etc/hostname": "--output /etc/hostname: /etc/hostname is a file, no folder",
    "--output=/etc/hostname/x": "/etc/hostname is a file, no folder",
    "--output=/dev/null": "/dev/null is a file, no folder",
    "--output=/": "--output /: that is the root of this host; name a folder",
    "--output=s3://me:hidden@eia/x": "--output: a URL holds no name, key or query",
    "--output=s3://eia/x?secret=hidden": "--output: a URL holds no name, key or query",
    "--output=http://me:hidden@example.org/x": "--output: a URL holds no name, key or query",
    "--quota=s3://me:hidden@eia/x": "--quota: a URL holds no name, key or query",
    "--tz=local": "no flag --tz: hours are UTC, hour ending; eia930.hours(",
    f"--output={'x' * 300}": "no folder can be called that",
    f"--coverage={'x' * 300}": "--coverage 'xxx",
    "--api_key=file:s3://[x/y": "--api_key 's3://[x': give a folder, or a URL",
    "--formats=csv": "csv",
    "--formats=": "--formats",
    "--requests_per_hour=0": "'0'",
    "--requests_per_hour=fast": "'fast'",
    "--requests_per_hour=-5": "'-5'",
    "--requests_per_hour=1e3": "'1e3'",
    f"--requests_per_hour={'9' * 5000}": "--requests_per_hour",
    "--burst_per_second=0": "'0'",
    "--burst_per_second=2.5": "'2.5'",
    "--min_delay=-1": "'-1'",
    "--min_delay=nan": "'nan'",
    "--min_delay=soon": "'soon'",
    "--hours_per_request=0": "'0'",
    "--hours_per_request=many": "'many'",
    "--max_in_flight=0": "'0' is no whole number from 1 to 64",
    "--max_in_flight=65": "'65' is no whole number from 1 to 64",
    "--max_in_flight=50000000": "from 1 to 64",
    "--tries=0": "'0'",
    "--settle_hours=x": "'x'",
    "--revisit_days=0": "'0'",
    "--min_completeness=2": "'2'",
    "--refresh=yes": "argument --refresh: 'yes' is no half-year like 2015_Jul_Dec",
    "--refresh=2015_Jul_Dec": "half-years are of six-month files, and --source=",
    "--dry_run=1": "--dry_run",
    "--output": "--output",
    "--request_per_hour=5": "--requests_per_hour",
    "--region=PACW": "no flag --region here: did you mean --regions?",
    "--nonsense=1": "--nonsense",
    "-x": "-x",
    "PACW": "PACW",
    "--runner=NoSuchRunner": "NoSuchRunner",
    "--runner=a.b.C": "a.b.C",
    "--runner=pathlib.Path": "no runner",
    "--runner=apache_beam.runners.NoSuchRunner": "NoSuchRunner",
    "--runner=.C": ".C",
    "--inputs=guess": "--inputs 'guess': there are reported, estimate",
    "--inputs=": "--inputs is empty",
    "--trust_flags=some": "anomalous_region; or all or none alone",
    "--validation_start=0001-01-01": "cuts outside the calendar",
    "--embargo_hours=999999999999": "cuts outside the calendar",
    "--direct_num_workers=many": "--direct_num_workers",
    "--direct_running_mode=quick": "--direct_running_mode",
}


@pytest.fixture(autouse=True)
def a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EIA_API_KEY", KEY)


@pytest.mark.parametrize("flag", WRONG)
def test_a_wrong_flag_is_one_line_and_nothing_happens(
    flag: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with serving(lambda _: (500, {}, b"")) as served:
        given = [flag] if flag.startswith("--api_url") else [f"--api_url={served.url}", flag]
        assert main(given) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("error: ")
    assert WRONG[flag] in err
    assert KEY not in err
    assert "hidden" not in err
    assert len(err) < 5300
    assert served.asked == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("program", [main, coverage.main, blocks.main, report.main])
@pytest.mark.parametrize(("words", "said"), [
    (["--output="], "--output is empty: give it a value, or leave it out"),
    (["--output", ""], "--output is empty: give it a value, or leave it out"),
    (["--ouptut=x"], "no flag --ouptut; did you mean --output?"),
    (["--zzzzzz"], "no flag --zzzzzz; see --help"),
    (["--outpu=x"], "no flag --outpu; did you mean --output?"),
    (["--out=x"], "no flag --out; did you mean --output?"),
    (["--output_folder=x"], "no flag --output_folder; did you mean --output?"),
    (["--json"], "no flag --json; see --help"),
    (["x"], "'x' is no flag"),
])  # fmt: skip
def test_every_program_tells_a_wrong_flag_alike(
    program: Callable[[list[str]], int],
    words: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert program(words) == 2
    assert capsys.readouterr() == ("", f"error: {said}\n")
    assert list(tmp_path.iterdir()) == []


def test_a_word_after_a_good_flag_of_beams_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--direct_num_workers", "2", "PACW"]) == 2
    assert "PACW" in capsys.readouterr().err


def test_no_key_for_a_named_source(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("EIA_API_KEY")
    assert main(["--source=api"]) == 2
    assert "register" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--help"], ["--regions=pacw"], ["--start=x"], ["--routes=x", "--dry_run"]])
def test_help_and_wrong_values_load_nothing_heavy(words: list[str]) -> None:
    program = (
        "import sys; from pipelines.historical import main\n"
        "try: code = main(sys.argv[1:])\n"
        "except SystemExit as end: code = end.code or 0\n"
        "print('heavy', sorted({'apache_beam', 'tensorflow', 'jinja2', 'fastavro'} & set(sys.modules)), code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines()[-1] == f"heavy [] {0 if words == ['--help'] else 2}"


def test_help_shows_every_flag_of_ours_first(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code in (0, None)
    text = capsys.readouterr().out
    for flag in ("--routes", "--start", "--api_key", "--output", "--requests_per_hour", "--refresh", "--dry_run"):
        assert flag in text
    assert "(default: 6300)" in text


def test_help_tells_a_default_once(capsys: pytest.CaptureFixture[str]) -> None:
    for program in (main, coverage.main):
        with pytest.raises(SystemExit):
            program(["--help"])
        text = " ".join(capsys.readouterr().out.split())
        assert re.findall(r"\(default: (?:None|False|)\)|\(default: [^)]*\) \(default", text) == []


def test_defaults() -> None:
    todo = settings([], now=NOW)
    question = todo.question
    assert question.regions == ("PACW", "ERCO", "CAL", "TEX", "MISO")
    assert (question.routes, question.types) == (("region-data",), ())
    assert (question.first, question.last) == (parse_hour("2019-01-01T00"), parse_hour("2024-05-06T07"))
    source = todo.source
    assert isinstance(source, ApiSource)
    assert (todo.embedded, source.name, source.url) == (False, "api", "https://api.eia.gov/v2")
    assert (source.requests_per_hour, source.burst_per_second, source.key) == (6300, 3, "env:EIA_API_KEY")
    assert todo.beam == ("--runner=FnApiRunner",)
    assert KEY not in repr(todo)


def test_without_a_key_the_emulator_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EIA_API_KEY", " ")
    todo = settings([], now=NOW)
    assert (todo.embedded, todo.source.name, todo.source.requests_per_hour) == (True, "emulator", None)
    assert str(todo.storage.path).endswith("data/synthetic")
    assert settings(["--requests_per_hour=6300"], now=NOW).source.requests_per_hour == 6300


@pytest.mark.parametrize("program", [main, coverage.main])
@pytest.mark.parametrize(("words", "said"), [
    (["--output=mine"], "--output mine: there is no key in EIA_API_KEY, so only synthetic hours could go there"),
    (["--output=data/synthetic"], "or say --source=emulator"),
    (["--output=mine"], "say --source=files, which needs none"),
    (["--output=s3://me:hidden@eia/x"], "--output: a URL holds no name, key or query"),
    (["--output=mine", "--dry_run"], "there is no key in EIA_API_KEY"),
    (["--api_key=env:OTHER"], "--api_key env:OTHER: no key there"),
    (["--api_key=env:OTHER", "--output=mine", "--runner=FlinkRunner"], "--api_key env:OTHER: no key there"),
    (["--api_key=env:OTHER", "--output=gs://b/eia", "--runner=DataflowRunner"], "--api_key env:OTHER: no key there"),
    (["--api_key=file:gone", "--source=api", "--runner=FlinkRunner"], "/gone: No such file"),
])  # fmt: skip
def test_a_lost_key_is_no_reason_for_invented_hours(
    program: Callable[[list[str]], int],
    words: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Synthetic hours go only where nobody pointed to, or where they were asked for by name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EIA_API_KEY")
    assert program(words) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert said in err
    assert list(tmp_path.iterdir()) == []


def test_what_needs_no_key_here_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Synthetic hours by name, and a key that only a cluster's workers have."""
    monkeypatch.delenv("EIA_API_KEY")
    asked = settings(["--source=emulator", "--output=mine"], now=NOW)
    assert (asked.embedded, asked.storage.path) == (True, Path.cwd() / "mine")
    elsewhere = settings(["--source=api", "--api_key=env:OTHER", "--runner=FlinkRunner"], now=NOW)
    assert (elsewhere.embedded, elsewhere.source.name) == (False, "api")


def test_a_keys_file_is_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cluster's workers stand elsewhere: a relative path would fail there, after the job has begun."""
    (tmp_path / "key").write_text("of-mine")
    monkeypatch.chdir(tmp_path)
    found = settings(["--api_key=file:key", "--output=out", "--runner=FlinkRunner"], now=NOW).source
    monkeypatch.chdir("/")
    assert isinstance(found, ApiSource)
    assert found.key == f"file:{tmp_path}/key"
    found.check_here()
    monkeypatch.chdir(tmp_path)
    bucket = settings(["--source=api", f"--api_key=file:{tmp_path.as_uri()}/key", "--output=out"], now=NOW).source
    assert isinstance(bucket, ApiSource)
    assert bucket.key == f"file:{tmp_path.as_uri()}/key"


@pytest.mark.parametrize(("words", "name"), [
    ([], "api"),
    (["--start=2019-01-01"], "api"),
    (["--start=2018-12-31T23"], "hybrid"),
    (["--start=2015-07-01", "--source=api"], "api"),
    # A server of one's own has no files, unless it is said where.
    (["--start=2015-07-01", "--api_url=http://127.0.0.1:1/v2"], "api"),
    (["--start=2015-07-01", "--api_url=http://127.0.0.1:1/v2", "--files_url=http://127.0.0.1:1/f"], "hybrid"),
])  # fmt: skip
def test_with_a_key_the_hours_before_the_api_come_from_the_files(words: list[str], name: str) -> None:
    found = settings(words, now=NOW).source
    assert found.name == name
    assert ("www.eia.gov" in found.origins) == (words == ["--start=2018-12-31T23"])


def test_of_the_files_only_routes_are_asked_that_they_have(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["--source=files", "--routes=all"]
    monkeypatch.setattr(names, "ROUTES_OF", {names.BALANCE: tuple(ROUTES.values())})
    assert settings(words, now=NOW).question.routes == ("all",)
    monkeypatch.setattr(names, "ROUTES_OF", {names.BALANCE: (REGION, FUEL)})
    assert settings(words, now=NOW).question.routes == ("region-data", "fuel-type-data")
    assert settings(["--source=hybrid", "--routes=all"], now=NOW).question.routes == ("all",)
    with pytest.raises(UsageError, match=r"^--routes interchange-data: the six-month files lack it"):
        settings([*words, "--routes=interchange-data,region-data"], now=NOW)


def test_the_question_is_half_open() -> None:
    question = settings(["--start=2024-01-01", "--end=2024-01-02"], now=NOW).question
    assert (question.first, question.last) == (parse_hour("2024-01-01T00"), parse_hour("2024-01-01T23"))


def test_names_given_twice_are_asked_once() -> None:
    spans = plan(settings(["--regions=PACW,CAL,PACW", "--types=D,D"], now=NOW).question)
    assert [(span.respondent, span.kinds) for span in spans] == [("PACW", ("D",)), ("CAL", ("D",))]


def test_all_types_are_no_filter() -> None:
    assert settings(["--types=all"], now=NOW).question.types == ()


def test_flags_of_beam_go_to_beam() -> None:
    words = ["--direct_num_workers=2", "--direct_running_mode=multi_processing", "--runner=DirectRunner"]
    assert settings(words, now=NOW).beam == ("--runner=FnApiRunner", *words[:2])
    assert settings(["--runner=FlinkRunner", "--flink_master=h:1"], now=NOW).beam[0] == "--runner=FlinkRunner"


@pytest.mark.parametrize("words", [[], ["--refresh"], ["--routes=all", "--regions=all"]])
def test_a_dry_run_sends_and_writes_nothing(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(lambda _: (500, {}, b"")) as served:
        assert main([f"--api_url={served.url}", f"--output={tmp_path}/out", "--dry_run", *words]) == 0
    assert served.asked == []
    assert list(tmp_path.iterdir()) == []
    assert "nothing was sent" in capsys.readouterr().out


DRY = {
    ("--regions=all", "--start=2024-01-01", "--end=2024-01-03"): "about 3 of up to 5,000 rows",
    ("--regions=PACW", "--start=2023-01-01", "--end=2024-01-01", "--hours_per_request=24"): "about 365 of",
    ("--regions=PACW", "--end=2019-01-02", "--min_delay=90"): "still to ask: 2 minutes at 6,300 requests an hour, 90 s",
}


@pytest.mark.parametrize("words", DRY)
def test_a_dry_run_counts_requests_not_pages(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--api_url=http://127.0.0.1:9/v2", "--dry_run", *words]) == 0
    assert DRY[words] in capsys.readouterr().out


def test_a_dry_run_without_a_key_tells_the_time_at_the_real_pace(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("EIA_API_KEY")
    assert main(["--dry_run", "--regions=all", "--routes=all", "--start=2019-01-01", "--end=2020-01-01"]) == 0
    assert "minutes at 6,300 requests an hour" in capsys.readouterr().out
