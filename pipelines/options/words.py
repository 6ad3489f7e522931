# SPDX-License-Identifier: Apache-2.0
"""What stands after a flag → a checked value. A fault is one line."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence

from eia930.errors import UsageError
from eia930.reference.hours import parse_hour

DIGITS = re.compile(r"\d{1,12}", re.ASCII)


class Defaults(argparse.ArgumentDefaultsHelpFormatter):
    """Names a default where there is one and the help does not tell it in words."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        told = "(default" in (action.help or "") or action.default in (None, "", False)
        return action.help if told else super()._get_help_string(action)


def words(text: str) -> list[str]:
    """The words between commas."""
    return [word.strip() for word in text.split(",") if word.strip()]


def listed(flag: str, text: str, known: tuple[str, ...], *, alone: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Words between commas, each of them known. A fault also names words that could stand `alone` instead."""
    given = words(text)
    there = ", ".join(known) + (f"; or {' or '.join(alone)} alone" if alone else "")
    if not given:
        raise UsageError(f"--{flag} needs a name: there are {there}")
    for word in given:
        if word not in known:
            raise UsageError(f"--{flag} {word!r}: there are {there}")
    return tuple(dict.fromkeys(given))


def hour(flag: str, text: str) -> int:
    """Hours since 1970 UTC, of `YYYY-MM-DD` or `YYYY-MM-DDTHH`."""
    try:
        return parse_hour(text)
    except ValueError as error:
        raise UsageError(f"{flag}: {error}") from None


def positive(text: str) -> int:
    """A whole number above 0."""
    if not DIGITS.fullmatch(text) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0 of at most 12 digits")
    return int(text)


def whole(text: str) -> int:
    """A whole number from 0 on."""
    if not DIGITS.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 on, of at most 12 digits")
    return int(text)


def auto(text: str) -> int | None:
    """A whole number above 0; None where the program chooses."""
    return None if text == "auto" else positive(text)


def share(text: str) -> float:
    """From 0 to 1."""
    return _number(text, "share", most=1)


def seconds(text: str) -> float:
    """At most an hour."""
    return _number(text, "number of seconds", most=3600)


def _number(text: str, what: str, *, most: int) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is no {what} from 0 to {most}")
    return number


def fail(error: Exception) -> int:
    """One line on stderr; exit code 2."""
    print(f"error: {error}", file=sys.stderr)
    return 2


def given_in(argv: Sequence[str]) -> set[str]:
    """The names of the flags on a command line."""
    return {word.split("=", 1)[0] for word in argv}
