# SPDX-License-Identifier: Apache-2.0
"""Finds what Dataflow's workers, which are on other machines, could not do, before anything is sent anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

from eia930.errors import UsageError
from eia930.sources.source import Source
from eia930.store.storage import Storage

NEEDED = ("project", "region", "temp_location")


def preflight(flags: Sequence[str], storage: Storage, *, source: Source | None = None) -> tuple[str, ...]:
    """Warnings, a line each. UsageError where a job of Dataflow could not work; other runners pass.

    `source` is what the job asks; None for a program that asks nothing.
    """
    if not any(_is_dataflow(flag) for flag in flags):
        return ()
    from apache_beam.options.pipeline_options import GoogleCloudOptions, PipelineOptions

    given = PipelineOptions(list(flags)).view_as(GoogleCloudOptions)
    missing = [f"--{name}" for name in NEEDED if not getattr(given, name)]
    if missing:
        raise UsageError(f"--runner=DataflowRunner needs {', '.join(missing)}")
    if storage.path is not None:
        raise UsageError(f"--output {storage.path}: Dataflow's workers share no folder; give gs://BUCKET/PREFIX")
    warnings = () if source is None else source.check_elsewhere()
    if find_spec("google") is None or find_spec("google.auth") is None:
        raise UsageError("--runner=DataflowRunner needs Beam's cloud part here: pip install 'apache-beam[gcp]'")
    return warnings


def _is_dataflow(flag: str) -> bool:
    name, _, runner = flag.partition("=")
    return name == "--runner" and runner.rpartition(".")[2].lower() == "dataflowrunner"
