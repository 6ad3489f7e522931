# SPDX-License-Identifier: Apache-2.0
"""The flags of the programs → frozen settings. Every fault is one line, found before anything heavy is loaded."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module

from eia930.errors import UsageError
from eia930.program.arguments import OneLine, Parser, refuse
from eia930.question.plan import ALL, Question, outlived
from eia930.reference.hours import hour_of, parse_hour, stamp
from eia930.reference.routes import REGION, ROUTES
from eia930.reference.series import parse_series
from eia930.screening.flags import FLAGS
from eia930.sources.api.client import API_URL
from eia930.sources.members import SOURCES
from eia930.sources.rate import PER_HOUR
from eia930.sources.source import Source, Terms
from eia930.store.storage import Storage
from ringdata.errors import LayoutError
from transforms.block_settings import AskedCuts, BlockSettings

_DIGITS = re.compile(r"\d{1,12}", re.ASCII)
MOST_IN_FLIGHT = 64
"""A thread and a connection each; 1.75 requests a second at 2 s an answer keep four of them busy."""
SYNTHETIC = "data/synthetic"
"""Where synthetic hours go by default: never beside real ones."""
FORMATS = ("parquet", "tfrecord", "avro")
_RECORD_BEGINS = parse_hour("2015-07-01T00")
LOCAL_RUNNERS = {
    # Beam's plain DirectRunner first tries to download another engine; its in-process runner is what is meant.
    "DirectRunner": "FnApiRunner",
    "FnApiRunner": "FnApiRunner",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What a user asked for, checked: as far as every program that asks the API has it."""

    question: Question
    source: Source
    embedded: bool
    """Whether the embedded emulator answers (its URL is known only once it runs)."""
    storage: Storage
    dry_run: bool
    beam: tuple[str, ...]
    """Beam's own flags, the runner resolved."""


@dataclass(frozen=True, slots=True)
class LoadSettings(Settings):
    """What the historical load has besides."""

    formats: tuple[str, ...]
    blocks: BlockSettings
    min_completeness: float
    coverage: str
    """A coverage file that says which hours exist; empty for none."""


class Defaults(argparse.ArgumentDefaultsHelpFormatter):
    """Names a default where there is one and the help does not tell it in words."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        told = "(default" in (action.help or "") or action.default in (None, "", False)
        return action.help if told else super()._get_help_string(action)


def settings(argv: Sequence[str], *, now: datetime) -> LoadSettings:
    """Flags → settings. UsageError with one line for the first fault. `--help` prints and exits."""
    parser = load_parser()
    flags, rest = parser.parse_known_args(list(argv))
    only_beams(rest, parser)
    asked = asked_for(flags, rest, now)
    formats = listed("formats", flags.formats, FORMATS)
    return LoadSettings(
        **{name: getattr(asked, name) for name in Settings.__slots__},
        formats=formats,
        blocks=block_settings(flags, (asked.question.first, asked.question.last), formats),
        min_completeness=flags.min_completeness,
        coverage=flags.coverage,
    )


def asked_for(flags: argparse.Namespace, rest: Sequence[str], now: datetime) -> Settings:
    """The flags of `add_question_flags`, `add_source_flags` and `add_pace_flags`, checked."""
    embedded = _embedded(flags)
    return Settings(
        question=_question(flags, now),
        source=_source(flags, embedded=embedded),
        embedded=embedded,
        storage=Storage.at(flags.output or (SYNTHETIC if embedded else "data")),
        dry_run=flags.dry_run,
        beam=beam_flags(flags.runner, rest),
    )


def say_outlived(question: Question) -> None:
    """A line on stderr for each region asked for by name that does not live in the hours asked for."""
    for line in outlived(question):
        print(f"skipped: {line}", file=sys.stderr, flush=True)


def beam_flags(runner: str, rest: Sequence[str]) -> tuple[str, ...]:
    """Beam's flags, with the runner that is meant. UsageError for one that Beam does not know."""
    if runner not in LOCAL_RUNNERS:
        _known_runner(runner)
    if runner in LOCAL_RUNNERS and any(word.split("=", 1)[0] == "--region" for word in rest):
        raise UsageError("--region is a cloud's, and this runner has none; did you mean --regions?")
    return (f"--runner={LOCAL_RUNNERS.get(runner, runner)}", *rest)


def _known_runner(runner: str) -> None:
    """UsageError for a name that Beam does not know, or a dotted one (`package.module.Class`) that is no runner."""
    from apache_beam.options.pipeline_options import StandardOptions
    from apache_beam.runners import PipelineRunner

    known = sorted({name.rsplit(".", 1)[-1] for name in StandardOptions.ALL_KNOWN_RUNNERS})
    if "." not in runner:
        if runner.lower() not in (name.lower() for name in known):
            raise UsageError(f"--runner: Beam knows no {runner!r}; there are {', '.join(known)}")
        return
    module, _, name = runner.rpartition(".")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise UsageError(f"--runner {runner}: {error}; Beam knows {', '.join(known)}") from None
    if not (isinstance(found, type) and issubclass(found, PipelineRunner)):
        raise UsageError(f"--runner {runner}: that is no runner; Beam knows {', '.join(known)}")


