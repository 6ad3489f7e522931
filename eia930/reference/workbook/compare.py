# SPDX-License-Identifier: Apache-2.0
"""What to change in our tables by EIA's workbook: a line each, with the file, the row and the source of ours.

Nothing is written: rows that were seen outrank a list, and the workbook has been wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from eia930.reference.respondents import neighbours, respondents, subregions, table
from eia930.reference.routes import FUEL
from eia930.reference.workbook.sheets import AUTHORITIES, CONNECTIONS, SOURCES, SUBREGIONS, Book, Row, day

_CODE, _SUBREGION = "BA Code", "BA Subregion Code"
_HOURS = {"Eastern": -5, "Central": -6, "Mountain": -7, "Arizona": -7, "Pacific": -8}
"""UTC offsets in winter of the zones by which EIA says that an authority reports."""
_NEAR = timedelta(days=1)
"""An hour of ours and a day of theirs that lie no farther apart are the same: its day is local."""
_OURS = {"first": "Activation Date", "last": "Retirement Date"}


def of_workbook(book: Book) -> Iterator[str]:
    """Where the workbook says something else than the tables. What cannot be compared is said, too."""
    yield from _authorities(book)
    yield from _subregions(book)
    yield from _connections(book)
    yield from _sources(book)


def _authorities(book: Book) -> Iterator[str]:
    rows = [row for row in book.sheets[AUTHORITIES] if row.get(_CODE)]
    if not rows:
        yield f"workbook: {AUTHORITIES} has no column {_CODE}: not compared"
        return
    ours = {row["code"]: row for row in table("respondents")}
    for row in rows:
        code = row[_CODE]
        if code not in ours:
            yield f"respondents.csv: add {code} ({row.get('BA Name', '')}){_since(row)}"
        else:
            yield from _one(row, ours[code])
    listed = {row[_CODE] for row in rows}
    for code, one in sorted(respondents().items()):
        if one.kind == "authority" and code not in listed:
            yield f"respondents.csv: {code} is no authority of the workbook"


def _one(row: Row, ours: Mapping[str, str]) -> Iterator[str]:
    """One authority's zone, region, kind and days."""
    code, says = ours["code"], "the workbook says"
    told = f" (ours: {ours['source']}, {ours['as_of']})"
    zone = _HOURS.get(row.get("Time Zone", ""))
    if zone is not None and respondents()[code].kind == "authority" and zone != _winter(ours["reporting_zone"]):
        yield f"respondents.csv: {code}: reporting_zone {ours['reporting_zone']}; {says} {row['Time Zone']}{told}"
    region = row.get("Region/Country Code", "")
    if region and region != ours["region"]:
        yield f"respondents.csv: {code}: region {ours['region']}; {says} {region}{told}"
    only = row.get("Generation Only BA", "").lower()
    if only and only != ours["generation_only"]:
        yield f"respondents.csv: {code}: generation_only {ours['generation_only']}; {says} {only}{told}"
    yield from (f"respondents.csv: {code}: {line}{told}" for line in _days(row, ours))


def _days(row: Row, ours: Mapping[str, str]) -> Iterator[str]:
    """Where first and last day differ; a workbook without the column says nothing."""
    for name, heading in _OURS.items():
        if heading not in row:
            continue
        theirs, mine = day(row[heading]), ours[name]
        if row[heading] and not theirs:
            yield f"{name}: the workbook's {heading} {row[heading]!r} is no date"
        elif theirs != mine and not (theirs and mine and _same_day(mine, theirs)):
            yield f"{name} {mine or 'empty'}; the workbook says {theirs or 'nothing'}"


def _same_day(mine: str, theirs: str) -> bool:
    return abs(date.fromisoformat(mine[:10]) - date.fromisoformat(theirs)) <= _NEAR


def _subregions(book: Book) -> Iterator[str]:
    rows = book.sheets.get(SUBREGIONS, ())
    if not {_CODE, _SUBREGION} <= set(book.columns(SUBREGIONS)):
        yield f"workbook: {SUBREGIONS} has no columns {_CODE} and {_SUBREGION}: not compared"
        return
    pairs = {(row[_CODE], row[_SUBREGION]): row for row in rows if row.get(_CODE) and row.get(_SUBREGION)}
    ours = {(row["parent"], row["subba"]): row for row in table("subregions")}
    for (code, kind), row in sorted(pairs.items()):
        if (code, kind) not in ours:
            yield f"subregions.csv: add {code},{kind} ({row.get('BA Subregion Name', '')}){_since(row)}"
        elif _OURS["last"] in row:
            mine, theirs = ours[code, kind]["last"], day(row[_OURS["last"]])
            if theirs != mine and not (theirs and mine and _same_day(mine, theirs)):
                yield f"subregions.csv: {code},{kind}: last {mine or 'empty'}; the workbook says {theirs or 'nothing'}"
    mine_alone = {(code, kind) for code, kinds in subregions().items() for kind in kinds} - set(pairs)
    yield from (f"subregions.csv: {code},{kind} is not in the workbook" for code, kind in sorted(mine_alone))


def _connections(book: Book) -> Iterator[str]:
    columns = [name for name in book.columns(CONNECTIONS) if name.endswith("Code") and "Region" not in name]
    if len(columns) != 2:
        yield _not_compared(book, CONNECTIONS, "two columns of codes")
        return
    pairs = {(row[columns[0]], row[columns[1]]) for row in book.sheets[CONNECTIONS]}
    known = {(code, other) for code, others in neighbours().items() for other in others}
    # Each pair may stand once; ours stand in both directions, but those with a neighbour abroad.
    for code, other in sorted(pairs):
        if code and other and (code, other) not in known and (other, code) not in known:
            yield f"neighbours.csv: add {code},{other}"
    for row in table("neighbours"):
        code, other = row["fromba"], row["toba"]
        if not row["last"] and not {(code, other), (other, code)} & pairs:
            yield f"neighbours.csv: {code},{other} is not in the workbook (ours: {row['source']}, {row['as_of']})"


def _sources(book: Book) -> Iterator[str]:
    columns = [name for name in book.columns(SOURCES) if name.endswith("Code")]
    if len(columns) != 1:
        yield _not_compared(book, SOURCES, "one column of codes")
        return
    listed = {row[columns[0]] for row in book.sheets[SOURCES]} - {""}
    known = set(FUEL.names())
    yield from (f"energy_sources.csv: add {code}" for code in sorted(listed - known))
    yield from (f"energy_sources.csv: {code} is not in the workbook" for code in sorted(known - listed))


def _not_compared(book: Book, sheet: str, what: str) -> str:
    has = ", ".join(book.columns(sheet)) or "nothing"
    return f"workbook: {sheet} has not {what}, but {has}: not compared"


def _since(row: Row) -> str:
    days = ((word, day(row.get(heading, ""))) for word, heading in (("since", _OURS["first"]), ("to", _OURS["last"])))
    return "".join(f", {word} {text}" for word, text in days if text)


def _winter(zone: str) -> int:
    """Hours from UTC in winter."""
    offset = datetime(2024, 1, 15, tzinfo=ZoneInfo(zone)).utcoffset()
    return round((offset or timedelta()).total_seconds() / 3600)
