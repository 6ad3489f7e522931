# SPDX-License-Identifier: Apache-2.0
"""The commands that an installation puts on the PATH (entry points in setup.py), each a program's `python -m`.

Loads nothing before `begin`, so that Ctrl-C and a missing package are one line here too.
"""

from __future__ import annotations

from importlib import import_module
from typing import NoReturn

from eia930.program.ending import end_with
from pipelines.running.start import begin


def historical() -> NoReturn:
    """`eia930-historical`: python -m pipelines.historical."""
    _run("historical")


def coverage() -> NoReturn:
    """`eia930-coverage`: python -m pipelines.coverage."""
    _run("coverage")


def blocks() -> NoReturn:
    """`eia930-blocks`: python -m pipelines.blocks."""
    _run("blocks")


def report() -> NoReturn:
    """`eia930-report`: python -m pipelines.report."""
    _run("report")


def verify() -> NoReturn:
    """`eia930-verify`: python -m pipelines.verify."""
    _run("verify")


def doctor() -> NoReturn:
    """`eia930-doctor`: python -m pipelines.doctor."""
    _run("doctor")


def follow() -> NoReturn:
    """`eia930-follow`: python -m pipelines.follow."""
    _run("follow")


def emulator() -> NoReturn:
    """`eia930-emulator`: python -m eia930.emulator, which needs nothing that [load] brings."""
    from eia930.emulator.__main__ import main

    end_with(main)


def _run(program: str) -> NoReturn:
    begin()
    end_with(import_module(f"pipelines.{program}").main)
