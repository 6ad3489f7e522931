# SPDX-License-Identifier: Apache-2.0
"""What batch/v1 of Kubernetes knows of a Job and a CronJob, as far as ours use it; a pod's schema is given."""

from typing import Any

Schema = dict[str, Any]
_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer"}


def job(pods: Schema) -> Schema:
    """A Job's spec, by https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/job-v1/."""
    return _object(
        required=("template",),
        activeDeadlineSeconds=_COUNT,
        backoffLimit=_COUNT,
        podFailurePolicy=_object(required=("rules",), rules={"type": "array", "items": _rule()}),
        template=pods,
    )


def cron_job(pods: Schema) -> Schema:
    """A CronJob's spec, by https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/cron-job-v1/."""
    return _object(
        required=("schedule", "jobTemplate"),
        schedule=_TEXT,
        timeZone=_TEXT,
        concurrencyPolicy=_TEXT | {"enum": ["Allow", "Forbid", "Replace"]},
        startingDeadlineSeconds=_COUNT,
        successfulJobsHistoryLimit=_COUNT,
        failedJobsHistoryLimit=_COUNT,
        jobTemplate=_object(required=("spec",), spec=job(pods)),
    )


def _rule() -> Schema:
    on_codes = _object(
        required=("operator", "values"),
        containerName=_TEXT,
        operator=_TEXT | {"enum": ["In", "NotIn"]},
        values={"type": "array", "items": _COUNT},
    )
    condition = _object(required=("type",), type=_TEXT, status=_TEXT | {"enum": ["True", "False", "Unknown"]})
    return _object(
        required=("action",),
        action=_TEXT | {"enum": ["FailJob", "FailIndex", "Ignore", "Count"]},
        onExitCodes=on_codes,
        onPodConditions={"type": "array", "items": condition},
    )


def _object(*, required: tuple[str, ...], **properties: Schema) -> Schema:
    return {"type": "object", "required": list(required), "properties": properties}
