# SPDX-License-Identifier: Apache-2.0
"""The page on how it works names what there is: ten functions in order, and every room."""

import re
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
FUNCTIONS = re.findall(r"^\| (\d+) \| `([\w.]+)` \|", PAGE, re.MULTILINE)


def test_there_are_ten_in_order() -> None:
    assert [int(number) for number, _ in FUNCTIONS] == list(range(1, 11))


@pytest.mark.parametrize("name", [name for _, name in FUNCTIONS])
def test_each_is_there(name: str) -> None:
    parts = name.split(".")
    # The last part that begins small before a class or function is the module.
    at = next((n for n, part in enumerate(parts) if part[0].isupper()), len(parts) - 1)
    found: object = import_module(".".join(parts[:at]))
    for part in parts[at:]:
        found = getattr(found, part)
    assert callable(found)


def test_every_room_is_named() -> None:
    rooms = {path.parent.name for path in (ROOT / "eia930").glob("*/__init__.py")}
    assert {room for room in rooms if f"`{room}`" not in PAGE} == set()