def load_parser() -> Parser:
    """All flags of the historical load, in the order in which a user meets them."""
    parser = Parser(
        prog="python -m pipelines.historical",
        description="Load the hourly electricity record (Form EIA-930): fetch politely, check, write tidy files.",
        epilog="Anything else goes to Beam: --direct_num_workers=2 --direct_running_mode=multi_processing, "
        "--flink_master=HOST:8081, --parallelism=N, --environment_type=… See docs/runners.md.",
        formatter_class=Defaults,
    )
    add_question_flags(parser)
    where = add_source_flags(parser)
    where.add_argument("--formats", default="parquet,tfrecord", help=f"any of {','.join(FORMATS)}")
    where.add_argument("--coverage", default="", help="a coverage.parquet: ask only for hours that exist")
    where.add_argument(
        "--min_completeness", type=_share, default=0.0, help="exit 1 if a series has a smaller share of its hours"
    )
    add_block_flags(parser)
    how = add_pace_flags(parser)
    how.add_argument("--hours_per_request", type=_auto, default="auto", help="auto fills a page; or a number")
    return parser


def add_question_flags(parser: argparse.ArgumentParser) -> None:
    """Which hours of whom."""
    what = parser.add_argument_group("what")
    what.add_argument("--routes", default=REGION.id, help=f"any of {','.join(ROUTES)}, or all")
    what.add_argument("--regions", default="PACW,ERCO,CAL,TEX,MISO", help="respondent codes, or all")
    what.add_argument("--types", default="", help="D,DF,NG,TI; fuel codes; neighbours; sub-regions (default: all)")
    what.add_argument("--start", default="", help="first hour, UTC: YYYY-MM-DD or YYYY-MM-DDTHH (default: the first)")
    what.add_argument("--end", default="", help="the hour after the last, UTC (default: now)")


