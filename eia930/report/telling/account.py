# SPDX-License-Identifier: Apache-2.0
"""What the page says in words and figures: the member `quality` of report/report.json."""

from __future__ import annotations

import hashlib
import platform
from collections import Counter
from collections.abc import Iterable

import msgspec
import numpy as np
import pyarrow as pa

from eia930.account.model import Account
from eia930.record.assembly import SeriesReport
from eia930.reference.hours import parse_hour
from eia930.report.reading.coverage import map_key, map_rank
from eia930.report.reading.events import Event
from eia930.report.reading.findings import Findings, Line
from eia930.report.reading.frame import Frame
from eia930.report.reading.longest import Gap
from eia930.report.telling.model import (
    Asked,
    CheckedHour,
    Checks,
    Estimated,
    EstimatedSeries,
    EventTold,
    Figures,
    FlagLine,
    GapTold,
    LineTold,
    MethodLine,
    Provenance,
    Provisional,
    Quality,
    RejectsFile,
    RevisedTold,
    Shown,
    TypeLine,
)
from eia930.report.telling.verdict import next_steps, verdict
from eia930.report.telling.words import FLAG_WORDS, METHOD_WORDS, kind_name, respondent_name
from eia930.store.manifest import read_manifest
from eia930.store.origin import is_synthetic
from eia930.store.storage import Storage

SYNTHETIC = "emulator"
_MOST = 10
"""Respondents whose revisions stand in a table; series whose estimates do."""


def judged(storage: Storage, account: Account, found: Findings) -> Shown:
    """The account with everything on the page that it does not hold itself."""
    figures = _figures(storage, account, found)
    told = msgspec.structs.asdict(figures)
    quality = Quality(**told, verdict=tuple(verdict(account, figures)), next=tuple(next_steps(account, figures)))
    return Shown(**msgspec.structs.asdict(account), quality=quality)


def _figures(storage: Storage, account: Account, found: Findings) -> Figures:
    series, hours, frame = account.series, account.hours, found.frame
    flagged = sum(one.flagged for one in series)
    rejects = (file for file in read_manifest(storage) if file.path.startswith("rejects/"))
    return Figures(
        synthetic=SYNTHETIC in found.sources or is_synthetic(storage),
        asked=Asked(frame.stamp(0), frame.stamp(frame.hours - 1)),
        regions=len({one.respondent for one in series}),
        series=len(series),
        present_share=_share(hours.present, hours.asked),
        lifetime_share=_share(hours.present, sum(map(_lifetime, series))),
        flagged=flagged,
        flagged_share=_share(flagged, hours.present),
        contradicted=found.contradicted,
        doubted=found.doubted,
        doubted_share=_share(found.doubted, hours.present),
        provisional=Provisional(frame.stamp(frame.provisional), frame.hours - frame.provisional, found.provisional),
        types=_types(series),
        kinds=_kinds(series, hours.present),
        furthest=_event(found.furthest, frame) if found.furthest else None,
        worst=tuple(_event(one, frame) for one in found.shown()),
        checks=_checks(account),
        coverage=found.coverage.told(),
        gaps=tuple(_gap(one, frame) for one in found.gaps),
        estimated=_estimated(series, found),
        lines=tuple(map(_line, found.lines)),
        passed_over=sum(one.hours for one in account.passed_over),
        without=tuple(sorted(one.series_id for one in series if not one.present)),
        rejects=tuple(RejectsFile(file.path, file.rows) for file in rejects),
        revised=_revised(account),
        provenance=_provenance(storage, found),
    )


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None


def _lifetime(one: SeriesReport) -> int:
    """Hours from the first to the last one present."""
    return parse_hour(one.last) - parse_hour(one.first) + 1 if one.first and one.last else 0


def _types(series: Iterable[SeriesReport]) -> tuple[TypeLine, ...]:
    """The hours of each type or route, added up."""
    members: dict[tuple[str, str], list[SeriesReport]] = {}
    for one in series:
        members.setdefault(map_key(one), []).append(one)
    return tuple(_type(key, members[key]) for key in sorted(members, key=map_rank))


def _type(key: tuple[str, str], series: list[SeriesReport]) -> TypeLine:
    hours, present, null, missing, flagged = (
        sum(getattr(one, name) for one in series) for name in ("hours", "present", "null", "missing", "flagged")
    )
    return TypeLine(
        name=kind_name(*key),
        series=len(series),
        hours=hours,
        present=present,
        null=null,
        missing=missing,
        flagged=flagged,
        present_share=_share(present, hours),
        balances=hours == present + null + missing,
    )


