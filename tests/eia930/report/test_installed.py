# SPDX-License-Identifier: Apache-2.0
"""Whatever the page is made of travels with an installed copy."""

import re
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_every_piece_of_the_page_is_packaged() -> None:
    told = re.search(r'"eia930\.report": \[(.*?)\]', (ROOT / "setup.py").read_text("utf-8"))
    assert told, "setup.py lists no data of eia930.report"
    patterns = re.findall(r'"(.*?)"', told[1])
    pieces = [path.name for path in (ROOT / "eia930" / "report").iterdir() if path.suffix not in (".py", "")]
    assert len(pieces) >= 5
    assert [name for name in pieces if not any(fnmatch(name, pattern) for pattern in patterns)] == []
