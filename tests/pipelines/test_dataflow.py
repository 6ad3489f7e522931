# SPDX-License-Identifier: Apache-2.0
"""The load as Dataflow would get it: built offline, small, without the key; and only names and accounts travel."""

import base64
import bz2
import re
import shlex
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.metrics import monitoring_infos
from apache_beam.options.pipeline_options import PipelineOptions

from eia930.emulator import Emulator, synthetic
from eia930.errors import UsageError
from eia930.question.plan import plan
from eia930.reference.hours import parse_hour
from eia930.sources.api.source import ApiSource
from eia930.store import lease
from eia930.store.run import Run
from eia930.store.storage import Storage
from pipelines import historical
from pipelines.historical import build
from pipelines.options.runner import only_beams
from pipelines.options.settings import LoadSettings, load_parser, settings
from pipelines.runners.dataflow import preflight

KEY = "k3y-that-must-not-travel-0123456789"
CLOUD = (
    "--project=my-proj-1",
    "--region=us-central1",
    "--temp_location=gs://bkt/tmp",
    "--staging_location=gs://bkt/stg",
)
DATAFLOW = ("--runner=DataflowRunner", *CLOUD)
NOW = datetime(2024, 6, 1, tzinfo=UTC)
GROUP = "beam:transform:group_by_key:v1"
CLOUD_PART = find_spec("google") is not None and find_spec("google.auth") is not None


def asked(*flags: str) -> LoadSettings:
    """The settings of a load of two regions for fourteen months."""
    question = ("--regions=PACW,TEX", "--start=2023-01-01", "--end=2024-03-01", "--source=api")
    return settings([*question, "--api_key=env:TEST_EIA_KEY", *flags], now=NOW)


def graph(todo: LoadSettings, *more: str) -> beam.Pipeline:
    """The program's graph for the runner that was asked for."""
    root = beam.Pipeline(options=PipelineOptions([*todo.beam, *more]))
    build(root, plan(todo.question), todo, Run(lease.Owner.here("run"), NOW))
    return root


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("TEST_EIA_KEY", KEY)
    return KEY


@pytest.fixture
def proto(key: str) -> Any:
    return graph(asked("--output=gs://bkt/eia")).to_runner_api()


def test_the_graph_is_small_and_its_stages_are_named(proto: Any) -> None:
    names = {one.unique_name for one in proto.components.transforms.values()}
    for stage in ("Plan", "Fetch", "Assemble", "Check", "Blocks", "Publish", "Report"):
        assert stage in names
    # Dataflow takes 10 MB.
    assert len(proto.SerializeToString()) < 200_000


def test_it_goes_to_the_runner_and_comes_back(proto: Any) -> None:
    again = beam.Pipeline.from_runner_api(proto, runner=None, options=PipelineOptions())
    assert len(again.to_runner_api().components.transforms) == len(proto.components.transforms)


def test_neither_graph_nor_options_hold_the_key(proto: Any, key: str) -> None:
    assert key.encode() not in everything_in(proto)
    # Without its --dry_run Beam looks the buckets of the options up.
    options = graph(asked("--output=gs://bkt/eia", *DATAFLOW), "--dry_run=True").options
    assert key not in str(options.get_all_options())
    # What would be found, were it there:
    told = beam.Pipeline()
    told | beam.Create([1]) | beam.Map(lambda one, word=key: (one, word))
    assert key.encode() in everything_in(told.to_runner_api())


def everything_in(proto: Any) -> bytes:
    """The graph's bytes, what is packed in them unpacked."""
    packed = [one.spec.payload for one in proto.components.transforms.values()]
    parts = [proto.SerializeToString()]
    for payload in packed:
        parts += [unpacked(piece) for piece in pieces(payload)]
    return b"\n".join(parts)


def pieces(payload: bytes) -> list[bytes]:
    """Whatever in a payload is base64 and long."""
    return re.findall(rb"[A-Za-z0-9+/]{40,}={0,2}", payload)


