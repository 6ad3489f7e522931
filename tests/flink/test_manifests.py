# SPDX-License-Identifier: Apache-2.0
"""The Kubernetes manifests against the operator's own schema, and the flags that they give our program."""

import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.flink import parts
from pipelines.options.runner import only_beams
from pipelines.options.settings import load_parser
from tests.conftest import lacking
from tests.deploy.batch import job

MANIFESTS = parts.HERE / "kubernetes"
OPERATOR = "flink-kubernetes-operator-api-1.10.0.jar"
SCHEMA = "META-INF/fabric8/flinkdeployments.flink.apache.org-v1.yml"
MADE = parts.CHECKOUT / "build" / "flink" / "lib"
KINDS: dict[str, type | tuple[type, ...]]
KINDS = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool, "number": (int, float)}
POD = {"cluster": ("spec", "taskManager", "podTemplate", "spec"), "load": ("spec", "template", "spec")}
Schema = dict[str, Any]


def manifest(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((MANIFESTS / f"{name}.yaml").read_text("utf-8")))


def mismatches(value: Any, schema: Schema, where: str) -> Iterator[str]:
    """Where a value is not as its schema has it: unknown fields, missing ones, other types, unknown words."""
    kind = KINDS.get(schema.get("type", ""))
    if kind and (not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)):
        yield f"{where}: {value!r} is no {schema['type']}"
    elif value not in schema.get("enum", [value]):
        yield f"{where}: {value!r} is none of {schema['enum']}"
    elif isinstance(value, dict):
        yield from (f"{where}: no {name}" for name in schema.get("required", ()) if name not in value)
        for name, field in value.items():
            inner = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
            yield from [f"{where}.{name}: unknown"] if inner is None else mismatches(field, inner, f"{where}.{name}")
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from mismatches(item, schema["items"], f"{where}[{place}]")


def at(schema: Schema, *path: str) -> Schema:
    """The schema of a field."""
    for name in path:
        schema = schema["items"] if name == "items" else schema["properties"][name]
    return schema


@cache
def deployment() -> Schema:
    """The schema of a FlinkDeployment, from the operator's own jar; Maven fetches it once."""
    if not (MADE / OPERATOR).exists():
        _fetch()
    with zipfile.ZipFile(MADE / OPERATOR) as jar:
        definition = yaml.load(jar.read(SCHEMA), yaml.CSafeLoader)
    (version,) = (one for one in definition["spec"]["versions"] if one["name"] == "v1beta1")
    return dict(version["schema"]["openAPIV3Schema"])


def _fetch() -> None:
    if shutil.which("mvn") is None:
        lacking(f"mvn is not on the PATH: {parts.REMEDIES['mvn']}")
    name, _, version = OPERATOR.removesuffix(".jar").rpartition("-")
    MADE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=MADE) as unfinished:
        asked = [f"-Dartifact=org.apache.flink:{name}:{version}", f"-DoutputDirectory={unfinished}"]
        done = subprocess.run(
            ["mvn", "-q", "-B", "dependency:copy", *asked], capture_output=True, text=True, check=False
        )
        if done.returncode:
            lacking(f"Maven could not fetch {OPERATOR}: {done.stdout.strip().partition(chr(10))[0]}")
        (Path(unfinished) / OPERATOR).rename(MADE / OPERATOR)


def test_the_cluster_is_a_flink_deployment() -> None:
    cluster = manifest("cluster")
    assert (cluster.pop("apiVersion"), cluster.pop("kind")) == ("flink.apache.org/v1beta1", "FlinkDeployment")
    # A resource's metadata is Kubernetes' own, of which the definition says nothing.
    assert cluster.pop("metadata").keys() == {"name"}
    assert list(mismatches(cluster, deployment(), "cluster")) == []


def test_the_load_and_the_volume_are_what_kubernetes_knows() -> None:
    """The definition holds Kubernetes' pods, and claims of volumes within them."""
    pods = at(deployment(), "spec", "taskManager", "podTemplate")
    load, output = manifest("load"), manifest("output")
    assert list(mismatches(load["spec"], job(pods), "load")) == []
    claim = at(pods, "spec", "volumes", "items", "ephemeral", "volumeClaimTemplate", "spec")
    assert list(mismatches(output["spec"], claim, "output")) == []


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("taskManager", "replica"), 2, "cluster.spec.taskManager.replica: unknown"),
        (("flinkVersion",), "v1_99", "cluster.spec.flinkVersion: 'v1_99' is none of "),
        (("taskManager", "replicas"), "2", "cluster.spec.taskManager.replicas: '2' is no integer"),
        (("flinkConfiguration", "slots"), 2, "cluster.spec.flinkConfiguration.slots: 2 is no string"),
    ],
)
def test_a_mistake_would_be_found(path: tuple[str, ...], value: object, said: str) -> None:
    spec = manifest("cluster")["spec"]
    *above, last = path
    inner = spec
    for name in above:
        inner = inner[name]
    inner[last] = value
    (found,) = mismatches(spec, at(deployment(), "spec"), "cluster.spec")
    assert found.startswith(said)


def test_the_loads_flags_exist_and_fit_the_cluster() -> None:
    cluster, load = manifest("cluster"), container("load", "load")
    assert load["command"] == ["python", "-m", "pipelines.historical"]
    parser = load_parser()
    _, rest = parser.parse_known_args(load["args"])
    only_beams(rest, parser)
    given = dict(flag.removeprefix("--").split("=", 1) for flag in rest if "=" in flag)
    spec, manager = cluster["spec"], cluster["spec"]["taskManager"]
    assert given["flink_master"] == f"{cluster['metadata']['name']}-rest:8081"
    assert f"v{given['flink_version'].replace('.', '_')}" == spec["flinkVersion"]
    assert spec["image"] == f"flink:{given['flink_version']}"
    slots = int(spec["flinkConfiguration"]["taskmanager.numberOfTaskSlots"])
    assert int(given["parallelism"]) == slots * manager["replicas"]
    (port,) = container("cluster", "worker-pool")["ports"]
    assert given["environment_config"] == f"localhost:{port['containerPort']}"


def test_the_workers_and_the_load_share_an_image_and_the_folder() -> None:
    load, pool = container("load", "load"), container("cluster", "worker-pool")
    assert pool["image"] == load["image"]
    assert pool["volumeMounts"] == load["volumeMounts"]
    assert f"--output={load['volumeMounts'][0]['mountPath']}" in load["args"]
    claims = [volume["persistentVolumeClaim"]["claimName"] for name in POD for volume in pod(name)["volumes"]]
    assert set(claims) == {manifest("output")["metadata"]["name"]}


def pod(name: str) -> dict[str, Any]:
    """What the pods of a manifest hold."""
    inner = manifest(name)
    for field in POD[name]:
        inner = inner[field]
    return inner


def container(name: str, inside: str) -> dict[str, Any]:
    (found,) = (one for one in pod(name)["containers"] if one["name"] == inside)
    return dict(found)
