# SPDX-License-Identifier: Apache-2.0
"""What Beam's flags say of the place where a cluster's workers run: their environment."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

KINDS = ("DOCKER", "PROCESS", "EXTERNAL", "LOOPBACK")
_NO_COMMAND = "--environment_type=PROCESS needs --environment_option=process_command=PATH, what starts a worker"
_NO_POOL = (
    "--environment_type=EXTERNAL needs --environment_config=HOST:PORT of a worker pool "
    "(given as external_service_address, Beam fails on it)"
)

_NO_ENGINE = (
    "the workers' environment is DOCKER and no Docker engine answers here: start one, or give "
    "--environment_type=PROCESS (python -m deploy.flink.cluster flags prints all that it needs)"
)
REMEDY = (
    "see that every worker's machine can start what --environment_type and its --environment_option or "
    "--environment_config name (docs/runners.md), then run the same command again: what is stored is kept"
)


def fault(options: Any) -> str | None:
    """One line where no worker could be started as `options` (PortableOptions) say it, wherever that is tried."""
    kind, config = options.environment_type, options.environment_config
    if kind and kind not in KINDS and not kind.startswith("beam:env:"):
        return f"--environment_type={kind}: there are {', '.join(KINDS)}"
    if kind == "PROCESS" and config and _of_json(config, "command") is None:
        return f'--environment_config={config}: PROCESS needs JSON with a "command", what starts a worker'
    if kind == "PROCESS" and command(options) is None:
        return _NO_COMMAND
    if kind == "EXTERNAL" and config and config.lstrip().startswith("{") and _of_json(config, "url") is None:
        return f'--environment_config={config}: EXTERNAL needs HOST:PORT, or JSON with a "url"'
    return _NO_POOL if kind == "EXTERNAL" and not config else None


def command(options: Any) -> str | None:
    """What starts a worker where the environment is PROCESS; None where nothing does."""
    if options.environment_config:
        return _of_json(options.environment_config, "command")
    given = options.lookup_environment_option("process_command")
    # Without a value Beam takes the name for a switch.
    return given if isinstance(given, str) and given else None


def lacking(options: Any, kind: str, *, patience: float = 5.0) -> str | None:
    """One line where this machine, if the workers are to be started on it, cannot start them; None where it may."""
    if kind == "PROCESS" and (given := command(options)) and shutil.which(given) is None:
        return f"process_command={given} is no program that can be run here: give the full path of one"
    return _NO_ENGINE if kind == "DOCKER" and not _docker_answers(patience) else None


def _docker_answers(patience: float) -> bool:
    """Whether there is an engine behind the client, which alone says nothing."""
    try:
        asked = ("docker", "version", "--format", "{{.Server.Version}}")
        done = subprocess.run(asked, capture_output=True, timeout=patience, check=False)  # noqa: S603 - fixed words
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _of_json(text: str, name: str) -> str | None:
    try:
        told = json.loads(text)
    except ValueError:
        return None
    found = told.get(name) if isinstance(told, dict) else None
    return found if isinstance(found, str) and found else None
