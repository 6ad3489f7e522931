# SPDX-License-Identifier: Apache-2.0
"""What fails on a worker is told by its own last line, with the lines of ours that led to it."""

import subprocess
import sys
import threading
from pathlib import Path

import apache_beam as beam
import grpc
import pytest

from eia930.errors import KeyRefused, StorageError, UsageError
from pipelines.running.execute import WorkerFailed, execute, worker_error

# As the driver of a Flink job gets it, shortened.
FROM_FLINK = """Pipeline BeamApp-1 failed in state FAILED: java.lang.RuntimeException: Error received from SDK harness \
for instruction 14: Traceback (most recent call last):
  File "/venv/lib/python3.11/site-packages/apache_beam/runners/worker/sdk_worker.py", line 310, in _execute
    response = task()
               ^^^^^^
  File "/python/lib/python3.11/concurrent/futures/thread.py", line 58, in run
    result = self.fn(*self.args, **self.kwargs)
  File "/venv/lib/python3.11/site-packages/apache_beam/internal/cloudpickle_pickler.py", line 229, in _loads
    unpickled = cloudpickle.loads(s)
                ^^^^^^^^^^^^^^^^^^^^
  File "apache_beam/runners/common.py", line 686, in apache_beam.runners.common.SimpleInvoker.invoke_process
  File "/app/quality/methods.py", line 11, in <module>
    from eia930.screening.demand import screen, screen_forecast
  File "/app/quality/screening.py", line 9, in <module>
    import bottleneck as bn
{raised}
"""
FRAMES = [
    '  File "/app/quality/methods.py", line 11, in <module>',
    "    from eia930.screening.demand import screen, screen_forecast",
    '  File "/app/quality/screening.py", line 9, in <module>',
    "    import bottleneck as bn",
]

ON_WORKERS = """
import sys
import apache_beam as beam
from eia930.errors import Stop, UsageError, StorageError
from pipelines.running.execute import execute

def no_room(_):
    raise StorageError("cannot use x", remedy="mend it")

def another(_):
    raise UsageError("another version (1a) than the one (2b)")

flags = ["--runner=FnApiRunner", "--direct_num_workers=2", f"--direct_running_mode={sys.argv[1]}"]
try:
    # Beam 2.77 may wait for ever for a worker that connects only when the job is over: all have had work before.
    execute(lambda root: root | beam.Create(range(16)) | beam.Reshuffle() | beam.Map(globals()[sys.argv[2]]), flags)
except (Stop, UsageError) as error:
    print(type(error).__name__, error)
"""


def told(raised: str) -> Exception:
    error, frames = worker_error(RuntimeError(FROM_FLINK.replace("{raised}", raised)))
    assert frames == FRAMES
    assert error is not None
    assert "\n" not in str(error)
    return error


def test_what_a_worker_lacks() -> None:
    error = told("ModuleNotFoundError: No module named 'bottleneck'")
    assert isinstance(error, WorkerFailed)
    assert str(error).startswith("a worker failed: ModuleNotFoundError: No module named 'bottleneck' (install the same")


def test_anything_else_with_the_step_left_out() -> None:
    error = told("ValueError: 3 (of 4) [while running 'Assemble/Write tidy-ptransform-12']\nmore words")
    assert str(error) == f"a worker failed: ValueError: 3 (of 4) ({WorkerFailed.remedy})"
    assert str(told("ValueError")).startswith("a worker failed: ValueError (")


@pytest.mark.parametrize(
    "error",
    [
        StorageError("cannot use s3://b: no room (os error 28)"),
        StorageError("cannot use s3://b: no", remedy="check the name (for S3: AWS_REGION); then again"),
        UsageError("the worker on host has another version (1a) than the one (2b): install the same"),
        KeyRefused("no such key"),
    ],
)
def test_an_error_of_ours_comes_back_word_for_word(error: Exception) -> None:
    back = told(f"eia930.errors.{type(error).__name__}: {error} [while running 'Ask']")
    assert (type(back), str(back)) == (type(error), str(error))


