# SPDX-License-Identifier: Apache-2.0
"""How full each room is: modules and lines of every package, and exit 1 where one has outgrown its bound.

    python tools/rooms.py            the table, in the order in which data pass

Which way imports may go is import-linter's work (`lint-imports`, contracts in pyproject.toml); `make lint` runs both.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("eia930", "ringdata", "transforms", "pipelines")
MOST_MODULES = 12
FLAT = {"ringdata": 31}
"""ringdata stays flat: a trainer finds every file at one glance."""
MOST_LINES = 400


def main() -> int:
    """Print a line a room; 1 where a bound is broken."""
    broken = []
    for room in rooms():
        modules = [path for path in sorted(room.glob("*.py")) if path.name != "__init__.py"]
        lines = {path: len(path.read_text("utf-8").splitlines()) for path in modules}
        name, most = ".".join(room.relative_to(ROOT).parts), FLAT.get(room.name, MOST_MODULES)
        print(f"{name:32}{len(modules):3} modules {sum(lines.values()):6,} lines")
        if len(modules) > most:
            broken.append(f"{name} has {len(modules)} modules, {most} at most")
        broken += [f"{path.relative_to(ROOT)} has {n} lines" for path, n in lines.items() if n > MOST_LINES]
    for line in broken:
        print(f"too full: {line}", file=sys.stderr)
    return 1 if broken else 0


def rooms() -> list[Path]:
    """Every package, those inside another after it."""
    return sorted({path.parent for name in PACKAGES for path in (ROOT / name).rglob("*.py")})


if __name__ == "__main__":
    sys.exit(main())
