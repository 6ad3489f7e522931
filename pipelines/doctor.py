# SPDX-License-Identifier: Apache-2.0
"""Asks the real servers a dozen small questions, and holds what we rest on against their answers.

python -m pipelines.doctor
"""

from __future__ import annotations

if __name__ == "__main__":
    from pipelines.running.start import begin

    begin()

from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec

from eia930.doctor.finding import Finding
from eia930.doctor.of_api import assumptions
from eia930.doctor.server import Server
from eia930.errors import UsageError
from eia930.program.arguments import Parser
from eia930.program.ending import end_with
from eia930.reference.routes import FUEL, INTERCHANGE, REGION, SUBREGION
from eia930.sources.api.client import API_URL, checked_url
from eia930.sources.api.key import resolve_key
from pipelines.options import fail


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code: 0 every assumption holds, 1 one differs, 2 wrong usage."""
    try:
        flags = _parser().parse_all(argv)
        server = Server(checked_url(flags.api_url), key=resolve_key(flags.api_key), pause=flags.pause)
    except UsageError as error:
        return fail(error)
    findings = []
    for finding in _findings(server):
        findings.append(finding)
        if not flags.json:
            print(finding, flush=True)
    differ = sum(not one.holds for one in findings)
    if flags.json:
        print(msgspec.json.encode({"url": flags.api_url, "findings": findings}).decode())
    else:
        print(f"{len(findings)} assumptions, {server.asked} requests: {_verdict(differ)}")
    return 1 if differ else 0


def _findings(server: Server) -> Iterator[Finding]:
    return (one.hold(server) for one in assumptions(_tables()))


def _verdict(differ: int) -> str:
    if not differ:
        return "all hold"
    return f"{differ} differ{'s' if differ == 1 else ''}: look for a newer version, or report it with --json"


def _tables() -> Mapping[tuple[str, str], Collection[str]]:
    """What our tables list of each facet."""
    return {
        (REGION.id, REGION.respondent): REGION.served(),
        (REGION.id, REGION.kind): (*REGION.kinds(), *REGION.beside),
        (FUEL.id, FUEL.kind): FUEL.kinds(),
        (INTERCHANGE.id, INTERCHANGE.kind): INTERCHANGE.kinds(),
        (SUBREGION.id, SUBREGION.respondent): SUBREGION.served(),
        (SUBREGION.id, SUBREGION.kind): SUBREGION.kinds(),
    }


def _parser() -> Parser:
    parser = Parser(
        prog="python -m pipelines.doctor",
        description="Ask the real servers a dozen small questions, a second apart, and say which of our "
        "assumptions hold.",
    )
    parser.add_argument("--api_url", default=API_URL, help=f"any server that speaks EIA v2 (default: {API_URL})")
    parser.add_argument("--api_key", default="env:EIA_API_KEY", help="env:NAME or file:PATH-OR-URL, never the key")
    parser.add_argument("--pause", type=float, default=1.0, help="seconds between two requests (default: 1)")
    parser.add_argument("--json", action="store_true", help="one JSON document, for a report of what differs")
    return parser


if __name__ == "__main__":
    end_with(main)
