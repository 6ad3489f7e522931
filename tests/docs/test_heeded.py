# SPDX-License-Identifier: Apache-2.0
"""The page says which flag concerns which source, as the sources heed them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from eia930.sources.members import SOURCES
from eia930.sources.source import Terms

PAGE = Path(__file__).resolve().parents[2] / "docs" / "sources.md"
OTHER: dict[str, Any] = {
    "url": "https://example.org/v2",
    "files_url": "https://example.org/files",
    "key": "env:ANOTHER",
    "quota": "/tmp/quota",
    "requests_per_hour": 77,
    "burst_per_second": 2,
    "max_in_flight": 3,
    "min_delay": 9.0,
    "hours_per_request": 5,
    "tries": 4,
    "settle_hours": 9,
    "revisit_days": 9,
    "refresh": True,
}
FLAGS = {"url": "--api_url", "key": "--api_key"}


def row(term: str, value: Any) -> str:
    changed: dict[str, Any] = {term: value}
    cells = [
        "yes" if kind.on(replace(Terms(name), **changed)) != kind.on(Terms(name)) else "–"
        for name, kind in SOURCES.items()
    ]
    return f"| `{FLAGS.get(term, f'--{term}')}` | {' | '.join(cells)} |"


def test_the_page_says_which_flag_concerns_which_source() -> None:
    head = f"| | {' | '.join(f'`{name}`' for name in SOURCES)} |"
    rows = [head, f"|---|{'---|' * len(SOURCES)}", *(row(*one) for one in OTHER.items())]
    table = "\n".join(rows)
    assert table in PAGE.read_text(), f"the table of {PAGE.name} is to be\n{table}"