def _kinds(series: Iterable[SeriesReport], present: int) -> tuple[FlagLine, ...]:
    """How many hours carry each flag, in how many series; the most frequent first."""
    hours, where = Counter[str](), Counter[str]()
    for one in series:
        hours.update(one.flags)
        where.update(one.flags.keys())
    return tuple(
        FlagLine(flag, FLAG_WORDS.get(flag, ""), number, _share(number, present), where[flag])
        for flag, number in sorted(hours.items(), key=lambda pair: (-pair[1], pair[0]))
    )


def _gap(gap: Gap, frame: Frame) -> GapTold:
    return GapTold(gap.series_id, frame.stamp(gap.first), frame.stamp(gap.first + gap.hours - 1), gap.hours)


def _estimated(series: Iterable[SeriesReport], found: Findings) -> Estimated:
    """The estimates of all series, added up."""
    some = [one for one in series if one.estimated]
    hours, where = Counter[str](), Counter[str]()
    for one in some:
        hours.update(one.estimates)
        where.update(one.estimates.keys())
    most = sorted(some, key=lambda one: (-one.estimated, one.series_id))[:_MOST]
    return Estimated(
        hours=sum(one.estimated for one in some),
        series=len(some),
        by=tuple(
            MethodLine(method, METHOD_WORDS.get(method, ""), number, where[method])
            for method, number in sorted(hours.items(), key=lambda pair: (-pair[1], pair[0]))
        ),
        most=tuple(
            EstimatedSeries(one.series_id, one.estimated, _share(one.estimated, _lifetime(one))) for one in most
        ),
        stretches=tuple(_gap(one, found.frame) for one in found.stretches),
    )


def _event(event: Event, frame: Frame) -> EventTold:
    return EventTold(
        series_id=event.series_id,
        flag=event.flag,
        first=frame.stamp(event.first),
        hours=event.hours,
        hour=frame.stamp(event.peak),
        value=round(event.value, 3),
        usual=round(event.usual, 1),
        weight=round(event.weight, 1),
    )


def _checks(account: Account) -> Checks:
    """The worst of each check in turn, so that no single check fills the list."""
    ran = [one for one in account.checks if one.hours_checked]
    most = max((len(one.worst) for one in ran), default=0)
    dealt = [
        CheckedHour(**msgspec.structs.asdict(one.worst[place]), check=one.name)
        for place in range(most)
        for one in ran
        if place < len(one.worst)
    ]
    return Checks(len(ran), sum(1 for one in ran if one.hours_broken), tuple(dealt[:10]))


def _revised(account: Account) -> RevisedTold:
    """The revisions of all respondents, added up."""
    some = account.revised
    replaced, withdrawn, hours, day, week, month = (
        sum(getattr(one, name) for one in some) for name in ("replaced", "withdrawn", "hours", "day", "week", "month")
    )
    changed, of = sum(one.changed for one in some), sum(one.of for one in some)
    return RevisedTold(
        replaced=replaced,
        withdrawn=withdrawn,
        hours=hours,
        share=_share(hours, account.rows.kept),
        day=day,
        week=week,
        month=month,
        changed_share=round(changed / of, 6) if of else None,
        most=tuple(sorted(some, key=lambda one: (-one.hours, one.route, one.respondent))[:_MOST]),
    )


def _line(line: Line) -> LineTold:
    one = line.account
    return LineTold(
        series_id=one.series_id,
        respondent=one.respondent,
        present=one.present,
        flagged=one.flagged,
        estimated=one.estimated,
        longest_gap=one.longest_gap,
        longest_gap_from=one.longest_gap_from,
        first=one.first,
        last=one.last,
        name=respondent_name(one.respondent),
        what=kind_name(one.route, one.kind),
        present_share=_share(one.present, one.hours),
        hours_a_point=line.step,
    )


def _provenance(storage: Storage, found: Findings) -> Provenance:
    return Provenance(
        source=", ".join(sorted(found.sources)) or None,
        retrieved_first=min(found.retrieved, default=None),
        retrieved_last=max(found.retrieved, default=None),
        tidy_files=found.files,
        tidy_sha256=_fingerprint(storage),
        python=platform.python_version(),
        numpy=np.__version__,
        pyarrow=pa.__version__,
    )


def _fingerprint(storage: Storage) -> str | None:
    """One hash over those of all tidy files, as `sha256sum` would list them; None without a manifest."""
    lines = [f"{file.sha256}  {file.path}\n" for file in read_manifest(storage) if file.path.startswith("tidy/")]
    return hashlib.sha256("".join(lines).encode()).hexdigest() if lines else None
