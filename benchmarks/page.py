# SPDX-License-Identifier: Apache-2.0
"""Run the benchmarks that the pages of docs/ name, and put what each printed where it stands there.

    python benchmarks/page.py [NAME ...]

A page says which commands: `<!-- run: benchmarks/screening.py -->` … `<!-- /run -->`, or which environment has what a
command needs: `<!-- run in .venv-ml: benchmarks/reader.py -->`. With names, only those.
"""

import argparse
import os
import platform
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted((ROOT / "docs").glob("*.md"))
SPOT = re.compile(
    r"(?P<begin><!-- run(?: in (?P<venv>\S+))?: (?P<command>[^>]+) -->\n).*?(?P<end><!-- /run -->)", re.DOTALL
)


def machine() -> str:
    """Where and when figures were measured."""
    models = re.findall(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    cores = f"{os.cpu_count()} cores of {models[0] if models else platform.machine()}"
    return f"{datetime.now(UTC):%Y-%m-%d}, {cores}, Python {platform.python_version()}"


def measured(command: str, venv: str | None) -> str:
    """What a benchmark printed. SystemExit where it failed: a page holds no half figures."""
    python = str(ROOT / venv / "bin/python") if venv else sys.executable
    if venv and not Path(python).exists():
        raise SystemExit(f"{command} wants {venv}: `make test-ml` makes it")
    words, environment = [python, *shlex.split(command)], {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise SystemExit(f"{command}: exit {ran.returncode}\n{ran.stderr[-2000:]}")
    return f"```\n$ python {command}    # {machine()}\n{ran.stdout.strip()}\n```\n"


def main() -> None:
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("names", nargs="*", help="only these: screening, assemble, …")
    wanted = flags.parse_args().names
    named = {Path(spot["command"].split()[0]).stem for page in PAGES for spot in SPOT.finditer(page.read_text("utf-8"))}
    if strange := sorted(set(wanted) - named):
        raise SystemExit(f"no page names {', '.join(strange)}; there are {', '.join(sorted(named))}")
    for page in PAGES:
        renew(page, wanted)


def renew(page: Path, wanted: Sequence[str]) -> None:
    """Run what a page names, or what of it is wanted."""
    text = page.read_text("utf-8")
    for spot in list(SPOT.finditer(text)):
        if wanted and not any(f"/{name}.py" in spot["command"] for name in wanted):
            continue
        print(spot["command"], flush=True)
        found = measured(spot["command"], spot["venv"])
        text = text.replace(spot[0], f"{spot['begin']}{found}{spot['end']}")
        # At once, so that a later failure loses nothing.
        page.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
