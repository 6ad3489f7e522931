# SPDX-License-Identifier: Apache-2.0
"""Looks for what the other runners of Beam hand a job to: Prism's program, or a job server that runs already."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eia930.errors import UsageError

TO_A_SERVER = ("portablerunner", "flinkrunner", "prismrunner", "sparkrunner")
"""Runners that hand the job to the server at --job_endpoint, where one is named."""
_GET_PRISM = "go install github.com/apache/beam/sdks/v2/go/cmd/prism@v{version} makes one in $(go env GOPATH)/bin"


def preflight(flags: Sequence[str]) -> None:
    """UsageError where there is nothing to hand the job to; runners that need nothing pass."""
    from apache_beam.options.pipeline_options import (
        PipelineOptions,
        PortableOptions,
        PrismRunnerOptions,
        StandardOptions,
    )

    options = PipelineOptions(list(flags))
    runner = str(options.view_as(StandardOptions).runner).rpartition(".")[2].lower()
    problem = None
    if (endpoint := options.view_as(PortableOptions).job_endpoint) and runner in TO_A_SERVER:
        problem = check_endpoint(endpoint)
    elif runner == "portablerunner":
        problem = "--runner=PortableRunner needs --job_endpoint=HOST:PORT of a job server"
    elif runner == "prismrunner":
        problem = check_prism(options.view_as(PrismRunnerOptions).prism_location)
    if problem:
        raise UsageError(problem)


def check_endpoint(endpoint: str, timeout: float = 5.0) -> str | None:
    """One line where no job server is reached at `endpoint` within `timeout` seconds: Beam waits 300, in silence."""
    import grpc

    if endpoint == "embed":
        return None
    # As Beam itself connects, so that any address that it takes is taken here.
    with grpc.insecure_channel(endpoint) as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=timeout)
        except grpc.FutureTimeoutError:
            return (
                f"--job_endpoint={endpoint}: no job server answers there within {timeout:g} s; "
                "start one, or give the host and port of one that runs"
            )
    return None


def check_prism(location: str | None) -> str | None:
    """One line where `location` is no file: Beam would look for the program on the network, and not always find it."""
    from apache_beam.version import __version__ as version

    if location and Path(location).is_file():
        return None
    wrong = f"--prism_location={location} is no file" if location else "--runner=PrismRunner needs --prism_location"
    return f"{wrong}: {_GET_PRISM.format(version=version)}"
