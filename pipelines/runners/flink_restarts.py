# SPDX-License-Identifier: Apache-2.0
"""Whether a cluster starts a failed job again, as its settings have it, and gives it a new worker then."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress

from pipelines.runners.flink_rest import FAULTS, JobManager

_STRATEGY = "set restart-strategy.type there (deploy/flink/README.md), or a lost worker ends the load"
_SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}


def settings_of(cluster: JobManager) -> dict[str, str]:
    """What is set on a cluster, Flink's defaults left out; nothing where it does not tell."""
    with suppress(*FAULTS):
        return {setting["key"]: setting["value"] for setting in cluster.get("/jobmanager/config")}
    return {}


def warning(settings: Mapping[str, str], master: str, *, cache: float) -> Iterator[str]:
    """A line where a lost worker would fail the job. `cache`: the seconds for which a worker is kept."""
    kind = settings.get("restart-strategy.type", settings.get("restart-strategy", "none"))
    if kind in ("none", "off", "disable"):
        yield f"--flink_master={master} does not start a failed job again: {_STRATEGY}"
    # Only there does a job that starts again find the classes, and with them the workers, of its last attempt.
    elif settings.get("classloader.resolve-order") == "parent-first" and cache >= (delay := _delay(settings, kind)):
        yield (
            f"--environment_cache_millis={cache * 1000:.0f} outlives the {delay:g} s until --flink_master={master} "
            "starts a failed job again: it would be given its dead worker until all restarts are used up; "
            "leave the flag out, or set a longer restart-strategy delay there"
        )


def _delay(settings: Mapping[str, str], kind: str) -> float:
    """Seconds before a restart, the shortest; Flink's own default where nothing is set."""
    text = settings.get(
        f"restart-strategy.{kind}.delay", settings.get(f"restart-strategy.{kind}.initial-backoff", "1 s")
    )
    match = re.fullmatch(r"(\d+)\s*(ms|s|min|h)?\w*", text.strip())
    return int(match[1]) * _SECONDS[match[2] or "ms"] if match else 1.0
