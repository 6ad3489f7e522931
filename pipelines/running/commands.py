# SPDX-License-Identifier: Apache-2.0
"""The commands that an installation puts on the PATH (entry points in setup.py), each a program's `python -m`.

Loads nothing before `begin`, so that Ctrl-C and a missing package are one line here too.
"""

from __future__ import annotations

from typing import NoReturn

from eia930.program.ending import end_with
from eia930.program.interrupt import end_on_interrupt
from pipelines.running.start import begin


def historical() -> NoReturn:
    """`eia930-historical`: python -m pipelines.historical."""
    begin()
    from pipelines.historical import main

    end_with(main)


def coverage() -> NoReturn:
    """`eia930-coverage`: python -m pipelines.coverage."""
    begin()
    from pipelines.coverage import main

    end_with(main)


def blocks() -> NoReturn:
    """`eia930-blocks`: python -m pipelines.blocks."""
    begin()
    from pipelines.blocks import main

    end_with(main)


def report() -> NoReturn:
    """`eia930-report`: python -m pipelines.report."""
    begin()
    from pipelines.report import main

    end_with(main)


def verify() -> NoReturn:
    """`eia930-verify`: python -m pipelines.verify."""
    begin()
    from pipelines.verify import main

    end_with(main)


def doctor() -> NoReturn:
    """`eia930-doctor`: python -m pipelines.doctor."""
    begin()
    from pipelines.doctor import main

    end_with(main)


def follow() -> NoReturn:
    """`eia930-follow`: python -m pipelines.follow."""
    begin()
    from pipelines.follow import main

    end_with(main)


def codes() -> NoReturn:
    """`eia930-codes`: python -m pipelines.codes, which needs nothing that [load] brings."""
    end_on_interrupt()
    from pipelines.codes import main

    end_with(main)


def reference() -> NoReturn:
    """`eia930-reference`: python -m pipelines.reference."""
    begin()
    from pipelines.reference import main

    end_with(main)


def emulator() -> NoReturn:
    """`eia930-emulator`: python -m eia930.emulator, which needs nothing that [load] brings."""
    end_on_interrupt("nothing was served yet")
    from eia930.emulator.__main__ import main

    end_with(main)
