# SPDX-License-Identifier: Apache-2.0
"""The API page: what others may import, from the docstrings, by pdoc.

    python tools/api.py [--to build/docs]

A name without a docstring, or a warning of pdoc's, is a fault. What is not in PUBLIC may change without notice.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pdoc
import pdoc.doc
import pdoc.render

ROOT = Path(__file__).resolve().parents[1]
PUBLIC = (
    "ringdata",
    "ringdata.errors",
    "eia930.reference.hours",
    "eia930.reference.respondents",
    "eia930.reference.routes",
    "eia930.reference.series",
    "eia930.screening.demand",
    "eia930.checks.all_checks",
    "eia930.checks.outcome",
    "eia930.emulator",
    "eia930.errors",
)


def build(folder: Path) -> None:
    """Write the pages into `folder`; a warning is an error."""
    pdoc.render.configure(docformat="markdown", show_source=False, footer_text="eia930")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in PUBLIC:
            _load(name)
        # A module is shown with what it names, not with all that lies below it.
        pdoc.pdoc(*(word for name in PUBLIC for word in _alone(name)), output_directory=folder)


def bare() -> list[str]:
    """Public names without a docstring."""
    return [name for module in PUBLIC for name in _bare(pdoc.doc.Module(_load(module)))]


def _load(name: str) -> ModuleType:
    """The module with all that it names: pdoc does not ask for what is loaded when it is asked for."""
    module = import_module(name)
    for one in getattr(module, "__all__", ()):
        getattr(module, one)
    return module


def _alone(module: str) -> Iterator[str]:
    """The module, and for pdoc that those below it are left out unless they are public themselves."""
    yield module
    yield f"!{module.replace('.', chr(92) + '.')}\\."


def _bare(space: pdoc.doc.Module | pdoc.doc.Class) -> Iterator[str]:
    for one in space.members.values():
        if one.kind == "module" or one.name.startswith("_") or one.is_inherited:
            continue
        if not one.docstring and one.kind != "variable":
            yield one.fullname
        if isinstance(one, pdoc.doc.Class):
            yield from _bare(one)


def main(arguments: Sequence[str]) -> int:
    """1 where a public name has no docstring, 2 where the pages cannot be written there."""
    parser = argparse.ArgumentParser(description="Build the API page from the docstrings.")
    parser.add_argument("--to", type=Path, default=ROOT / "build" / "docs", help="folder of the pages")
    folder = parser.parse_args(arguments).to
    if folder.exists() and not folder.is_dir():
        print(f"error: --to {folder} is a file: give a folder", file=sys.stderr)
        return 2
    missing = bare()
    for name in missing:
        print(f"{name} has no docstring", file=sys.stderr)
    build(folder)
    print(folder / "index.html")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main(sys.argv[1:]))
