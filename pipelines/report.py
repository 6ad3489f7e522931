# SPDX-License-Identifier: Apache-2.0
"""Rebuilds the report page of a loaded folder or bucket.

python -m pipelines.report
"""

from __future__ import annotations

if __name__ == "__main__":
    from pipelines.running.start import begin

    begin()

import sys
import uuid
from collections.abc import Sequence

from eia930.account.stored import INDEX, require_whole
from eia930.errors import Stop, UsageError
from eia930.program.arguments import Parser
from eia930.program.ending import end_with
from eia930.report.build import finished, write_page
from eia930.store import lease
from eia930.store.holding import holding
from pipelines.options.where import existing
from pipelines.options.words import fail


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code: 0 written, 2 there is no finished load to show, 3 the storage refuses, or a load is at work there."""
    parser = Parser(prog="python -m pipelines.report", description="Rebuild report/index.html from what a load wrote.")
    parser.add_argument("--output", default="data", help="folder or bucket URL of a finished load (default: data)")
    try:
        storage = existing(parser.parse_all(argv).output)
        require_whole(storage)
        finished(storage)
        # Where a load is at work its page comes with it, and two would write the same file.
        with holding(storage, "run", lease.Owner.here(uuid.uuid4().hex)):
            size = write_page(storage)
    except UsageError as error:
        return fail(error)
    except Stop as error:
        print(f"error: {error}", file=sys.stderr)
        return 3
    print(f"{storage.place}/{INDEX}  {size:,} bytes")
    return 0


if __name__ == "__main__":
    end_with(main)
