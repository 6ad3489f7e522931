# SPDX-License-Identifier: Apache-2.0
"""A small load of two routes for the readers, whose environment has none of our programs.

python -m tests.readers.making build/readers
"""

import os
import sys
from pathlib import Path

from eia930.emulator import Emulator, synthetic
from eia930.reference.hours import parse_hour
from pipelines.historical import main

NOW = parse_hour("2024-03-01T00")


def make(folder: Path) -> int:
    """Load into `folder/data`; the load's exit code."""
    os.environ["EIA_API_KEY"] = "0123456789abcdef"
    words = ("--regions=PACW,ERCO", "--routes=region-data,fuel-type-data", "--start=2023-07-01", "--end=2024-02-01")
    pace = ("--requests_per_hour=1000000", "--burst_per_second=1000", "--formats=parquet")
    # Asked for twice, and revised meanwhile.
    for hour, defects in ((NOW - 1, False), (NOW, True)):
        with Emulator(synthetic(now=NOW, defects=defects), now=hour) as server:
            code = main([f"--api_url={server.url}", f"--output={folder / 'data'}", "--refresh", *words, *pace])
    return code


if __name__ == "__main__":
    sys.exit(make(Path(sys.argv[1]).absolute()))