def add_source_flags(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """From where, to where."""
    where = parser.add_argument_group("from where, to where")
    where.add_argument("--source", default="auto", choices=["auto", *SOURCES], help="auto: api with a key")
    where.add_argument("--api_url", help=f"any server that speaks EIA v2 (default: {API_URL})")
    where.add_argument("--api_key", default="env:EIA_API_KEY", help="env:NAME or file:PATH-OR-URL, never the key")
    where.add_argument("--output", help="folder or bucket URL (default: data; data/synthetic, no key)")
    return where


def add_pace_flags(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """How fast, what again, and on what."""
    how = parser.add_argument_group("how fast")
    how.add_argument(
        "--requests_per_hour", type=_positive, help=f"in any rolling hour, never more (default: {PER_HOUR})"
    )
    how.add_argument("--burst_per_second", type=_positive, default=3, help="in any rolling second, never more")
    how.add_argument("--min_delay", type=_seconds, default=0.0, help="seconds between two request starts")
    how.add_argument(
        "--max_in_flight", type=_in_flight, default=8, help=f"concurrent requests, at most {MOST_IN_FLIGHT}"
    )
    how.add_argument("--tries", type=_positive, default=10, help="attempts at a request before it is given up")
    again = parser.add_argument_group("again")
    again.add_argument("--refresh", action="store_true", help="ask again although a response is stored")
    again.add_argument("--settle_hours", type=_positive, default=240, help="younger hours are asked again next time")
    again.add_argument("--dry_run", action="store_true", help="say what would be asked, and how long; send nothing")
    parser.add_argument("--runner", default="DirectRunner", help="DirectRunner, FlinkRunner, DataflowRunner, …")
    return how


def add_block_flags(parser: argparse.ArgumentParser) -> None:
    """The flags of the training blocks."""
    blocks = parser.add_argument_group("training blocks")
    blocks.add_argument("--validation_start", default="", help="first hour of validation, UTC (default: as before)")
    blocks.add_argument("--test_start", default="", help="first hour of test, UTC (default: as before)")
    blocks.add_argument("--embargo_hours", type=_whole, help="hours left out before each of the two (default: 168)")
    blocks.add_argument("--slots", default="", help="series ids, from slot 0 on (default: as before, new ones last)")
    blocks.add_argument("--trust_flags", default="all", help="flags that count against an hour: all, none, or names")


def _question(flags: argparse.Namespace, now: datetime) -> Question:
    routes, regions, types = (tuple(dict.fromkeys(_words(text))) for text in (flags.routes, flags.regions, flags.types))
    end = _hour("--end", flags.end) if flags.end else hour_of(now) + 1
    start = _hour("--start", flags.start) if flags.start else min(route.first for route in ROUTES.values())
    if end > hour_of(now) + 1:
        raise UsageError(f"--end {flags.end} is in the future (it is {stamp(hour_of(now))} UTC)")
    if start >= end:
        raise UsageError(f"--start {stamp(start)} is not before --end {stamp(end)}")
    if start < _RECORD_BEGINS:
        raise UsageError(f"--start {stamp(start)}: the record begins {stamp(_RECORD_BEGINS)}")
    if not routes or not regions:
        raise UsageError("--routes and --regions each need a name, or all")
    return Question(routes, regions, () if types == (ALL,) else types, start, end - 1)


def block_settings(flags: argparse.Namespace, frame: tuple[int, int], formats: tuple[str, ...]) -> BlockSettings:
    """The flags of the training blocks, checked; `frame`: first and last hour (inclusive) on which values are read."""
    names = FLAGS[1:]
    words = {"all": names, "none": ()}.get(flags.trust_flags)
    against = listed("trust_flags", flags.trust_flags, names) if words is None else words
    asked = AskedCuts(
        _hour("--validation_start", flags.validation_start) if flags.validation_start else None,
        _hour("--test_start", flags.test_start) if flags.test_start else None,
        flags.embargo_hours,
    )
    try:
        cuts = asked.over(None, *frame)
    except LayoutError as error:
        raise UsageError(f"--validation_start, --test_start, --embargo_hours: {error}") from None
    training, slots = tuple(name for name in formats if name != "avro"), _slots(flags.slots)
    return BlockSettings(cuts, training, frozenset(against), *frame, slots=slots, asked=asked, listed=bool(slots))


def _slots(text: str) -> tuple[str, ...]:
    """Series by slot, as they were listed."""
    names = _words(text)
    for name in names:
        try:
            parse_series(name)
        except ValueError as error:
            raise UsageError(f"--slots: {error}") from None
        if names.count(name) > 1:
            raise UsageError(f"--slots: {name} stands twice; a series has one slot")
    return tuple(names)


def _source(flags: argparse.Namespace, *, embedded: bool) -> Source:
    name = "emulator" if embedded else "api" if flags.source == "auto" else flags.source
    terms = Terms(
        name,
        url=flags.api_url,
        key=flags.api_key,
        requests_per_hour=flags.requests_per_hour,
        burst_per_second=flags.burst_per_second,
        min_delay=flags.min_delay,
        max_in_flight=flags.max_in_flight,
        hours_per_request=vars(flags).get("hours_per_request"),
        tries=flags.tries,
        settle_hours=flags.settle_hours,
        refresh=flags.refresh,
    )
    source = SOURCES[name].on(terms)
    if flags.runner in LOCAL_RUNNERS or not flags.api_key.startswith("env:"):
        # On a cluster the key is where its workers are; here it can be looked up at once.
        source.check_here()
    return source


def _embedded(flags: argparse.Namespace) -> bool:
    """Whether the embedded emulator serves: asked for, or no key and no server named."""
    if flags.source == "emulator" and flags.api_url:
        raise UsageError("--source emulator serves by itself: leave --api_url out, or take --source api")
    if flags.source != "auto":
        return bool(flags.source == "emulator")
    kind, _, where = flags.api_key.partition(":")
    return not flags.api_url and kind == "env" and not os.environ.get(where, "").strip()


def only_beams(rest: Sequence[str], parser: Parser) -> None:
    """A flag that is neither ours nor Beam's is refused, with the nearest of ours."""
    refuse(rest, parser, known=_beam_parser() if any(word.startswith("--") for word in rest) else parser)


def _beam_parser() -> OneLine:
    """All flags that Beam knows. Loads Beam, so only when there is a flag to look up."""
    from apache_beam.options.pipeline_options import PipelineOptions

    parser = OneLine(add_help=False, conflict_handler="resolve", allow_abbrev=False)
    for options in PipelineOptions.__subclasses__():
        if "_add_argparse_args" in options.__dict__:
            options._add_argparse_args(parser)
    return parser


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def listed(flag: str, text: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """Words between commas, each of them known."""
    words = _words(text)
    if not words:
        raise UsageError(f"--{flag} needs a name: there are {', '.join(known)}")
    for word in words:
        if word not in known:
            raise UsageError(f"--{flag} {word!r}: there are {', '.join(known)}")
    return tuple(dict.fromkeys(words))


def _hour(flag: str, text: str) -> int:
    try:
        return parse_hour(text)
    except ValueError as error:
        raise UsageError(f"{flag}: {error}") from None


def _positive(text: str) -> int:
    if not _DIGITS.fullmatch(text) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


def _in_flight(text: str) -> int:
    if not _DIGITS.fullmatch(text) or not 1 <= int(text) <= MOST_IN_FLIGHT:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 to {MOST_IN_FLIGHT}")
    return int(text)


def _whole(text: str) -> int:
    if not _DIGITS.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 on")
    return int(text)


def _auto(text: str) -> int | None:
    return None if text == "auto" else _positive(text)


def _share(text: str) -> float:
    return _number(text, "share", most=1)


def _seconds(text: str) -> float:
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
