# SPDX-License-Identifier: Apache-2.0
"""On what: Beam's own flags, and the runner that is meant. Loads Beam only where there is a flag to look up."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from eia930.errors import UsageError
from eia930.program.arguments import OneLine, Parser, refuse
from pipelines.runners.flink import is_flink
from pipelines.runners.flink_options import FLINK_OPTIONS

LOCAL_RUNNERS = {
    # Beam's plain DirectRunner first tries to download another engine; its in-process runner is what is meant.
    "DirectRunner": "FnApiRunner",
    "FnApiRunner": "FnApiRunner",
}
_LOCAL_TIME = ("--tz", "--timezone", "--time_zone")


def beam_flags(runner: str, rest: Sequence[str]) -> tuple[str, ...]:
    """Beam's flags, with the runner that is meant. UsageError for one that Beam does not know."""
    if runner not in LOCAL_RUNNERS:
        _known_runner(runner)
    if runner in LOCAL_RUNNERS and any(word.split("=", 1)[0] == "--region" for word in rest):
        raise UsageError(
            "no flag --region here: did you mean --regions? (a runner in a cloud has a --region of its own)"
        )
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


def only_beams(rest: Sequence[str], parser: Parser, *, runner: str = "") -> None:
    """A flag that is neither ours nor Beam's, nor of the runner's own, is refused, with the nearest of ours."""
    for name in (word.split("=", 1)[0] for word in rest):
        if name in _LOCAL_TIME:
            raise UsageError(f"no flag {name}: hours are UTC, hour ending; eia930.hours(…, tz=…) gives local ones")
    refuse(rest, parser, known=beam_parser(runner) if any(word.startswith("--") for word in rest) else parser)


def beam_parser(runner: str = "") -> OneLine:
    """All flags that Beam knows, and the runner. Loads Beam, so only when there is a flag to look up."""
    from apache_beam.options.pipeline_options import PipelineOptions

    parser = OneLine(add_help=False, conflict_handler="resolve", allow_abbrev=False)
    for options in PipelineOptions.__subclasses__():
        if "_add_argparse_args" in options.__dict__:
            options._add_argparse_args(parser)
    for name in FLINK_OPTIONS if is_flink([f"--runner={runner}"]) else ():
        parser.add_argument(name, nargs="?")
    return parser
