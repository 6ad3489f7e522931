# SPDX-License-Identifier: Apache-2.0
"""What is unchanged is not read again, and every byte is that of a load from nothing on the same stored answers."""

import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eia930.errors import UsageError
from eia930.question.pieces import Existing, Piece
from eia930.question.span import Span
from eia930.record.assembly import GroupReport, Screened, Screening, assemble
from eia930.record.tidy import tidy_path
from eia930.record.unchanged.group import ROOT, group, keep_finished
from eia930.record.unchanged.inputs import inputs_of
from eia930.screening.flags import FLAGS
from eia930.screening.methods import screen_series
from eia930.sources.api.estimate import Manner
from eia930.sources.api.folds.held import Held
from eia930.sources.api.packs.pack import ROOT as PACKS
from eia930.sources.api.responses import ROOT as RAW
from eia930.sources.api.responses import ResponseStore, load
from eia930.sources.api.source import ApiSource
from eia930.sources.api.stock.checked import ROOT as CHECKED
from eia930.sources.api.stock.checked import Checked
from eia930.sources.api.stock.left import left
from eia930.sources.columns import Stored
from eia930.sources.fetched import Failure
from eia930.sources.past.source import PastSource
from eia930.store.lease import Owner
from eia930.store.manifest import put_file
from eia930.store.objects import publish, sweep
from eia930.store.run import Run
from eia930.store.staging import Staging
from eia930.store.storage import Storage
from tests.eia930.making import FIRST, LATER, answer, row, window

HOURS = 8
SPAN = Span("region-data", "PACW", FIRST, FIRST + HOURS - 1)
SCREENING = Screening(FLAGS, screen_series)
MANNER = Manner(None, 0.0, None, 1, 8, refresh=False)


@dataclass(frozen=True, slots=True)
class Watched(ApiSource):
    """Notes what is read."""

    def columns(self, storage: Storage, span: Span) -> Iterator[Stored]:
        READ.append(span.id)
        return ApiSource.columns(self, storage, span)


READ: list[str] = []
SOURCE = Watched("http://127.0.0.1:1", "none:")


