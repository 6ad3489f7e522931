# SPDX-License-Identifier: Apache-2.0
"""Whether the runner can take the job as its flags have it: asked before anything is deleted, written or sent."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from urllib.parse import urlsplit

from eia930.errors import UsageError
from eia930.sources.api.http import LOOPBACK
from eia930.sources.quota import unshared
from eia930.sources.source import Source
from eia930.store.storage import Storage
from pipelines.options.runner import LOCAL_RUNNERS
from pipelines.runners import dataflow, environment, flink, portable


def look_ahead(flags: Sequence[str], storage: Storage, *, source: Source | None = None, embedded: bool = False) -> None:
    """UsageError where the runner that Beam's `flags` name cannot take the job; what may go wrong is said on stderr.

    `source` is what the job asks, None where it asks nothing; `embedded`: whether this program itself answers.
    """
    warnings = dataflow.preflight(flags, storage, source=source)
    check_options(flags)
    portable.preflight(flags)
    if source is not None and (line := unshared(source.quota, elsewhere=_elsewhere(flags))):
        print(f"warning: {line}", file=sys.stderr, flush=True)
    for warning in (*warnings, *flink.preflight(flags, storage, embedded=embedded)):
        print(f"warning: {warning}", file=sys.stderr, flush=True)


def _elsewhere(flags: Sequence[str]) -> bool:
    """Whether another host may ask: a cluster that is not on this one."""
    given = dict(flag.partition("=")[::2] for flag in flags)
    master = given.get("--flink_master", "[auto]")
    here = master in flink.IN_PROCESS or urlsplit(f"//{master.rpartition('//')[2]}").hostname in LOOPBACK
    return given.get("--runner") not in LOCAL_RUNNERS.values() and not (flink.is_flink(flags) and here)


def check_options(flags: Sequence[str]) -> None:
    """UsageError where Beam would refuse its own flags, which it does only when it makes a pipeline."""
    import apache_beam as beam
    from apache_beam.options.pipeline_options import DirectOptions, PortableOptions

    from pipelines.runners.beam_flags import BeamFlags

    options = BeamFlags(flags)
    if fault := environment.fault(options.view_as(PortableOptions)):
        raise UsageError(fault)
    if (workers := options.view_as(DirectOptions).direct_num_workers) < 0:
        raise UsageError(f"--direct_num_workers={workers}: give a whole number, 0 for all cores")
    try:
        made = beam.Pipeline(options=options)
    except Exception as error:
        # A runner may refuse in any way; none of them has done anything yet.
        said = str(error).removeprefix("Pipeline has validations errors:")
        raise UsageError(f"Beam refuses its flags: {said}") from None
    shutil.rmtree(made.local_tempdir, ignore_errors=True)
