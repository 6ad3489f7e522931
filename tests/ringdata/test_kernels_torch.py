# SPDX-License-Identifier: Apache-2.0
"""torch's `context_parallel` on processes of its own (gloo), and Megatron-Core's code: they hold what our reader gives.

Run by `make test-torch`: the wheel of torch for Linux brings gigabytes of CUDA, so it has an environment of its own.
"""

import os
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
if not find_spec("torch"):
    pytest.skip("torch is not installed: make test-torch", allow_module_level=True)


@pytest.mark.parametrize("world", [2, 4])
def test_torch_and_megatron_cut_what_we_read(world: int, data_set: Path) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = str(held.getsockname()[1])
    command = [sys.executable, "-m", "tests.ringdata.torch_rank"]
    folder = str(data_set / "blocks" / "panel")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ranks = [
        subprocess.Popen(
            [*command, str(rank), str(world), port, folder], env=environment, cwd=ROOT, stdout=-1, stderr=-1, text=True
        )
        for rank in range(world)
    ]
    try:
        for rank in ranks:
            said, wrong = rank.communicate(timeout=300)
            assert rank.returncode == 0, wrong
            word, off = said.split()
            assert word == "equal"
            assert float(off) < 1e-5  # sums of float32 in another order
    finally:
        for rank in ranks:
            rank.kill()
