# SPDX-License-Identifier: Apache-2.0
"""Holds a whole output against its manifest: after a move, a restore, a doubtful disk. Nothing is written.

python -m pipelines.verify --output=DIR
"""

from __future__ import annotations

if __name__ == "__main__":
    from pipelines.running.start import begin

    begin()

import sys
from collections.abc import Sequence

from eia930.account.verification import faults, parts_of
from eia930.errors import Stop, UsageError
from eia930.program.arguments import Parser
from eia930.program.ending import end_with
from eia930.store.storage import Storage
from pipelines.options.where import existing
from pipelines.options.words import fail


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code: 0 whole, 1 something differs, 2 nothing there, or nothing to hold it against, 3 storage refuses."""
    parser = Parser(
        prog="python -m pipelines.verify",
        description="Hold every file of an output against its manifest, and every stored answer against its checksum. "
        "A line for each that is missing, changed or extra, with the command that mends it.",
    )
    parser.add_argument("--output", default="data", help="folder or bucket URL of a load (default: data)")
    try:
        return _verify(existing(parser.parse_all(argv).output))
    except UsageError as error:
        return fail(error)
    except Stop as error:
        print(f"error: {error}", file=sys.stderr)
        return 3


def _verify(storage: Storage) -> int:
    parts, found = parts_of(storage), 0
    for fault in faults(storage, parts):
        found += 1
        print(f"{fault.path} {fault.what} ({fault.mend})", flush=True)
    size = sum(file.bytes for file in parts.files)
    held = f"{len(parts.files):,} files ({size:,} bytes) and {len(parts.answers):,} stored answers in {storage.place}"
    print(f"{found:,} of them differ: {held}" if found else f"whole: {held}")
    if not parts.answers:
        print("note      raw/ has no answers: right for an output of --as_of; restore it before a load goes on here")
    return 1 if found else 0


if __name__ == "__main__":
    end_with(main)