class Output:
    """An output whose stored answers a test makes, and that is updated as a load does it, without asking anybody."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.storage = Storage.at(str(place))
        self.span = SPAN

    def hold(self, first: int, last: int, rows: list[Any], *, late: int = 0, kinds: tuple[str, ...] = ()) -> None:
        checked = Checked(self.storage, self.span)
        store = ResponseStore(self.storage, settle_hours=1, wrote=lambda _window, key, data: checked.wrote(key, data))
        store.put(answer(window(first, last, kinds=kinds), rows, at=LATER + timedelta(hours=late)))
        checked.write()

    def look(self) -> None:
        """As a fetch begins: what is stored is held against its checksum."""
        left(self.storage, [self.span], Run(Owner.here("run"), datetime.now(UTC)), MANNER, now=time.time())

    def update(self, *, drop_history: bool = False, killed: bool = False) -> GroupReport:
        """A load; one that is killed has written its group, and has not published it."""
        self.look()
        report = group(
            Staging.of(self.storage),
            SOURCE,
            self.span,
            screening=SCREENING,
            drop_history=drop_history,
        )
        if not killed:
            self.publish(report)
        return report

    def publish(self, report: GroupReport) -> None:
        publish(
            self.storage,
            report.files,
            manifest=lambda files: msgspec.json.encode({"files": files}),
            fence=lambda: None,
        )
        sweep(self.storage, now=datetime.now(UTC))

    def files(self) -> dict[str, str]:
        """Path → sha256 of what stands."""
        folders = ("tidy", "avro", "rejects", "revisions")
        found = (path for folder in folders for path in (self.place / folder).rglob("*") if path.is_file())
        return {str(path.relative_to(self.place)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}

    def from_nothing(self, place: Path) -> tuple[GroupReport, dict[str, str]]:
        """The account and files of a load on the same stored answers, in another folder."""
        other = Output(place)
        for path in (self.place / RAW).rglob("*.zst"):
            copy = place / path.relative_to(self.place)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
        report = assemble(other.storage, SOURCE, self.span, screening=SCREENING)
        return report, other.files()


@pytest.fixture
def out(tmp_path: Path) -> Output:
    found = Output(tmp_path / "out")
    found.hold(0, HOURS - 1, [row(hour, value=str(hour + 1)) for hour in range(HOURS)])
    found.update()
    READ.clear()
    return found


def test_what_a_later_stage_made_of_it_stands_too(out: Output) -> None:
    """As estimates do: they change a file of a group, and change it again when its neighbours have changed."""
    account = out.update()
    for data in (b"with estimates", b"with others"):
        before, path = account, account.files[0].path
        other = put_file(Staging.of(out.storage), path, data, rows=HOURS)
        account = msgspec.structs.replace(account, files=[other, *account.files[1:]])
        keep_finished(out.storage, before, account)
        out.publish(account)
        READ.clear()
        assert (out.update(), READ) == (account, [])
    (out.place / path).write_bytes(b"damaged")
    assert (out.update().files[0] == account.files[0], READ) == (False, [SPAN.id])


def test_nothing_new_is_not_read_again(out: Output) -> None:
    before = out.files()
    assert before
    assert out.update() == group(Staging.of(out.storage), SOURCE, SPAN, screening=SCREENING)
    assert (READ, out.files()) == ([], before)


def test_a_new_answer_is_read_with_all_others(out: Output, tmp_path: Path) -> None:
    out.hold(7, 7, [row(7, value="99")], late=1)
    report = out.update()
    assert [SPAN.id] == READ
    assert (report, out.files()) == out.from_nothing(tmp_path / "again")
    assert report.revised


def test_an_answer_that_was_damaged_and_removed_is_missed(out: Output) -> None:
    out.hold(2, 3, [row(2, value="5"), row(3, value="5")], late=1)
    out.update()
    READ.clear()
    (newest,) = (out.place / RAW).rglob("2023-01-01T02_*.zst")
    newest.write_bytes(b"damaged")
    with pytest.raises(UsageError, match="replaced values"):
        out.update()
    assert [SPAN.id] == READ


def test_what_could_not_be_had_is_never_taken_for_unchanged(out: Output) -> None:
    failure = Failure("w", "region-data", "PACW", FIRST, FIRST, "gone", "wait")
    for _ in range(2):
        group(Staging.of(out.storage), SOURCE, SPAN, screening=SCREENING, failures=[failure])
    assert [SPAN.id] * 2 == READ


def test_a_tidy_file_with_hours_that_nobody_tells_any_more_is_refused_as_ever(out: Output, tmp_path: Path) -> None:
    longer = Output(tmp_path / "longer")
    longer.span = replace(SPAN, last=SPAN.last + 9)
    longer.hold(0, HOURS + 8, [row(hour) for hour in range(HOURS + 9)])
    longer.update()
    shorter = out.update()
    (out.place / tidy_path("region-data", "PACW")).write_bytes(
        (longer.place / tidy_path("region-data", "PACW")).read_bytes()
    )
    with pytest.raises(UsageError, match="that this load does not ask for and raw/ does not give any more"):
        out.update()
    READ.clear()
    assert out.update(drop_history=True) == shorter
    assert [SPAN.id] == READ


def test_what_was_parsed_is_not_unpacked_again(out: Output, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def noted(storage: Storage, held: Held, route: str, respondent: str) -> Stored:
        opened.append(held.key)
        return load(storage, held, route, respondent)

    monkeypatch.setattr("eia930.sources.api.packs.reading.load", noted)
    for number in range(1, 12):
        out.hold(7, 7, [row(7, value=str(number))], late=number)
        out.update()
        # Eight beside the pack are parsed each time; then the pack is written anew.
        assert len(opened) == (number if number < 10 else number - 9)
        opened.clear()
    assert out.update() == out.from_nothing(tmp_path / "again")[0]


@pytest.mark.parametrize("keep", [b"", b"{}", b"\x01", b"\xff", b"\x80"])
def test_a_kept_account_that_is_none_costs_reading_alone(out: Output, keep: bytes) -> None:
    before = out.update()
    out.storage.put(f"{ROOT}/{SPAN.id}", keep)
    assert out.update() == before
    assert [SPAN.id] == READ
    assert out.update() == before
    assert [SPAN.id] == READ


def test_a_kept_account_with_another_figure_in_it_is_none(out: Output) -> None:
    before, key = out.update(), f"{ROOT}/{SPAN.id}"
    told = out.storage.get(key)
    assert b"received\x08" in told
    out.storage.put(key, told.replace(b"received\x08", b"received\x09"))
    assert out.update() == before
    assert [SPAN.id] == READ


EARLIER = (Existing("D", (Piece(FIRST, FIRST + 1),)), Existing("XX", (Piece(FIRST, FIRST + 1),)))
OTHERS: dict[str, Any] = {
    "route": "fuel-type-data",
    "respondent": "PACE",
    "first": FIRST + 1,
    "last": FIRST + 1,
    "kinds": ("D",),
    "density": 2.0,
    "pieces": (Piece(FIRST, FIRST + 1),),
    "named": False,
    "existing": (Existing("D", (Piece(FIRST, FIRST + 1),)),),
    "listed": True,
    "typed": False,
    "newer": ("X",),
    "earlier": EARLIER,
}


def named(out: Output, span: Span = SPAN, source: Any = SOURCE, **other: Any) -> str | None:
    told: dict[str, Any] = {"screening": SCREENING, **other}
    return inputs_of(out.storage, source, span, **told)


@pytest.mark.parametrize("member", [field.name for field in fields(Span)])
def test_every_member_of_a_question_counts(out: Output, member: str) -> None:
    assert named(out) not in (None, named(out, replace(SPAN, **{member: OTHERS[member]})))


def test_what_an_earlier_load_had_of_kinds_that_the_tables_name_decides_nothing(out: Output) -> None:
    assert named(out) == named(out, replace(SPAN, earlier=EARLIER[:1])) is not None


def other_screening(series_id: str, value: Any) -> Screened:
    return screen_series(series_id, value)


@pytest.mark.parametrize(
    "other",
    [
        {"screening": Screening(FLAGS[:-1], screen_series)},
        {"screening": Screening(FLAGS, other_screening)},
        {"source": replace(SOURCE, name="emulator")},
        {"source": ApiSource(SOURCE.url, SOURCE.key)},
    ],
)
def test_whoever_writes_or_screens_otherwise_counts(out: Output, other: dict[str, Any]) -> None:
    assert named(out) == named(out)
    assert named(out, **other) not in (None, named(out))


def test_the_program_and_its_libraries_count(out: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    found = named(out)
    for function in ("fingerprint", "_libraries"):
        with monkeypatch.context() as patch:
            patch.setattr(f"eia930.record.unchanged.inputs.{function}", lambda: "another")
            assert named(out) not in (None, found)
    assert named(out) == found


def test_what_cannot_be_named_is_never_unchanged(out: Output) -> None:
    made: Callable[[str, Any], Screened] = lambda series_id, value: screen_series(series_id, value)  # noqa: E731
    assert named(out, screening=Screening(FLAGS, made)) is None
    assert named(out, source=PastSource(ApiSource(SOURCE.url, SOURCE.key), out.storage, 2**40, ())) is None
    out.storage.delete(f"{CHECKED}/{SPAN.id}.json")
    assert named(out) is None
    out.look()
    assert named(out) is not None


hours = st.tuples(st.integers(0, HOURS - 1), st.integers(0, HOURS - 1)).map(sorted)
values = st.sampled_from([None, "1", "2", "3", "x"])
QUESTIONS = (SPAN, replace(SPAN, last=FIRST + 4), replace(SPAN, kinds=("D",)), replace(SPAN, earlier=EARLIER))
DERIVED = (ROOT, PACKS, CHECKED, "tidy", "rejects", "revisions", "objects")


def damage(out: Output, data: Any) -> None:
    """One file that is derived loses its bytes, some of them, or itself; or a stored answer does."""
    paths = sorted(path for folder in (*DERIVED, RAW) for path in (out.place / folder).rglob("*") if path.is_file())
    path, how = data.draw(st.sampled_from(paths)), data.draw(st.sampled_from(["flipped", "gone", "cut"]))
    whole = bytearray(path.read_bytes())
    if how == "gone" or not whole:
        path.unlink()
    elif how == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    else:
        whole[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        path.write_bytes(whole)


def one_answer(out: Output, data: Any) -> None:
    """A later word on some hours, the same or another."""
    first, last = data.draw(hours)
    rows = [row(hour, value=data.draw(values)) for hour in range(first, last + 1)]
    rows = data.draw(st.sampled_from([rows, rows[1:], [*rows, row(first, "NG")], [*rows, row(first, value="7")]]))
    out.hold(first, last, rows, late=data.draw(st.integers(0, 3)), kinds=data.draw(st.sampled_from([(), ("D", "NG")])))


def step(out: Output, data: Any) -> None:
    """What may happen between two loads."""
    what = data.draw(st.sampled_from(["answer", "damage", "killed", "question", "nothing"]))
    if what == "answer":
        one_answer(out, data)
    elif what == "damage":
        damage(out, data)
    elif what == "killed":
        one_answer(out, data)
        out.update(drop_history=True, killed=True)
    elif what == "question":
        out.span = data.draw(st.sampled_from(QUESTIONS))


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_any_history_gives_the_bytes_and_the_account_of_a_load_from_nothing(data: Any) -> None:
    with tempfile.TemporaryDirectory() as place:
        out = Output(Path(place) / "out")
        out.hold(0, HOURS - 1, [row(hour, value=str(hour)) for hour in range(HOURS)])
        out.update()
        for number in range(data.draw(st.integers(1, 4), label="loads")):
            for _ in range(data.draw(st.integers(1, 2), label="steps")):
                step(out, data)
            found = out.update(drop_history=True), out.files()
            assert found == out.from_nothing(Path(place) / f"again{number}")
