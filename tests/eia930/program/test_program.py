# SPDX-License-Identifier: Apache-2.0
"""A worker with other code than the program that started the run is found out."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import eia930
from eia930.errors import UsageError
from eia930.program.code import fingerprint, require_same


def elsewhere(folder: Path) -> str:
    """The fingerprint of a copy in `folder`, taken by a program of its own."""
    done = subprocess.run(
        [sys.executable, "-c", "from eia930.program.code import fingerprint; print(fingerprint())"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    root = Path(eia930.__file__).parent.parent
    for name in ("eia930", "pipelines", "ringdata", "transforms"):
        shutil.copytree(root / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_where_it_lies_does_not_matter_but_every_byte_does(copy: Path) -> None:
    before = elsewhere(copy)
    (copy / "eia930" / "__pycache__").mkdir(exist_ok=True)
    (copy / "eia930" / "__pycache__" / "more.pyc").write_bytes(b"x")
    (copy / "eia930" / "notes.txt").write_text("not ours to run")
    assert elsewhere(copy) == before
    for changed in ("transforms/fetch.py", "eia930/reference/fuels.csv"):
        (copy / changed).write_text((copy / changed).read_text() + "\n")
        assert elsewhere(copy) != before
        before = elsewhere(copy)


def test_the_same_passes_and_another_is_one_line_with_both_names() -> None:
    require_same(fingerprint())
    with pytest.raises(UsageError, match="install the same") as caught:
        require_same("0123456789ab")
    assert fingerprint() in str(caught.value)
    assert "0123456789ab" in str(caught.value)
    assert "\n" not in str(caught.value)
