# SPDX-License-Identifier: Apache-2.0
"""Programs whose words cannot be written end in one line, or without one where nobody would read it."""

import subprocess
import sys
from pathlib import Path

import pytest

SAYS = "import sys\nfrom eia930.program.ending import end_with\n"
LOUD = f"{SAYS}end_with(lambda: print('words ' * 100_000))"
SHORT = f"{SAYS}end_with(lambda: print('words'))"
ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("code", [LOUD, SHORT])
def test_a_full_disk_below_what_is_printed_is_one_line(code: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stderr) == (
        3,
        "error: cannot write: No space left on device; what is stored is kept\n",
    )


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_streams_are_no_fault(closed: str) -> None:
    line = f'exec "$0" -c "$1" {closed}'
    done = subprocess.run(
        ["sh", "-c", line, sys.executable, f"{SAYS}end_with(lambda: print('a', file=sys.stderr) or print('b') or 0)"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


def test_a_fault_of_a_file_is_not_taken_for_one_of_what_is_printed() -> None:
    code = f"{SAYS}import errno\ndef main(): raise OSError(errno.ENOSPC, 'full', 'file')\nend_with(main)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "OSError" in done.stderr


def test_a_letter_that_the_terminal_lacks_is_written_otherwise() -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"{SAYS}end_with(lambda: print('2019…2024') or 0)"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False, env={"PYTHONIOENCODING": "latin-1"},
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "2019\\u20262024\n", "")
