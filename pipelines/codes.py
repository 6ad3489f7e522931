# SPDX-License-Identifier: Apache-2.0
"""Says which codes there are, what they mean, and from when to when EIA has their hours.

python -m pipelines.codes [WORD]
"""

from __future__ import annotations

from eia930.program.interrupt import end_on_interrupt

if __name__ == "__main__":
    end_on_interrupt()

import sys
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from textwrap import wrap

from eia930.errors import UsageError
from eia930.program.arguments import Parser
from eia930.program.ending import end_with
from eia930.reference.listing import Section, sections
from eia930.reference.series import find_series

WIDTH = 80
_PAGE = """\
# Codes and names

What the codes of the record mean, and from when to when EIA has their hours.
`files` is the month from which EIA's six-month files have them, `API` the one from which the
Open Data API has them, `to` the last one.

`python -m pipelines.codes` prints this page on a terminal, and with a word what that word names:
a code, a word of a name, or a series as a whole (`EBA.CISO-ALL.NG.SUN.H`).
It is made from the tables in `eia930/reference/`, where every row names its source, the day up to
which that speaks, and first and last hours as exactly as they are known.
`python -m pipelines.reference --check` holds the tables against a loaded output (`--output`), a
server (`--api_url`), and EIA's own
[workbook](https://www.eia.gov/electricity/930-content/EIA930_Reference_Tables.xlsx)
(`--workbook=FILE.xlsx`, with `pip install '.[workbook]'`): authorities with their zones, regions
and days, sub-regions, pairs, energy sources. It prints what to change, a line each, with the source
of our row: rows that were seen outrank a list.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code: 0 said, 2 wrong usage or a word that nothing is named by."""
    try:
        flags = _parser().parse_all(argv)
        if flags.markdown:
            if flags.word:
                raise UsageError(f"--markdown is the whole page: leave {' '.join(flags.word)!r} or the flag out")
            print(as_page(sections()), end="")
            return 0
        found = _about(" ".join(flags.word) or None)
    except UsageError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print("\n".join(as_text(found)))
    return 0


def _about(word: str | None) -> tuple[Section, ...]:
    """All sections, or the rows of a word or a series' name. UsageError with the nearest codes where there is none."""
    whole = sections()
    if word is None:
        return whole
    series = find_series(word)
    named = (section.naming(series) if series else section.about(word) for section in whole)
    found = tuple(part for part in named if part.rows)
    if not found:
        codes = sorted({row[0] for section in whole for row in section.rows})
        near = get_close_matches(word.upper(), codes, 3, 0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else "leave the word out to see all"
        raise UsageError(f"no code or name like {word!r}; {hint}")
    return found


def as_text(found: Sequence[Section]) -> Iterator[str]:
    """The sections for a terminal of 80 columns: what does not fit a column goes on below."""
    for number, section in enumerate(found):
        if number:
            yield ""
        yield section.title.upper()
        yield from wrap(section.note, WIDTH)
        yield ""
        widths = _widths(section)
        for row in (section.head, *section.rows):
            yield from _lines(row, widths)


def _widths(section: Section) -> list[int]:
    """As wide as the longest text, and whatever is left to the widest column."""
    widths = [max(map(len, column)) for column in zip(section.head, *section.rows, strict=True)]
    widest = max(range(len(widths)), key=widths.__getitem__)
    spare = WIDTH - 2 * (len(widths) - 1) - sum(widths)
    if spare < 0 and len(widths) > 3 and widths[-1] > 16:
        # A note is long as well: both share.
        widths[-1] = 22
        spare = WIDTH - 2 * (len(widths) - 1) - sum(widths)
        widest = 1
    widths[widest] += min(0, spare)
    return widths


def _lines(row: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    cells = [wrap(text, width) or [""] for text, width in zip(row, widths, strict=True)]
    for place in range(max(map(len, cells))):
        parts = (cell[place] if place < len(cell) else "" for cell in cells)
        yield "  ".join(part.ljust(width) for part, width in zip(parts, widths, strict=True)).rstrip()


def as_page(found: Sequence[Section]) -> str:
    """The sections as docs/codes.md."""
    parts = [_PAGE]
    for section in found:
        head = f"| {' | '.join(section.head)} |\n|{'---|' * len(section.head)}"
        rows = "\n".join(f"| {' | '.join(row)} |" for row in section.rows)
        parts.append(f"## {section.title}\n\n" + "\n".join(wrap(section.note, 100)) + f"\n\n{head}\n{rows}\n")
    return "\n".join(parts)


def _parser() -> Parser:
    parser = Parser(prog="python -m pipelines.codes", description="What the codes of the record mean.")
    parser.add_argument("word", nargs="*", metavar="WORD", help="a code or its start, words of a name, or a series id")
    parser.add_argument("--markdown", action="store_true", help="the page docs/codes.md")
    return parser


if __name__ == "__main__":
    end_with(main)
