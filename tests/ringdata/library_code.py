# SPDX-License-Identifier: Apache-2.0
"""Functions of a library as its wheel has them, without what it imports beside them: flash kernels, CUDA, a trainer."""

import __future__

import ast
import sys
from collections.abc import Container
from pathlib import Path
from typing import Any

import pytest

KERNELS = Path(__file__).resolve().parents[2] / "build" / "kernels"


def of_library(path: str, names: Container[str], **needed: Any) -> dict[str, Any]:
    """The functions `names` of file `path` of a wheel, run with what they need; skipped where it is nowhere."""
    source = next((root / path for root in (KERNELS, *map(Path, sys.path)) if (root / path).exists()), None)
    if source is None:
        pytest.skip(f"no {path}: make test-ml unpacks it into build/kernels")
    nodes = [node for node in ast.parse(source.read_text("utf-8")).body if _named(node, names)]
    found = dict(needed)
    plain = __future__.annotations.compiler_flag  # what its annotations name need not be here
    exec(compile(ast.Module(nodes, []), str(source), "exec", flags=plain), found)
    return found


def _named(node: ast.stmt, names: Container[str]) -> bool:
    """A function or class of that name, or a call of a method of one."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return node.name in names
    call = node.value if isinstance(node, ast.Expr) else None
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
        return call.func.value.id in names
    return False
