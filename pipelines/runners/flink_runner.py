# SPDX-License-Identifier: Apache-2.0
"""Beam's Flink runner, with a job server that lives until the job has ended.

Beam's own stops it on Ctrl-C, which leaves the job running unheard; ours goes on while the dispatcher is asked to stop.
"""

from __future__ import annotations

import shutil
import sys
from typing import Any

from apache_beam.options.pipeline_options import FlinkRunnerOptions, JobServerOptions, PipelineOptions
from apache_beam.runners.portability.flink_runner import MAGIC_HOST_NAMES, FlinkJarJobServer, FlinkRunner

from pipelines.runners import apart


class _JobServer(FlinkJarJobServer):
    """Beam's, which can be stopped although it never started: why it did not is what is to be told."""

    def stop(self) -> None:
        if self._server is not None:
            super().stop()
        elif self._local_temp_root:
            shutil.rmtree(self._local_temp_root)


class PatientFlinkRunner(FlinkRunner):
    """Leaves the handlers of signals alone. Call `stop` when the pipeline has ended."""

    def __init__(self) -> None:
        super().__init__()
        self._server: Any = None

    def default_job_server(self, options: PipelineOptions) -> Any:
        """Beam's job server itself, without what would stop it; a cluster that is sent one jar needs none."""
        flink, java = options.view_as(FlinkRunnerOptions), options.view_as(JobServerOptions)
        flink.flink_master = self.add_http_scheme(flink.flink_master)
        if flink.flink_submit_uber_jar and flink.flink_master not in MAGIC_HOST_NAMES:
            return super().default_job_server(options)
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
