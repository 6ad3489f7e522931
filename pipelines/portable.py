# SPDX-License-Identifier: Apache-2.0
"""Looks for what the other runners of Beam hand a job to: Prism's program, or a job server that runs already."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eia.errors import UsageError

_GET_PRISM = "go install github.com/apache/beam/sdks/v2/go/cmd/prism@v{version} makes one in $(go env GOPATH)/bin"


def preflight(flags: Sequence[str]) -> None:
    """UsageError where there is nothing to hand the job to; runners that need nothing pass."""
    from apache_beam.options.pipeline_options import PipelineOptions, PrismRunnerOptions, StandardOptions

    options = PipelineOptions(list(flags))
    runner = str(options.view_as(StandardOptions).runner).rpartition(".")[2].lower()
    if runner == "prismrunner" and (problem := check_prism(options.view_as(PrismRunnerOptions).prism_location)):
        raise UsageError(problem)


def check_prism(location: str | None) -> str | None:
    """One line where `location` is no file: Beam would look for the program on the network, and not always find it."""
    from apache_beam.version import __version__ as version

    if location and Path(location).is_file():
        return None
    wrong = f"--prism_location={location} is no file" if location else "--runner=PrismRunner needs --prism_location"
    return f"{wrong}: {_GET_PRISM.format(version=version)}"
