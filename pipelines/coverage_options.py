# SPDX-License-Identifier: Apache-2.0
"""The flags of the coverage program → settings, and the spans to count."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from eia930.coverage.from_tidy import chosen, loaded_spans
from eia930.errors import UsageError
from eia930.program.arguments import Parser
from eia930.question.listed import Listed, Lists
from eia930.question.plan import plan, unknown
from eia930.question.span import Span
from eia930.reference.hours import stamp
from eia930.store.origin import is_synthetic
from eia930.store.storage import Storage
from pipelines.options.pace import add_pace_flags
from pipelines.options.runner import only_beams
from pipelines.options.settings import Settings, asked_for
from pipelines.options.what import add_question_flags
from pipelines.options.where import add_source_flags, existing
from pipelines.options.words import Defaults
from pipelines.running.before.lists import wanted, with_held

_NARROWING = ("routes", "regions", "types", "start", "end")
_OF_COUNTING = ("--from_tidy", "--dry_run", "--refresh")


@dataclass(frozen=True, slots=True)
class CoverageSettings(Settings):
    """What the coverage program has besides."""

    tidy: Storage | None
    """The loaded output to count in; None to ask the API."""
    load: tuple[str, ...]
    """The flags of the load of what was counted, but --coverage."""


def coverage_settings(argv: Sequence[str], *, now: datetime) -> tuple[CoverageSettings, tuple[Span, ...]]:
    """Flags → settings and spans. UsageError with one line for the first fault."""
    parser = coverage_parser()
    flags, rest = parser.parse_known_args(list(argv))
    only_beams(rest, parser, runner=flags.runner)
    if flags.from_tidy is None:
        asked = asked_for(flags, rest, now)
        asked = with_held(asked) if asked.dry_run else asked
        later = not asked.dry_run and unknown(asked.question) and wanted(asked)
        return _settings(asked, None, _load(argv, asked)), () if later else plan(asked.question)
    given = {name for name in _NARROWING if any(word.split("=")[0] == f"--{name}" for word in argv)}
    tidy = _tidy(flags)
    loaded = loaded_spans(tidy)
    _fill(flags, given, loaded)
    # Nothing is asked, so no key is needed; what is written goes beside what was counted.
    flags.source, flags.output = "emulator", flags.output or tidy.url
    asked = asked_for(flags, rest, now)
    asked = replace(asked, question=replace(asked.question, listed=_of_loaded(loaded)))
    spans = _narrowed(asked, loaded, given)
    return replace(_settings(asked, tidy, _load(_counted(asked, spans, tidy), asked)), embedded=False), spans


def coverage_parser() -> Parser:
    """All flags, in the order in which a user meets them."""
    parser = Parser(
        prog="python -m pipelines.coverage",
        description="Count which hours of the record exist, by short requests or in an output that is loaded, "
        "before any row is fetched: coverage.parquet, report/coverage.html.",
        epilog="Anything else goes to Beam. See docs/coverage.md.",
        formatter_class=Defaults,
    )
    add_question_flags(parser)
    where = add_source_flags(parser)
    where.add_argument(
        "--from_tidy",
        nargs="?",
        const="",
        metavar="FOLDER",
        help="ask nobody: count exactly, in this loaded folder or bucket (without a name: in --output)",
    )
    add_pace_flags(parser)
    return parser


def _settings(asked: Settings, tidy: Storage | None, load: tuple[str, ...]) -> CoverageSettings:
    return CoverageSettings(**{name: getattr(asked, name) for name in Settings.__slots__}, tidy=tidy, load=load)


def _load(argv: Sequence[str], asked: Settings) -> tuple[str, ...]:
    """The same words, less those that are of counting, and with the source and output that were meant."""
    left, words = list[str](), list(argv)
    for place, word in enumerate(words):
        name = word.partition("=")[0]
        value_of = place and words[place - 1] in _OF_COUNTING and not word.startswith("--")
        if name not in _OF_COUNTING and not value_of:
            left.append(word)
    named = {word.partition("=")[0] for word in left}
    source = ("--source=emulator",) if asked.embedded and "--source" not in named else ()
    return (*left, *source, *(() if "--output" in named else (f"--output={asked.storage.place}",)))


def _counted(asked: Settings, spans: Sequence[Span], tidy: Storage) -> Sequence[str]:
    """The words of a load of what was counted in tidy files."""
    kinds = sorted({kind for span in spans for kind in span.kinds})
    one = asked.question
    source = "emulator" if is_synthetic(tidy) else "auto"
    return (
        f"--routes={','.join(dict.fromkeys(span.route for span in spans))}",
        f"--regions={','.join(dict.fromkeys(span.respondent for span in spans))}",
        *((f"--types={','.join(kinds)}",) if kinds else ()),
        f"--start={stamp(one.first)}",
        f"--end={stamp(one.last + 1)}",
        f"--source={source}",
        f"--output={tidy.place}",
    )


def _tidy(flags: argparse.Namespace) -> Storage:
    """The output to count in: `tidy/` itself may be named too."""
    place = (flags.from_tidy or flags.output or "data").rstrip("/")
    return existing(place.removesuffix("/tidy"), flag="--from_tidy")


def _fill(flags: argparse.Namespace, given: set[str], loaded: Sequence[Span]) -> None:
    """What is not narrowed by a flag is what was loaded."""
    whole = {
        "routes": ",".join(sorted({span.route for span in loaded})),
        "regions": ",".join(sorted({span.respondent for span in loaded})),
        "start": stamp(min(span.first for span in loaded)),
        "end": stamp(max(span.last for span in loaded) + 1),
    }
    for name, value in whole.items():
        if name not in given:
            setattr(flags, name, value)


def _of_loaded(loaded: Sequence[Span]) -> Listed:
    """Who was loaded: also codes that the tables lack."""
    codes: dict[str, Lists] = {}
    for span in loaded:
        lists = codes.setdefault(span.route, Lists({}, {}))
        lists.respondents[span.respondent] = span.respondent
        lists.kinds.update({kind: kind for kind in span.kinds})
    return Listed(codes)


def _narrowed(asked: Settings, loaded: Sequence[Span], given: set[str]) -> tuple[Span, ...]:
    """The spans of the question; those that no flag names in both ways only where they were loaded."""
    by_id = {span.id: span for span in loaded}
    spans = [span for span in plan(asked.question) if span.id in by_id or {"routes", "regions"} <= given]
    if "types" not in given:
        spans = [replace(span, kinds=by_id[span.id].kinds if span.id in by_id else ()) for span in spans]
    missing = set(asked.question.regions) - {span.respondent for span in spans} - {"all"}
    # Without the flag a region is there because it was loaded: its life is over before the hours asked for.
    for code in sorted(missing) if "regions" in given else ():
        raise UsageError(f"--from_tidy: nothing of --regions {code} was loaded there")
    return chosen(loaded, spans)
