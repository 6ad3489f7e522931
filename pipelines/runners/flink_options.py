# SPDX-License-Identifier: Apache-2.0
"""What Beam's Flink job server takes besides the flags that Beam's Python knows: passed on to it as they are.

As the job server 2.62.0 for Flink 1.19 describes them; tests/flink holds the list to the server that runs.
"""

from __future__ import annotations

FLINK_OPTIONS = (
    "--allow_non_restored_state",
    "--attached_mode",
    "--auto_balance_write_files_sharding_enabled",
    "--auto_watermark_interval",
    "--checkpoint_timeout_millis",
    "--checkpointing_interval",
    "--checkpointing_mode",
    "--disable_metrics",
    "--enable_stable_input_drain",
    "--execution_mode_for_batch",
    "--execution_retry_delay",
    "--externalized_checkpoints_enabled",
    "--fail_on_checkpointing_errors",
    "--faster_copy",
    "--file_input_split_max_size_m_b",
    "--finish_bundle_before_checkpointing",
    "--flink_conf_dir",
    "--force_unaligned_checkpoint_enabled",
    "--job_check_interval_in_secs",
    "--latency_tracking_interval",
    "--max_bundle_size",
    "--max_bundle_time_mills",
    "--min_pause_between_checkpoints",
    "--num_concurrent_checkpoints",
    "--number_of_execution_retries",
    "--object_reuse",
    "--operator_chaining",
    "--re_iterable_group_by_key_result",
    "--report_checkpoint_duration",
    "--retain_externalized_checkpoints_on_cancellation",
    "--savepoint_path",
    "--shutdown_sources_after_idle_ms",
    "--state_backend",
    "--state_backend_factory",
    "--state_backend_storage_path",
    "--unaligned_checkpoint_enabled",
    "--use_data_stream_for_batch",
)
