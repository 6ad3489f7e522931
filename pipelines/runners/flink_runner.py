# SPDX-License-Identifier: Apache-2.0
"""Beam's Flink runner, whose job is asked for every second and whose job server lives until the job has ended.

Beam's own stops its server on Ctrl-C, which leaves the job running unheard, and asks a cluster ever more seldom.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import requests
from apache_beam.options.pipeline_options import FlinkRunnerOptions, JobServerOptions, PipelineOptions
from apache_beam.runners.portability.flink_runner import MAGIC_HOST_NAMES, FlinkJarJobServer, FlinkRunner
from apache_beam.runners.portability.flink_uber_jar_job_server import FlinkBeamJob, FlinkUberJarJobServer

from pipelines.runners import apart

_EVERY = 1.0
_SILENT = (requests.RequestException, RuntimeError)
"""A JobManager that is away for a moment: how long it may be is the watch's to judge."""


class _JobServer(FlinkJarJobServer):
    """Beam's, which can be stopped although it never started: why it did not is what is to be told."""

    def stop(self) -> None:
        if self._server is not None:
            super().stop()
        elif self._local_temp_root:
            shutil.rmtree(self._local_temp_root)


class _Sent(FlinkBeamJob):
    """A job whose jar was sent to the cluster."""

    def __init__(self, *given: Any, verdict: Callable[[], Exception | None], **named: Any) -> None:
        super().__init__(*given, **named)
        self._verdict = verdict

    def get_state_stream(self) -> Iterator[Any]:
        yield from self._state_history[:]
        while True:
            if (verdict := self._verdict()) is not None:
                raise verdict
            with suppress(*_SILENT):
                state, moment = self.get_state()
                yield state, moment
                if self.is_terminal_state(state):
                    return
            time.sleep(_EVERY)

    def get_message_stream(self) -> Iterator[Any]:
        # Beam reads it in a thread of its own, where an error has nobody to go to.
        with suppress(Exception):
            yield from super().get_message_stream()

    def sweep(self) -> None:
        Path(self._jar).unlink(missing_ok=True)


class _Sender(FlinkUberJarJobServer):
    """Beam's, without what it leaves in the folder for temporary files."""

    def __init__(self, master: str, options: PipelineOptions, verdict: Callable[[], Exception | None]) -> None:
        super().__init__(master, options)
        self._verdict = verdict

    def create_beam_job(self, job_id: str, job_name: str, pipeline: Any, options: Any) -> _Sent:
        return _Sent(
            self._master_url,
            self.executable_jar(),
            job_id,
            job_name,
            pipeline,
            options,
            artifact_port=self._artifact_port,
            verdict=self._verdict,
        )

    def stop(self) -> None:
        for job in self._jobs.values():
            job.sweep()
        shutil.rmtree(self._temp_dir, ignore_errors=True)


class PatientFlinkRunner(FlinkRunner):
    """Leaves the handlers of signals alone. Call `stop` when the pipeline has ended.

    `verdict()` is why a job that was sent to a cluster cannot go on; None while it may.
    """

    def __init__(self, verdict: Callable[[], Exception | None] = lambda: None) -> None:
        super().__init__()
        self._verdict = verdict
        self._server: Any = None

    def default_job_server(self, options: PipelineOptions) -> Any:
        """Beam's job server itself, without what would stop it; a cluster that is sent one jar needs none."""
        flink, java = options.view_as(FlinkRunnerOptions), options.view_as(JobServerOptions)
        flink.flink_master = self.add_http_scheme(flink.flink_master)
        if flink.flink_submit_uber_jar and flink.flink_master not in MAGIC_HOST_NAMES:
            self._server = _Sender(flink.flink_master, options, self._verdict)
            # The job runs where the jar goes, and finds its cluster there.
            flink.flink_master = "[auto]"
            return self._server
        java.job_server_jvm_properties = [
            apart.__file__,
            java.job_server_java_launcher,
            *java.job_server_jvm_properties,
        ]
        java.job_server_java_launcher = sys.executable
        self._server = _JobServer(options)
        return self._server

    def stop(self) -> None:
        """End the job server and remove its files."""
        if self._server is not None:
            self._server.stop()
