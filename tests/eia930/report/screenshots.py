# SPDX-License-Identifier: Apache-2.0
"""The pictures of the page that README and docs show.

python -m tests.eia930.report.screenshots --output data --to docs/images
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eia930.account.stored import INDEX
from eia930.report.build import write_page
from eia930.store.storage import Storage
from tests.eia930.report.browser import PHONE, WIDE, Seen, browser, chromium, opened

_PARTS = {"top": "header", "coverage": "#coverage figure", "doubtful": "#doubtful", "checks": "#checks"}
_TALLEST = 1500
_MARGIN = 20
_FLAGS_IN = 12  # days with flags to go past, for a lively picture


def main(argv: Sequence[str] | None = None) -> int:
    """Rebuild the page of a folder and take its pictures; exit code 2 where there is no Chromium."""
    parser = argparse.ArgumentParser(prog="python -m tests.eia930.report.screenshots", description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="a folder that a load wrote")
    parser.add_argument("--to", type=Path, required=True, help="where the pictures go")
    flags = parser.parse_args(argv)
    if chromium() is None:
        print("error: no Chromium on this host: apt-get install chromium", file=sys.stderr)
        return 2
    write_page(Storage.at(str(flags.output)))
    flags.to.mkdir(parents=True, exist_ok=True)
    with browser() as started:
        _desk(started, flags.output / INDEX, flags.to)
        _dark(started, flags.output / INDEX, flags.to)
        _phone(started, flags.output / INDEX, flags.to)
    return 0


def _desk(started: Any, index: Path, to: Path) -> None:
    with opened(started, index, viewport=WIDE) as seen:
        seen.scroll()
        for name, where in _PARTS.items():
            _save(seen.page.query_selector(where).screenshot(), to / f"report-{name}.png")
        _save(_region(seen).screenshot(), to / "report-history.png")
        box = seen.page.query_selector("figure.history")
        for _ in range(_FLAGS_IN):
            box.query_selector("button:has-text('Next flagged')").click()
        _save(box.screenshot(), to / "report-zoomed.png")


def _region(seen: Seen) -> Any:
    """A region with flags, but not the most: the third, or the last of fewer."""
    return seen.page.query_selector_all("details.region[open]")[:3][-1]


def _dark(started: Any, index: Path, to: Path) -> None:
    with opened(started, index, viewport=WIDE, color_scheme="dark") as seen:
        seen.scroll()
        _save(_region(seen).screenshot(), to / "report-dark.png")


def _phone(started: Any, index: Path, to: Path) -> None:
    with opened(started, index, viewport=PHONE) as seen:
        _save(seen.page.screenshot(), to / "report-phone.png")


def _save(picture: bytes, path: Path) -> None:
    """Cut to a height that a reader scrolls past, with a margin of the page's own colour."""
    from PIL import Image, ImageOps

    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image = image.crop((0, 0, image.width, min(image.height, _TALLEST)))
    colour = image.getpixel((image.width - 1, image.height - 1))
    assert isinstance(colour, tuple)
    image = ImageOps.expand(image, _MARGIN, colour)
    image.save(path, optimize=True)
    print(f"{path}  {image.width} × {image.height}  {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    sys.exit(main())
