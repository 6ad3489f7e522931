# SPDX-License-Identifier: Apache-2.0
"""The flex template of the blocks: its parameters are flags, its rules take what the flags take, its commands fit."""

import json
import re
import shlex
from argparse import SUPPRESS
from pathlib import Path
from typing import Any

import pytest

from pipelines import blocks
from pipelines.options.runner import only_beams

FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "dataflow"
METADATA: dict[str, Any] = json.loads((FOLDER / "metadata.json").read_text("utf-8"))
PARAMETERS: dict[str, dict[str, Any]] = {one["name"]: one for one in METADATA["parameters"]}
README = (FOLDER / "README.md").read_text("utf-8")
GIVEN = {
    "output": "gs://bucket/eia930",
    "sdk_container_image": "europe-docker.pkg.dev/p/eia930/worker",
    "sdk_location": "container",
}
# What a template's launcher adds.
LAUNCHERS = (
    "--runner=DataflowRunner",
    "--project=p",
    "--region=europe-west1",
    "--job_name=eia930-blocks",
    "--temp_location=gs://b/t",
    "--staging_location=gs://b/s",
    "--template_location=gs://b/job",
    "--service_account_email=w@p",
)


def flags_of(words: dict[str, str]) -> list[str]:
    return [f"--{name}={word}" for name, word in words.items()]


def test_every_parameter_is_a_flag() -> None:
    parser = blocks._parser()
    _, rest = parser.parse_known_args([*flags_of(dict.fromkeys(PARAMETERS, "1")), *LAUNCHERS])
    only_beams(rest, parser)
    for one in PARAMETERS.values():
        assert one.keys() <= {"name", "label", "helpText", "isOptional", "regexes"}
        assert one["label"]
        assert one["helpText"]


def test_every_flag_of_ours_is_a_parameter() -> None:
    ours = {action.dest for action in blocks._parser()._actions} - {"help", "runner", SUPPRESS}
    assert ours == PARAMETERS.keys() - {"sdk_container_image", "sdk_location"}


def test_what_must_be_given_is_what_has_no_default_there() -> None:
    # --output defaults to a folder of this machine, which no worker of Dataflow's sees.
    assert {name for name, one in PARAMETERS.items() if not one.get("isOptional")} == GIVEN.keys()


@pytest.mark.parametrize("name", PARAMETERS)
def test_rules_take_the_defaults(name: str) -> None:
    default = GIVEN.get(name) or blocks._parser().get_default(name)
    if default in ("", None):
        # Left out, it is as before: there is no word to rule.
        assert PARAMETERS[name]["isOptional"]
        return
    word = str(default)
    assert all(re.fullmatch(rule, word) for rule in PARAMETERS[name].get("regexes", ()))


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("output", "data"),
        ("output", "s3://b/x"),
        ("formats", "avro"),
        ("test_start", "2024"),
        ("embargo_hours", "-1"),
        ("inputs", "guess"),
    ],
)
def test_rules_refuse_what_could_not_work(name: str, word: str) -> None:
    assert not all(re.fullmatch(rule, word) for rule in PARAMETERS[name]["regexes"])


def test_the_readme_runs_it_with_what_it_needs() -> None:
    (command,) = re.findall(r"^gcloud dataflow flex-template run ((?:.*\\\n)*.*)$", README, re.MULTILINE)
    words = shlex.split(command.replace("\\\n", " "))
    given = [pair for word in words if word.startswith("--parameters=") for pair in word.partition("=")[2].split(",")]
    names = {pair.partition("=")[0] for pair in given}
    assert GIVEN.keys() <= names <= PARAMETERS.keys()


def test_the_image_starts_the_program_of_the_template() -> None:
    (started,) = re.findall(r"FLEX_TEMPLATE_PYTHON_PY_FILE=(\S+)", (FOLDER / "Dockerfile").read_text("utf-8"))
    assert started == f"/opt/eia930/pipelines/{Path(blocks.__file__).name}"
