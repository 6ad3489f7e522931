# SPDX-License-Identifier: Apache-2.0
"""Loads, and then keeps the record up to the hour.

python -m pipelines.follow --regions=all --routes=all
"""

from __future__ import annotations

if __name__ == "__main__":
    from pipelines.running.start import begin

    begin()

import argparse
import random
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from types import FrameType

from eia930.errors import Stop, UsageError
from eia930.program.ending import end_with
from eia930.question.plan import plan, unknown
from eia930.question.span import Span
from pipelines.following.holding import following
from pipelines.following.loop import USAGE, Follow
from pipelines.following.metrics import Metrics, served
from pipelines.following.process import UpdateProcess
from pipelines.following.schedule import MINUTE, Schedule, WallClock
from pipelines.following.update import Update, json_line, line
from pipelines.options.settings import LoadSettings, load_parser, settings
from pipelines.options.words import fail, whole
from pipelines.running.before.lists import wanted
from pipelines.running.lines import say_begun

_NOT_HERE = ("--end", "--as_of", "--raw", "--dry_run")
_OWN = ("minute", "once", "metrics_port", "log_format")
_PORTS = 65535


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code: that of the load with --once; else 2 wrong usage, 3 another one follows here, 130 asked to stop."""
    try:
        given = sys.argv[1:] if argv is None else list(argv)
        flags, words = _split(given)
        stop, lost = threading.Event(), threading.Event()
        clock = WallClock(stop)
        todo = settings(words, now=clock.now())
        # Codes that the tables lack, the server may list: that is known once a load has asked it.
        spans = () if unknown(todo.question) and wanted(todo) else plan(todo.question)
        with ExitStack() as stack:
            metrics = _metrics(flags, clock, stack)
            stack.enter_context(following(todo.storage, lost))
            _say_begun(todo, spans)
            _stop_by_signal(stop, stack)
            follow = Follow(
                todo.storage,
                _placed(words, todo),
                clock,
                Schedule(flags.minute, random.random),
                UpdateProcess(stop),
                lambda update: _tell(update, metrics, as_json=flags.log_format == "json"),
                lambda: stop.is_set() or lost.is_set(),
            )
            return _shell_code(follow.once().exit) if flags.once else follow.run()
    except UsageError as error:
        return fail(error)
    except Stop as error:
        print(f"error: {error}", file=sys.stderr)
        return 3


def _say_begun(todo: LoadSettings, spans: Sequence[Span]) -> None:
    """What a load says as it begins; those that keep up say it to nobody."""
    if todo.embedded:
        from pipelines.running.summary import banner

        print(banner(), file=sys.stderr, flush=True)
    if spans:
        say_begun(todo, spans)


def _shell_code(code: int) -> int:
    """What a shell says of a process that a signal ended."""
    return code if code >= 0 else 128 - code


def _split(given: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """Our own flags, and those of the load."""
    for word in given:
        name = word.split("=", 1)[0]
        if name in _NOT_HERE:
            raise UsageError(f"{name}: who follows goes on to the hour that it is; pipelines.historical takes it")
    parser = load_parser()
    parser.prog = "python -m pipelines.follow"
    parser.description = "Load the hourly electricity record (Form EIA-930), then keep it up to the hour."
    _add_flags(parser)
    flags, _ = parser.parse_known_args(list(given))
    if not 0 <= flags.minute <= 59:
        raise UsageError(f"--minute {flags.minute}: an hour has the minutes 0 to 59")
    if flags.refresh is not None and not flags.once:
        raise UsageError("--refresh: every update would ask for all of it again; say --once, or --revisit_days")
    return flags, _without_own(given)


def _add_flags(parser: argparse.ArgumentParser) -> None:
    """Ours beside those of the load, of which `--help` leaves out what is refused here."""
    for action in parser._actions:
        if action.option_strings and action.option_strings[0] in _NOT_HERE:
            action.help = argparse.SUPPRESS
    keeping = parser.add_argument_group("keeping up")
    keeping.add_argument("--minute", type=whole, default=MINUTE, help="of every hour, and up to two later by chance")
    keeping.add_argument("--once", action="store_true", help="one update, and its exit code: for cron")
    keeping.add_argument("--metrics_port", default="", help="[HOST:]PORT of /metrics and /healthz (host: 127.0.0.1)")
    keeping.add_argument("--log_format", default="text", choices=["text", "json"], help="a line an update")


def _without_own(given: Sequence[str]) -> list[str]:
    """What the load is given: not our own flags, whether their value stands after `=` or after a space."""
    left, words = [], iter(given)
    for word in words:
        name, equals, _ = word.partition("=")
        if name.removeprefix("--") not in _OWN:
            left.append(word)
        elif not equals and name != "--once":
            next(words, None)
    return left


def _placed(words: Sequence[str], todo: LoadSettings) -> tuple[str, ...]:
    """The load's flags, with the source and the output that were meant when this began: a key may go missing."""
    named = {word.split("=", 1)[0] for word in words}
    source = () if "--source" in named else (f"--source={todo.source.name}",)
    return (*words, *source, *(() if "--output" in named else (f"--output={todo.storage.place}",)))


def _metrics(flags: argparse.Namespace, clock: WallClock, stack: ExitStack) -> Metrics | None:
    if not flags.metrics_port:
        return None
    host, _, port = flags.metrics_port.rpartition(":")
    if not port.isdecimal() or int(port) > _PORTS:
        raise UsageError(f"--metrics_port {flags.metrics_port}: give a port, or HOST:PORT")
    metrics = Metrics(clock.now())
    at = stack.enter_context(served(metrics, host or "127.0.0.1", int(port), clock.now))
    print(f"metrics   http://{host or '127.0.0.1'}:{at}/metrics", file=sys.stderr, flush=True)
    return metrics


def _stop_by_signal(stop: threading.Event, stack: ExitStack) -> None:
    """TERM and Ctrl-C end it within ten seconds, an update under way too."""

    def told(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        stack.callback(signal.signal, number, signal.signal(number, told))


def _tell(update: Update, metrics: Metrics | None, *, as_json: bool) -> None:
    if metrics:
        metrics.take(update)
    print(json_line(update) if as_json else line(update), flush=True)
    if update.exit == USAGE:
        print(f"error: {update.said}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    end_with(main)
