# SPDX-License-Identifier: Apache-2.0
"""Show that ring attention on the reader's slices is full attention on whole windows, in values and in gradients.

    python examples/check_ring.py data/blocks/panel

One line for each order, with all series seen and with missing hours; exits 1 where anything differs by over 1e-5.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

TOLERANCE = 1e-5


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the differences; 0 where all are within TOLERANCE, 2 where there are no such blocks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("blocks", help="a folder of panel blocks: OUTPUT/blocks/panel")
    parser.add_argument("--split", default="train")
    parser.add_argument("--window", type=int, default=-1, help="which window of the split (default: the middle one)")
    parser.add_argument("--devices", type=int, default=8, help="host devices, where there is no other kind")
    parser.add_argument("--json", action="store_true", help="a JSON object a line")
    parser.add_argument("--page", help="a page to write the lines into, between its markers")
    options = parser.parse_args(arguments)
    flags = os.environ.get("XLA_FLAGS", "")
    os.environ["XLA_FLAGS"] = f"{flags} --xla_force_host_platform_device_count={options.devices}"  # before jax starts
    from ringtrain.equality import differences

    from ringdata.errors import RingDataError

    rows = []
    try:
        for row in differences(options.blocks, split=options.split, window=options.window):
            rows.append(row)
            print(json.dumps(row.as_dict()) if options.json else row, flush=True)
    except RingDataError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if options.page:
        from ringtrain.page import write_between

        write_between(Path(options.page), "equality", "\n".join(["```", *map(str, rows), "```"]))
    return int(not all(row.largest <= TOLERANCE for row in rows))


if __name__ == "__main__":
    sys.exit(main())
