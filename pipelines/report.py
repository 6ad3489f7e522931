# SPDX-License-Identifier: Apache-2.0
"""Rebuilds the report page of a loaded folder or bucket.

python -m pipelines.report
"""

from __future__ import annotations

if __name__ == "__main__":
    from pipelines.running.start import begin

    begin()

import sys
from collections.abc import Sequence

from eia930.account.stored import INDEX
from eia930.errors import Stop, UsageError
from eia930.program.arguments import Parser
from eia930.program.ending import end_with
from eia930.report.build import write_page
from eia930.store.storage import Storage
from pipelines.options import fail


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code: 0 written, 2 there is no finished load to show, 3 the storage refuses."""
    parser = Parser(prog="python -m pipelines.report", description="Rebuild report/index.html from what a load wrote.")
    parser.add_argument("--output", default="data", help="folder or bucket URL of a finished load (default: data)")
    try:
        storage = _existing(parser.parse_all(argv).output)
        size = write_page(storage)
    except UsageError as error:
        return fail(error)
    except Stop as error:
        print(f"error: {error}", file=sys.stderr)
        return 3
    print(f"{storage.place}/{INDEX}  {size:,} bytes")
    return 0


def _existing(place: str) -> Storage:
    """The storage, without making a folder where there is none."""
    storage = Storage.at(place)
    storage.reach()
    if storage.path is not None and not storage.path.is_dir():
        raise UsageError(f"--output {place}: there is no such folder")
    return storage


if __name__ == "__main__":
    end_with(main)
