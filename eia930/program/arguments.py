# SPDX-License-Identifier: Apache-2.0
"""How every program reads its flags: a fault is one line, and of a mistyped flag it names the nearest that there is."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

from eia930.errors import UsageError
from eia930.program.code import named


class OneLine(argparse.ArgumentParser):
    """A parser whose faults are UsageErrors: one line, no usage page."""

    def _print_message(self, message: str, file: Any = None) -> None:
        """Not as argparse does: that a reader has gone away is told by how the program ends."""
        if message:
            print(message, end="", file=file or sys.stderr, flush=True)

    def error(self, message: str) -> NoReturn:
        """Instead of the usage page and an exit."""
        raise UsageError(message)


class _Version(argparse.Action):
    """Finds out which code this is only where somebody asks."""

    def __init__(self, option_strings: Sequence[str], dest: str, **settings: Any) -> None:
        super().__init__(option_strings, argparse.SUPPRESS, nargs=0, default=argparse.SUPPRESS, **settings)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(named())
        parser.exit()


class Parser(OneLine):
    """A program's own flags, each by its whole name and with a value that is not empty."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, **settings)
        self.add_argument("--version", action=_Version, help="print the version and the code's fingerprint, and exit")

    def parse_all(self, argv: Sequence[str] | None = None) -> argparse.Namespace:
        """The flags, where nothing else may be given. UsageError for the first word that is none."""
        flags, rest = self.parse_known_args(argv)
        refuse(rest, self, known=self)
        return flags

    def _get_values(self, action: argparse.Action, arg_strings: list[str]) -> Any:
        # An empty word is an unset variable of a shell, and no wish for the default.
        if any(not text.strip() for text in arg_strings):
            raise UsageError(f"{'/'.join(action.option_strings)} is empty: give it a value, or leave it out")
        return super()._get_values(action, arg_strings)


def refuse(rest: Sequence[str], parser: OneLine, *, known: OneLine) -> None:
    """UsageError for the first of the words left over that is no flag of `known`, with the nearest of `parser`'s."""
    for name in (word.split("=", 1)[0] for word in rest if word.startswith("--")):
        if name not in known._option_string_actions:
            near = _nearest(name.lstrip("-"), [flag.lstrip("-") for flag in parser._option_string_actions])
            raise UsageError(f"no flag {name}" + (f"; did you mean --{near}?" if near else "; see --help"))
    # What has read the rest already has nothing left to read in it: it would take a second word for its first.
    left = list(rest) if known is parser else known.parse_known_args(list(rest))[1]
    if left:
        raise UsageError(f"{left[0]!r} is no flag")


def _nearest(name: str, flags: Sequence[str]) -> str | None:
    """The flag that a mistyped name is like, dashes apart: one begins with the other, or has nearly its letters."""
    begun = (flag for flag in flags if len(flag) > 1 and (flag.startswith(name) or name.startswith(f"{flag}_")))
    return next(begun, None) or next(iter(get_close_matches(name, flags, 1, 0.6)), None)
