# SPDX-License-Identifier: Apache-2.0
"""The daily load on Kubernetes: what the API knows, flags that exist, and what must hold of it."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import eia930
from pipelines.options.settings import load_parser
from pipelines.running.stopping import PATIENCE
from tests.deploy.batch import cron_job
from tests.flink.test_manifests import at, deployment, mismatches

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
MANIFESTS = sorted(DEPLOY.rglob("kubernetes/*.yaml"))
OURS = re.compile(r"image: (eia930\S*)")


def daily() -> dict[str, Any]:
    return dict(yaml.safe_load((DEPLOY / "kubernetes/daily.yaml").read_text("utf-8")))


def jobs() -> dict[str, dict[str, Any]]:
    load = yaml.safe_load((DEPLOY / "flink/kubernetes/load.yaml").read_text("utf-8"))
    return {"daily": daily()["spec"]["jobTemplate"]["spec"], "load": load["spec"]}


def test_the_daily_load_is_what_kubernetes_knows() -> None:
    pods = at(deployment(), "spec", "taskManager", "podTemplate")
    cron = daily()
    assert (cron["apiVersion"], cron["kind"]) == ("batch/v1", "CronJob")
    assert list(mismatches(cron["spec"], cron_job(pods), "daily")) == []
    claim = at(pods, "spec", "volumes", "items", "ephemeral", "volumeClaimTemplate", "spec")
    volume = yaml.safe_load((DEPLOY / "kubernetes/volume.yaml").read_text("utf-8"))
    assert list(mismatches(volume["spec"], claim, "volume")) == []
    (used,) = cron["spec"]["jobTemplate"]["spec"]["template"]["spec"]["volumes"]
    assert used["persistentVolumeClaim"]["claimName"] == volume["metadata"]["name"]
    cron["spec"]["concurrencyPolicy"] = "forbid"
    cron["spec"]["jobTemplate"]["spec"]["podFailurePolicy"]["rules"][1]["onExitCodes"]["codes"] = []
    assert len(list(mismatches(cron["spec"], cron_job(pods), "daily"))) == 2


def test_one_at_a_time_and_its_flags_exist() -> None:
    assert daily()["spec"]["concurrencyPolicy"] == "Forbid"
    (container,) = jobs()["daily"]["template"]["spec"]["containers"]
    flags, rest = load_parser().parse_known_args(container["args"])
    assert rest == []
    mounted = [volume["mountPath"] for volume in container["volumeMounts"]]
    assert all(place.startswith(f"{mounted[0]}/") for place in (flags.output, flags.quota))


@pytest.mark.parametrize("name", ["daily", "load"])
def test_a_job_is_not_tried_again_in_vain_and_has_time_to_stop(name: str) -> None:
    job = jobs()[name]
    drained, failed = job["podFailurePolicy"]["rules"]
    assert (drained["action"], drained["onPodConditions"][0]["type"]) == ("Ignore", "DisruptionTarget")
    pod = job["template"]["spec"]
    (container,) = pod["containers"]
    # README: 1 hours could not be had, 2 wrong usage; all others may be better a minute later.
    assert failed["action"] == "FailJob"
    assert failed["onExitCodes"] == {"containerName": container["name"], "operator": "In", "values": [1, 2]}
    # A failure policy needs it.
    assert pod["restartPolicy"] == "Never"
    assert pod["terminationGracePeriodSeconds"] > PATIENCE + 10
    assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
    assert "memory" in container["resources"]["limits"]
    assert job["activeDeadlineSeconds"] > 4 * 3600


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: f"{path.parent.parent.name}/{path.name}")
def test_our_images_have_the_tag_of_this_version(path: Path) -> None:
    names = OURS.findall(path.read_text("utf-8"))
    assert [name for name in names if not name.endswith(f":{eia930.__version__}")] == []
