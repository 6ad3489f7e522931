# SPDX-License-Identifier: Apache-2.0
"""Hours known not to exist are not asked, and so not missing; the files are the same."""

from dataclasses import replace
from pathlib import Path

from eia930.question.pieces import Existing, Piece
from eia930.question.span import Span
from eia930.record.assembly import GroupReport, Screening, assemble
from eia930.screening.flags import FLAGS
from eia930.screening.methods import screen_series
from eia930.store.storage import Storage
from tests.eia930.making import FIRST
from tests.eia930.record.test_assembly import SPAN, Kept, stored


def built(tmp_path: Path, span: Span) -> tuple[GroupReport, bytes]:
    """D and NG of ten days, hour 7 without a value, hours 20 to 22 without a row."""
    storage, kept = Storage.at(str(tmp_path)), Kept([stored(0, 239, missing=(20, 21, 22))])
    report = assemble(storage, kept, span, screening=Screening(FLAGS, screen_series))
    return report, storage.get(report.files[0].path)


def known(*kinds: tuple[str, tuple[int, int]]) -> Span:
    pieces = tuple(Existing(kind, (Piece(FIRST + first, FIRST + last),)) for kind, (first, last) in kinds)
    return replace(SPAN, existing=pieces)


def test_only_hours_that_may_exist_are_asked_and_what_comes_besides(tmp_path: Path) -> None:
    report, _ = built(tmp_path, known(("D", (10, 239)), ("DF", (200, 239)), ("NG", (0, 21))))
    told = {one.kind: one for one in report.series}
    assert list(told) == ["D", "DF", "NG"]
    assert [(one.hours, one.present, one.null, one.missing) for one in report.series] == [
        (240, 236, 1, 3),  # its first ten hours came although they were not known
        (40, 0, 0, 40),
        (239, 236, 1, 2),  # of the three without a row, one was not asked
    ]
    assert (told["NG"].longest_gap, told["NG"].longest_gap_from) == (2, "2023-01-01T20")
    assert (told["DF"].longest_gap, told["DF"].longest_gap_from) == (40, "2023-01-09T08")


def test_what_was_passed_over_is_named_and_adds_up(tmp_path: Path) -> None:
    report, _ = built(tmp_path, known(("D", (0, 239)), ("DF", (200, 239))))
    passed = {one.series_id: one.hours for one in report.passed_over}
    assert passed == {"EBA.PACW-ALL.DF.H": 200, "EBA.PACW-ALL.NG.H": 3, "EBA.PACW-ALL.TI.H": 240}
    asked = {one.series_id: one.hours for one in report.series}
    assert all(asked.get(name, 0) + hours == 240 for name, hours in passed.items())
    assert built(tmp_path, SPAN)[0].passed_over == []


def test_the_files_are_the_same_with_and_without(tmp_path: Path) -> None:
    assert built(tmp_path, known(("D", (0, 239))))[1] == built(tmp_path, SPAN)[1]