@pytest.mark.parametrize("mode", ["multi_processing", "multi_threading"])
@pytest.mark.parametrize(
    ("fails", "line"),
    [
        ("no_room", "StorageError cannot use x (mend it)"),
        pytest.param("another", "UsageError another version (1a) than the one (2b)", marks=pytest.mark.slow),
    ],
)
def test_an_error_of_ours_keeps_its_kind_and_remedy_on_real_workers(mode: str, fails: str, line: str) -> None:
    """As the workers' own Beam sends it back, whatever it makes of it on the way."""
    command = [sys.executable, "-c", ON_WORKERS, mode, fails]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout == f"{line}\n", done.stderr


def test_a_cluster_that_gives_up() -> None:
    text = "Pipeline BeamApp-1_2 failed in state FAILED: org.x.NoResourceAvailableException: No slots.\n\tat org.x.Y"
    error, frames = worker_error(RuntimeError(text))
    assert str(error).startswith("the cluster gave the job up: org.x.NoResourceAvailableException: No slots. (")
    assert "--environment_type" not in str(error)
    assert frames == []


@pytest.mark.parametrize(
    "told",
    [
        # As Flink 1.19 told of a command that is not there or fails, no Docker engine, and no worker pool.
        "java.io.IOException: error=2, No such file or directory",
        "java.lang.IllegalStateException: Process died with exit code 1",
        "java.io.IOException: Received exit code 125 for command 'docker run -d x'. stderr: docker: Cannot connect",
        "java.net.ConnectException: finishConnect(..) failed: Connection refused",
    ],
)
def test_workers_that_the_cluster_could_not_start(told: str) -> None:
    error, _ = worker_error(RuntimeError(f"Pipeline BeamApp-1_2 failed in state FAILED: {told}"))
    assert isinstance(error, WorkerFailed)
    assert "--environment_type" in error.remedy
    assert "--environment_config" in error.remedy
    assert error.what.endswith(told)


def test_what_no_worker_raised_is_left_as_it_is() -> None:
    def broken(root: beam.Pipeline) -> None:
        raise KeyError("here")

    assert worker_error(OSError("there")) == (None, [])
    with pytest.raises(KeyError, match="here"):
        execute(broken, ["--runner=FnApiRunner"])


def test_in_process() -> None:
    with pytest.raises(StorageError, match=r"^cannot use x \(mend it\)$"):
        execute(lambda root: root | beam.Create([1]) | beam.Map(_no_room), ["--runner=FnApiRunner"])
    with pytest.raises(RuntimeError, match="3 is too much"):
        execute(lambda root: root | beam.Create([1]) | beam.Map(_too_much), ["--runner=FnApiRunner"])


def _no_room(_: int) -> None:
    raise StorageError("cannot use x", remedy="mend it")


def _too_much(_: int) -> None:
    raise RuntimeError("3 is too much")


class Listener(threading.Thread):
    """As Beam's own, to which the end of a job server comes a moment after the program has told of it."""

    def __init__(self) -> None:
        super().__init__(name="wait_until_finish_read", daemon=True)
        self.awaited = threading.Event()

    def join(self, timeout: float | None = None) -> None:
        self.awaited.set()
        super().join(timeout)

    def run(self) -> None:
        assert self.awaited.wait(60)
        raise grpc.RpcError("the stream was removed")


def test_a_listener_that_breaks_a_moment_later_is_not_heard() -> None:
    """Pytest makes a failure of what a thread raises and nobody hears."""
    listener = Listener()

    def build(_: object) -> None:
        listener.start()
        raise RuntimeError("the job server has ended")

    before = threading.excepthook
    with pytest.raises(RuntimeError, match="has ended"):
        execute(build, ["--runner=FnApiRunner"])
    listener.join()
    assert threading.excepthook is before
