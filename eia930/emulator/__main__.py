# SPDX-License-Identifier: Apache-2.0
"""`python -m eia930.emulator`: serve until told to stop. Prints one line with the URL when it listens."""

from eia930.program.interrupt import end_on_interrupt

if __name__ == "__main__":
    end_on_interrupt("nothing was served yet")

import re
import signal
import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

from eia930.emulator import Emulator, Faults, RowSource, replay, synthetic
from eia930.emulator.faults import STRIKES
from eia930.emulator.files.quirks import Quirks
from eia930.emulator.files.world import synthetic_files
from eia930.errors import UsageError
from eia930.program.arguments import Parser
from eia930.program.ending import end_with
from eia930.reference.hours import hour_of, parse_hour

_LONGEST = 86_400
"""Seconds: a day."""
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


def parser() -> Parser:
    """Every flag; one for each field of `Faults`."""
    flags = Parser(prog="python -m eia930.emulator", description=__doc__)
    flags.add_argument("--port", type=int, default=0, help="port to listen on; 0 takes a free one")
    flags.add_argument("--replay", type=Path, nargs="+", metavar="FILE", help="Parquet or CSV files of real rows")
    flags.add_argument("--now", type=parse_hour, metavar="YYYY-MM-DDTHH", help="the hour that the clock shows")
    flags.add_argument("--latency", type=float, default=0.0, help="mean seconds before an answer")
    flags.add_argument("--jitter", type=float, default=0.0, help="most seconds by which latency differs")
    flags.add_argument("--seed", type=int, default=0, help="decides faults and latency")
    flags.add_argument("--log", type=Path, metavar="FILE", help="append one JSON line for every request")
    flags.add_argument("--key_sha256", help="SHA-256 (hex) of the one good key; without it any key is good")
    for fault in fields(Faults):
        text, default = fault.metadata["help"], fault.default
        if isinstance(default, bool):
            flags.add_argument(f"--{fault.name}", action="store_true", help=text)
        elif isinstance(default, tuple):
            flags.add_argument(f"--{fault.name}", nargs="+", default=default, help=text)
        else:
            flags.add_argument(f"--{fault.name}", type=type(default), default=default, help=text)
    for quirk in fields(Quirks):
        text, default = quirk.metadata["help"], quirk.default
        if isinstance(default, bool):
            flags.add_argument(f"--files_{quirk.name}", action="store_true", help=text)
        else:
            flags.add_argument(f"--files_{quirk.name}", type=int, default=default, help=text)
    return flags


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT."""
    done = Event()
    try:
        options = parser().parse_all(arguments)
        _sound(options)
        values: dict[str, Any] = vars(options)
        server = Emulator(
            _source(options.replay, options.now),
            port=options.port,
            faults=Faults(**{f.name: _frozen(values[f.name]) for f in fields(Faults)}),
            latency=(options.latency, options.jitter),
            seed=options.seed,
            log=options.log,
            key_sha256=options.key_sha256,
            now=options.now,
            files=None if options.replay else synthetic_files(now=_now(options.now)),
            quirks=Quirks(**{f.name: values[f"files_{f.name}"] for f in fields(Quirks)}),
        )
        with server:
            for name in (signal.SIGTERM, signal.SIGINT):
                signal.signal(name, lambda *_: done.set())
            print(f"listening on {server.url}", flush=True)
            print(f"files are at {server.files_url}", flush=True)
            done.wait()
    except BrokenPipeError:
        raise
    except (UsageError, OSError, ValueError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    return 0


def _sound(options: Namespace) -> None:
    """UsageError for a number that no clock or count can have, and a sum that no key can have."""
    for name, value in vars(options).items():
        if isinstance(value, float) and not 0 <= value <= _LONGEST and name not in STRIKES:
            raise UsageError(f"--{name} {value:g}: give seconds from 0 to {_LONGEST:,}")
        if isinstance(value, int) and value < 0 and name not in ("seed", "port", "now"):
            raise UsageError(f"--{name} {value}: give a number from 0 on")
    if options.key_sha256 is not None and not _SHA256.fullmatch(options.key_sha256):
        raise UsageError("--key_sha256 takes 64 hexadecimal digits: printf %s KEY | sha256sum")


def _source(files: Sequence[Path] | None, now: int | None) -> RowSource:
    if files:
        return replay(files)
    return synthetic(now=_now(now))


def _now(said: int | None) -> int:
    return hour_of(datetime.now(UTC).replace(hour=0)) if said is None else said


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


if __name__ == "__main__":
    end_with(main)
