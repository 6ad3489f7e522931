# SPDX-License-Identifier: Apache-2.0
"""The trained model beside other methods, in one table: a row an area, and a summary.

    python examples/train_ring.py data/blocks/panel --forecasts=data/training/forecasts.npz
    python examples/compare_ring.py data/blocks/panel --forecasts=data/training/forecasts.npz

All are scored on the hours of the test split that the model was scored at. Needs numpy, pyarrow
and lightgbm.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; 2 where the blocks or the forecasts are not there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("blocks", help="a folder of panel blocks: OUTPUT/blocks/panel, loaded with --types D,DF")
    parser.add_argument("--forecasts", required=True, metavar="FILE", help="what train_ring.py --forecasts=FILE wrote")
    parser.add_argument("--page", help="a page to write the summary into, between its markers")
    parser.add_argument("--areas_page", help="a page to write the row of each area into, between its markers")
    options = parser.parse_args(arguments)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # matrices are small: threads would wait for each other
    from ringtrain.comparison import by_area, compare, summary
    from ringtrain.forecasts import read_forecasts
    from ringtrain.page import write_between

    from ringdata.errors import RingDataError

    try:
        found = read_forecasts(Path(options.forecasts))
        if find_spec("lightgbm") is None:
            raise ImportError("lightgbm is not installed: pip install '.[jax]'")
        table = compare(options.blocks, found)
    except (RingDataError, ImportError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (OSError, ValueError) as error:
        print(f"error: --forecasts={options.forecasts}: {error}", file=sys.stderr)
        return 2
    print(f"{summary(table)}\n\n{by_area(table)}")
    for page, marker, text in ((options.page, "comparison", summary), (options.areas_page, "areas", by_area)):
        if page:
            write_between(Path(page), marker, text(table))
    return 0


if __name__ == "__main__":
    sys.exit(main())
