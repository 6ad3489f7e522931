# SPDX-License-Identifier: Apache-2.0
"""No program is aborted as it ends.

`read_table` of bytes that Python owns reads with pyarrow's threads, and one of them may let go of the bytes last. Where
that is after the interpreter began to end, the process aborts: "terminate called without an active exception", exit
code 134 instead of the program's own, in about one run of twenty. `use_threads=False` keeps all to the calling thread;
`ParquetFile(...).read()` and a file by its name were never seen to fail.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("eia930", "ringdata", "transforms", "pipelines", "deploy", "examples")


def loose(text: str) -> Iterator[int]:
    """Lines that read a table out of a buffer or an open file with threads."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call) or not ast.unparse(node.func).endswith("read_table"):
            continue
        alone = any(word.arg == "use_threads" and ast.unparse(word.value) == "False" for word in node.keywords)
        if any(isinstance(part, ast.Call) for part in node.args) and not alone:
            yield node.lineno


@pytest.mark.parametrize("package", PACKAGES)
def test_bytes_are_read_on_the_calling_thread(package: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted((ROOT / package).rglob("*.py"))
        for line in loose(path.read_text())
    ]
    assert found == []


def test_one_that_is_not_is_found() -> None:
    assert list(loose("pq.read_table(pa.BufferReader(data))")) == [1]
    assert list(loose("pq.read_table(pa.BufferReader(data), use_threads=False)")) == []
    assert list(loose("pq.read_table(path)")) == []
