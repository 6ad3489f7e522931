# SPDX-License-Identifier: Apache-2.0
"""Estimates in the tidy files of an output, when all of them stand: those that need none stay as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from eia930.estimating.areas import demand_of, key_of
from eia930.estimating.filling import METHODS, Estimates, filled
from eia930.estimating.gathering import Frame, gathered
from eia930.estimating.remembered import YEARS, Remembered
from eia930.question.span import Span
from eia930.record.assembly import GroupReport, Screening, SeriesReport
from eia930.record.avro import write_avro
from eia930.record.tidy import ESTIMATE, ESTIMATE_BY, REPORTED, no_estimates, tidy_parquet, tidy_path, tidy_schema
from eia930.record.tidy_file import hours_of, tidy_rows
from eia930.record.unchanged.group import keep_finished
from eia930.record.unchanged.inputs import name_of, named
from eia930.record.unchanged.kept import keep, kept
from eia930.reference.hours import parse_hour
from eia930.reference.routes import ROUTES
from eia930.store.manifest import File, put_file
from eia930.store.storage import Storage

_DONE = "raw/estimated/done"
BySeries = Mapping[str, Estimates]


def estimated(storage: Storage, groups: Sequence[GroupReport], *, screening: Screening) -> Iterator[GroupReport]:
    """The same groups, each with estimates of its demand in its tidy file, and with how many hours they are.

    The result is the same in whatever order groups come, and whether or not a file has estimates of before.
    """
    # A screening made while the program runs has no name: what it once let stand says nothing.
    nameable = bool(name_of(screening))
    if nameable and kept(storage, _DONE, _name_of(groups, screening), bool):
        # All that bears on an estimate is as the last run left it.
        yield from groups
        return
    found, done = _estimates(storage, groups, screening), list[GroupReport]()
    for group in groups:
        mine = {one.series_id: found[one.series_id] for one in group.series if one.series_id in found}
        before = any(one.estimated for one in group.series)
        done.append(_with(storage, group, mine) if mine or before else group)
        if done[-1] is not group:
            keep_finished(storage, group, done[-1])
        yield done[-1]
    if nameable:
        keep(storage, _DONE, _name_of(done, screening), True)


def _name_of(groups: Sequence[GroupReport], screening: Screening) -> str:
    """Names all that decides estimates: the tidy files that hold demand, and how they are screened."""
    files = sorted((file.path, file.sha256) for file in map(_tidy_file, filter(demand_of, groups)))
    return named(name_of(screening), files)


def as_avro(storage: Storage, group: GroupReport) -> GroupReport:
    """A group with the rows of its tidy file as Avro besides."""
    tables = [rows for _, rows in tidy_rows(storage, _tidy_file(group))]
    return msgspec.structs.replace(group, files=[*group.files, write_avro(storage, _span_of(group), tables)])


def _estimates(storage: Storage, groups: Sequence[GroupReport], screening: Screening) -> BySeries:
    """Estimates of every series that has any, by id."""
    accounts = sorted((one for group in groups for one in demand_of(group)), key=lambda one: one.series_id)
    if not accounts:
        return {}
    files = {(group.route, group.respondent): _tidy_file(group) for group in groups}
    known = gathered(
        storage,
        [key_of(one) for one in accounts],
        [files[one.route, one.respondent] for one in accounts],
        Frame(min(_first(one) for one in accounts), max(_last(one) for one in accounts)),
        screening=screening,
    )
    pairs = zip(accounts, filled(known, Remembered(storage, YEARS, known)), strict=True)
    return {one.series_id: estimates for one, estimates in pairs if len(estimates.hour)}


def _first(one: SeriesReport) -> int:
    return parse_hour(one.first or "")


def _last(one: SeriesReport) -> int:
    return parse_hour(one.last or "")


def _tidy_file(group: GroupReport) -> File:
    path = tidy_path(group.route, group.respondent)
    return next(file for file in group.files if file.path == path)


def _with(storage: Storage, group: GroupReport, found: BySeries) -> GroupReport:
    """A group whose tidy file has been written again, with estimates."""
    old = _tidy_file(group)
    schema = tidy_schema(ROUTES[group.route])
    # Parquet has no timestamps of whole seconds.
    tables = (_merged(_as_assembled(rows).cast(schema), found.get(name)) for name, rows in tidy_rows(storage, old))
    data, count = tidy_parquet(_span_of(group), tables)
    new = put_file(storage, old.path, data, rows=count)
    return msgspec.structs.replace(
        group,
        files=[new if file is old else file for file in group.files],
        series=[_told(one, found.get(one.series_id)) for one in group.series],
    )


def _span_of(group: GroupReport) -> Span:
    """The span that a group is the account of."""
    return Span(group.route, group.respondent, parse_hour(group.first), parse_hour(group.last), group.kinds)


def _told(one: SeriesReport, found: Estimates | None) -> SeriesReport:
    counts = {} if found is None else found.counts
    return msgspec.structs.replace(one, estimated=sum(counts.values()), estimates=counts)


def _as_assembled(rows: pa.Table) -> pa.Table:
    """Without the rows that an estimate alone has brought."""
    return rows.filter(pc.or_(rows[REPORTED].is_valid(), rows["adjusted"].is_valid()))


def _merged(rows: pa.Table, found: Estimates | None) -> pa.Table:
    """The rows of a series with its estimates beside them, and rows for hours that nobody reported."""
    if found is None:
        none = dict(zip((ESTIMATE, ESTIMATE_BY), no_estimates(len(rows)), strict=True))
        return pa.table([none.get(name, rows[name]) for name in rows.schema.names], schema=rows.schema)
    hour = hours_of(rows["period"])
    every = np.union1d(hour, found.hour)
    at = np.searchsorted(hour, every)
    there = hour[np.minimum(at, len(hour) - 1)] == every
    rows = rows.unify_dictionaries().take(pa.array(at, mask=~there))
    place = np.searchsorted(every, found.hour)
    value, by = np.full(len(every), np.nan), np.full(len(every), -1, np.int32)
    value[place], by[place] = found.value, found.by
    columns = {
        "period": pa.array(every * 3600, rows.schema.field("period").type),
        ESTIMATE: pa.array(value, mask=np.isnan(value)),
        ESTIMATE_BY: pa.DictionaryArray.from_arrays(pa.array(by, mask=by < 0), pa.array(METHODS)),
    }
    first = int(np.argmax(there))
    for name in rows.schema.names[:4]:
        # What is of the series, not of the hour.
        columns.setdefault(name, rows[name].combine_chunks().take(pa.array(np.full(len(every), first))))
    return pa.table([columns.get(name, rows[name]) for name in rows.schema.names], schema=rows.schema)