def unpacked(piece: bytes) -> bytes:
    try:
        raw = base64.b64decode(piece[: len(piece) // 4 * 4])
    except ValueError:
        return b""
    for unpack in (zlib.decompress, bz2.decompress):
        try:
            return unpack(raw)
        except (OSError, ValueError, zlib.error):
            continue
    return raw


@dataclass(frozen=True, slots=True)
class Ran:
    """A load that ran: of each collection the largest element, all elements (bytes) and how many; its folder."""

    elements: dict[str, tuple[int, int, int]]
    proto: Any
    folder: Storage
    requests: int

    def into(self, kind: str) -> list[tuple[str, tuple[int, int, int]]]:
        """What enters each transform of a kind."""
        found = [one for one in self.proto.components.transforms.values() if one.spec.urn == kind]
        return [(one.unique_name, self.elements[name]) for one in found for name in one.inputs.values()]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    folder, now = tmp_path_factory.mktemp("ran"), parse_hour("2024-06-01T00")
    with pytest.MonkeyPatch.context() as patch, Emulator(synthetic(now=now), now=now) as api:
        patch.setenv("TEST_EIA_KEY", KEY)
        fast = ("--requests_per_hour=10000000", "--burst_per_second=1000")
        root = graph(asked(f"--api_url={api.url}", f"--output={folder}", *fast))
        result = root.run()
        result.wait_until_finish()
        yield Ran(sizes(result), root.to_runner_api(), Storage.at(str(folder)), len(api.requests))


def sizes(result: Any) -> dict[str, tuple[int, int, int]]:
    """Collection → (largest element, all elements, in bytes; how many)."""
    found = {}
    for info in result.monitoring_infos():
        if info.urn == monitoring_infos.SAMPLED_BYTE_SIZE_URN:
            count, total, _, largest = monitoring_infos.extract_distribution(info)
            found[info.labels["PCOLLECTION"]] = (largest, total, count)
    return found


def test_only_names_and_accounts_are_shuffled(ran: Ran) -> None:
    grouped = ran.into(GROUP)
    assert len(grouped) >= 5
    stored = sum(entry.size for entry in ran.folder.list("raw/eia"))
    assert stored > 200_000
    for name, (largest, _, _) in grouped:
        assert largest < 8_192, name
    assert sum(total for _, (_, total, _) in grouped) < stored / 10
    # Nor does anything larger go from stage to stage: side inputs, and what is fused elsewhere.
    assert max(largest for largest, _, _ in ran.elements.values()) < 16_384


def test_one_key_holds_all_requests(ran: Ran) -> None:
    ((_, spans),) = [one for one in ran.into(GROUP) if one[0] == "Fetch/One dispatcher"]
    (dispatcher,) = [t for t in ran.proto.components.transforms.values() if t.unique_name == "Fetch/One dispatcher"]
    (grouped,) = dispatcher.outputs.values()
    assert spans[2] == 2
    assert ran.elements[grouped][2] == 1
    assert ran.requests > 5


def test_other_runners_pass_the_preflight(key: str) -> None:
    assert preflight(asked("--output=/tmp/x").beam, Storage.at("/tmp/x")) == ()


@pytest.mark.parametrize(
    ("flags", "output", "said"),
    [
        (("--runner=DataflowRunner",), "gs://bkt/eia", "needs --project, --region, --temp_location"),
        (DATAFLOW, "/tmp/x", "give gs://BUCKET/PREFIX"),
    ],
)
def test_what_dataflow_cannot_do_is_one_line(flags: tuple[str, ...], output: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        preflight(flags, Storage.at(output))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (ApiSource("http://127.0.0.1:1/v2", "none:", name="emulator"), "do not reach the emulator"),
        (ApiSource("http://127.0.0.1:8080/v2", "env:X"), "own address"),
    ],
)
def test_what_its_workers_do_not_reach(source: ApiSource, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        preflight(DATAFLOW, Storage.at("gs://bkt/eia"), source=source)


@pytest.mark.skipif(CLOUD_PART, reason="apache-beam[gcp] is installed")
def test_beams_cloud_part_is_named_where_it_is_missing() -> None:
    with pytest.raises(UsageError, match=r"pip install 'apache-beam\[gcp\]'"):
        preflight(DATAFLOW, Storage.at("gs://bkt/eia"), source=ApiSource("https://api.eia.gov/v2", "file:gs://bkt/key"))


@pytest.mark.skipif(not CLOUD_PART, reason="apache-beam[gcp] is not installed")
@pytest.mark.filterwarnings("default")
def test_dataflow_builds_its_job_offline(key: str) -> None:
    todo = asked("--output=gs://bkt/eia", *DATAFLOW)
    (warning,) = preflight(todo.beam, todo.storage, source=todo.source)
    assert warning.startswith("--api_key env:TEST_EIA_KEY is looked up on Dataflow's workers")
    # Beam's own --dry_run builds the job and sends nothing; ours of the same name never comes so far.
    job = graph(todo, "--dry_run=True").run().job
    urns = [one.spec.urn for one in job.proto_pipeline.components.transforms.values()]
    assert urns.count(GROUP) >= 5
    assert key.encode() not in everything_in(job.proto_pipeline)
    assert key not in str(job.proto)


def test_the_load_says_so_before_it_writes(key: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    question = ["--source=api", "--api_key=env:TEST_EIA_KEY", "--end=2024-01-01", f"--output={tmp_path / 'out'}"]
    assert historical.main([*question, *DATAFLOW]) == 2
    said = capsys.readouterr().err
    assert said == f"error: --output {tmp_path / 'out'}: Dataflow's workers share no folder; give gs://BUCKET/PREFIX\n"
    assert not (tmp_path / "out").exists()


def test_the_command_of_the_readme_has_flags_that_exist() -> None:
    readme = (Path(__file__).resolve().parents[2] / "deploy" / "dataflow" / "README.md").read_text("utf-8")
    (command,) = re.findall(r"^python -m pipelines\.historical ((?:.*\\\n)*.*)$", readme, re.MULTILINE)
    parser = load_parser()
    flags, rest = parser.parse_known_args(shlex.split(command.replace("\\\n", " ")))
    only_beams(rest, parser)
    assert flags.output == "gs://BUCKET/eia930"
    assert len(rest) == 8
