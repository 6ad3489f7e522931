# SPDX-License-Identifier: Apache-2.0
"""Several respondents in one request: nothing is asked twice, nothing is left out, and pages come back full."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from eia930.errors import Garbled, Refused, Unordered
from eia930.question.several import Several
from eia930.question.span import Span
from eia930.reference.routes import PAGE
from eia930.sources.api.estimate import Manner, plan_size
from eia930.sources.api.lanes import Lane
from eia930.sources.api.responses import Answer
from eia930.sources.api.together.joint import parts_of, read_joint
from eia930.sources.api.together.sharing import LONGEST, shared
from eia930.sources.api.together.tape import Tape
from tests.eia930.making import FIRST as BEGINS
from tests.eia930.making import LATER, body, row
from tests.eia930.sources.tapes import ROUTE, Server, full, play

FIRST = 473_000
Flags = NDArray[np.bool_]


def span(code: str, first: int, last: int, density: float = 4.0) -> Span:
    """Hours `first`..`last` after FIRST."""
    return Span(ROUTE.id, code, FIRST + first, FIRST + last, density=density)


def all_of(*spans: Span) -> list[Lane | Tape]:
    return shared([(one, np.ones(one.hours, bool)) for one in spans])


def settled(answers: Sequence[Answer], one: Span) -> NDArray[np.int64]:
    """int64[hours of the span]: how often each was settled."""
    times = np.zeros(one.hours, np.int64)
    for part in answers:
        if part.window.respondent == one.respondent:
            times[max(0, part.first - one.first) : max(0, part.last + 1 - one.first)] += 1
    return times


LIVES = st.lists(st.tuples(st.integers(0, 90), st.integers(1, 500), st.integers(1, 9)), min_size=1, max_size=14)


@given(lives=LIVES, guess=st.floats(0.3, 3), gaps=st.sampled_from((0.0, 0.02, 0.6)), seed=st.integers(0, 99))
@settings(deadline=None, max_examples=25)
def test_every_wanted_hour_is_settled_once_and_pages_are_full(
    lives: list[tuple[int, int, int]], guess: float, gaps: float, seed: int
) -> None:
    """Whoever lives when, of how many rows an hour, of whatever number of them the tables guessed."""
    draw = np.random.default_rng(seed)
    counts = [
        (span(f"R{number:02}", begins, begins + hours - 1, rows * guess), rows)
        for number, (begins, hours, rows) in enumerate(lives)
    ]
    server = full(counts, gaps=gaps, seed=seed)
    wants = [(one, _wanted(one, draw)) for one, _ in counts]
    lanes = shared(wants)
    answers = play(lanes, server)
    for one, wanted in wants:
        np.testing.assert_array_equal(settled(answers, one), wanted)
    assert max(server.received, default=0) <= PAGE
    tapes = [window for window in server.asked if isinstance(window, Several)]
    assert all(len(window.respondents) == len(set(window.respondents)) > 1 for window in tapes)


def _wanted(one: Span, draw: np.random.Generator) -> Flags:
    """Mostly all of it; else what is left after a part was stored."""
    wanted = np.ones(one.hours, bool)
    if draw.random() < 0.3:
        begins = draw.integers(0, one.hours)
        wanted[begins : begins + draw.integers(0, one.hours) + 1] = False
    return wanted


@given(
    rows=st.lists(st.integers(1, 12), min_size=12, max_size=40),
    hours=st.integers(500, 900),
    gaps=st.sampled_from((0.0, 0.03)),
    guess=st.floats(0.5, 2),
)
@settings(deadline=None, max_examples=4)
def test_pages_of_a_question_of_more_than_twenty_are_full(
    rows: list[int], hours: int, gaps: float, guess: float
) -> None:
    """At least 0.98 of all but the last one; and no request but the last could have been saved."""
    while sum(rows) * hours * (1 - gaps) < 21 * PAGE:
        rows = [*rows, 12]
    counts = [(span(f"R{number:02}", 0, hours - 1, some * guess), some) for number, some in enumerate(rows)]
    server = full(counts, gaps=gaps)
    answers = play(all_of(*(one for one, _ in counts)), server)
    assert all((settled(answers, one) == 1).all() for one, _ in counts)
    assert server.total / (PAGE * (len(server.asked) - 1)) >= 0.98
    assert len(server.asked) <= server.total // PAGE + 2


@given(seed=st.integers(0, 2**32), pace=st.integers(1, 30), respondents=st.sampled_from((8, 30)))
@settings(deadline=None, max_examples=20)
def test_rows_that_come_and_go_between_two_pages_lose_nothing(seed: int, pace: int, respondents: int) -> None:
    """Each part is what the server has when it is asked (`play` holds it to that), of every hour one time."""
    draw = np.random.default_rng(seed)
    counts = [(span(f"R{number:02}", 0, 399), 5) for number in range(respondents)]
    server = full(counts, gaps=0.2, seed=seed)

    def change(here: Server) -> None:
        for _ in range(int(draw.integers(0, pace))):
            code, place = f"R{draw.integers(respondents):02}", (FIRST + int(draw.integers(400)), int(draw.integers(5)))
            if here.rows[code].pop(place, None) is None:
                here.put(code, place, "1")

    server.change = change
    answers = play(all_of(*(one for one, _ in counts)), server)
    for one, _ in counts:
        assert (settled(answers, one) == 1).all()


def test_rows_withdrawn_before_the_next_page_are_noticed() -> None:
    """The first respondent's rows go while it is half served: what is left is asked for alone, not passed over."""
    counts = [(span(code, 0, 999, 6.0), 6) for code in ("A", "B")]
    server = full(counts)

    def withdraw(here: Server) -> None:
        if len(here.asked) == 1:
            here.rows["A"] = {place: row for place, row in here.rows["A"].items() if place[0] >= FIRST + 700}

    server.change = withdraw
    answers = play(all_of(*(one for one, _ in counts)), server)
    first, second, *_ = server.asked
    assert isinstance(first, Several)
    assert isinstance(second, Several)
    assert (second.respondent, second.skip > 4000) == ("A", True)
    assert all((settled(answers, one) == 1).all() for one, _ in counts)


@given(
    rows=st.lists(st.integers(1, 9), min_size=6, max_size=24),
    hours=st.integers(300, 900),
    way=st.lists(st.booleans(), min_size=400, max_size=400),
)
@settings(deadline=None, max_examples=15)
def test_both_ends_meet_in_whatever_order_answers_come(rows: list[int], hours: int, way: list[bool]) -> None:
    counts = [(span(f"R{number:02}", 0, hours - 1, float(some)), some) for number, some in enumerate(rows)]
    server, order = full(counts), iter(way)
    (tape,) = all_of(*(one for one, _ in counts))
    flying: list[Any] = []
    stored: list[Answer] = []
    while (window := tape.next_window()) is not None or flying:
        if window is not None:
            flying.append(server.answer(window))
            if next(order):
                continue
        answer = flying.pop(0 if next(order) else -1)
        tape.answered(answer)
        stored += parts_of(answer)
    assert tape.left == 0
    assert all((settled(stored, one) == 1).all() for one, _ in counts)
    # Where the ends meet in an hour of one respondent, that hour may come twice.
    assert 0 <= sum(one.columns.received for one in stored) - server.total <= max(rows)
    assert len(server.asked) <= server.total // PAGE + 2


def test_a_long_tape_is_asked_for_from_both_ends() -> None:
    """Once it is known by a first page how many rows there are; the ends meet in the middle of a respondent."""
    counts = [(span(code, 0, 999, 4.0), 4) for code in "ABCDEFGHIJKLMNOP"]
    server = full(counts)
    (tape,) = all_of(*(one for one, _ in counts))
    first = tape.next_window()
    assert isinstance(first, Several)
    assert tape.next_window() is None
    tape.answered(server.answer(first))
    front, back = tape.next_window(), tape.next_window()
    assert isinstance(front, Several)
    assert isinstance(back, Several)
    assert (front.descending, front.respondents[:2], front.since) == (False, ("B", "C"), FIRST + 249)
    assert (back.descending, back.respondents, back.since) == (True, ("P", "O", "N", "M"), None)
    assert tape.next_window() is None
    tape.answered(server.answer(back))
    again = tape.next_window()
    assert isinstance(again, Several)
    assert (again.descending, again.respondent, again.since, again.skip) == (True, "O", FIRST + 750, 995)
    tape.answered(server.answer(front))
    tape.answered(server.answer(again))
    play([tape], server)
    assert server.received[:-1] == [PAGE] * (server.total // PAGE)
    assert {window.descending for window in server.asked} == {False, True}


def test_a_page_ends_in_the_middle_of_a_respondent_and_the_next_one_goes_on_there() -> None:
    counts = [(span(code, 0, 399, 5.0), 5) for code in "ABCD"]
    server = full(counts)
    answers = play(all_of(*(one for one, _ in counts)), server)
    assert server.received == [PAGE, 3006]
    assert [(one.window.respondent, one.first - FIRST, one.last - FIRST) for one in answers] == [
        ("A", 0, 399),
        ("B", 0, 399),
        ("C", 0, 198),
        ("C", 199, 399),
        ("D", 0, 399),
    ]
    assert [one.total for one in answers] == [2000, 2000, 995, 1005, 2000]


def test_one_who_overflows_a_page_alone_goes_on_through_pages_of_its_own() -> None:
    counts = [(span("A", 0, 2_999, 4.0), 4), (span("B", 0, 2_999, 1.0), 1), (span("C", 0, 2_999, 1.0), 1)]
    server = full(counts)
    answers = play(all_of(*(one for one, _ in counts)), server)
    assert all((settled(answers, one) == 1).all() for one, _ in counts)
    assert len(server.asked) == 4


def test_histories_that_do_not_meet_share_a_page() -> None:
    """No row lies before a span or after it, so the hours between cost nothing."""
    early, late = span("A", 0, 99), span("B", 5000, 5099)
    server = full([(early, 4), (late, 4)])
    answers = play(all_of(early, late), server)
    assert len(server.asked) == 1
    assert all((settled(answers, one) == 1).all() for one in (early, late))


def test_rows_beyond_a_life_that_the_tables_got_wrong_are_kept_beside_it() -> None:
    early, late = span("A", 0, 99), span("B", 150, 249)
    server = full([(span("A", 0, 199), 4), (late, 4)])
    answers = play(all_of(early, late), server)
    assert [one.total for one in answers] == [800, 400]
    assert all((settled(answers, one) == 1).all() for one in (early, late))


def test_hours_that_are_stored_are_not_served_again() -> None:
    """Of one half is stored, of the others nothing: it is asked for alone."""
    some = [span(code, 0, 99) for code in "ABC"]
    wants = [(one, np.ones(100, bool)) for one in some]
    wants[1][1][:50] = False
    server = full([(one, 4) for one in some])
    play(shared(wants), server)
    assert sorted(server.received) == [200, 800]


def test_long_histories_and_other_kinds_have_lanes_of_their_own() -> None:
    long = span("L", 0, int(LONGEST * PAGE / 4) + 1)
    kinds = Span(ROUTE.id, "K", FIRST, FIRST + 9, ("SUN",))
    lanes = all_of(long, kinds, span("A", 0, 9), span("B", 0, 9))
    assert [type(one).__name__ for one in lanes] == ["Lane", "Lane", "Tape"]


def test_a_long_tape_is_asked_for_in_parts() -> None:
    """Of a hundred pages and more each: what their last pages lack is less than a hundredth."""
    many = [span(f"R{number:03}", 0, 9_999, 4.0) for number in range(90)]
    tapes = all_of(*many)
    assert len(tapes) == 4
    assert all(100 < tape.pages <= 200 for tape in tapes)
    assert sum(tape.left for tape in tapes) == 90 * 10_000


def test_a_plan_counts_shared_pages() -> None:
    manner = Manner(None, 0.0, None, 240, 8, refresh=False)
    some = [span(f"R{number}", 0, 167) for number in range(70)]
    assert plan_size(some, manner) == 10
    assert plan_size(some, Manner(None, 0.0, None, 240, 8, refresh=False, together=False)) == 70
    assert plan_size(some[:1], Manner(None, 0.0, 24, 240, 8, refresh=False)) == 7


def two_asked(*, since: int | None = None, skip: int = 0) -> Several:
    """The first ten hours of 2023 of two respondents; of the first those from `since` on."""
    known = None if since is None else BEGINS + since
    return Several("region-data", "AVA", BEGINS, BEGINS + 9, others=("PACW",), since=known, skip=skip)


def served(code: str, hour: int, **other: Any) -> dict[str, Any]:
    return row(hour, route="region-data", respondent=code, **other)


def test_a_respondent_with_a_row_that_cannot_be_read_is_asked_alone() -> None:
    asked = two_asked()
    answer = read_joint(body([served("AVA", 0, value="?"), served("PACW", 0), served("PACW", 1)]), asked, LATER)
    assert (answer.apart, answer.left, [one.window.respondent for one in answer.parts]) == (("AVA",), (), ["PACW"])
    assert (answer.rows, answer.parts[0].total, answer.parts[0].together) == (3, 2, asked.id)


@pytest.mark.parametrize("odd", [served("CISO", 0), {"period": "2023-01-01T00", "value": 1}, 7])
def test_a_row_that_is_nobodys_is_refused(odd: object) -> None:
    with pytest.raises(Refused, match=r"AVA\+1"):
        read_joint(body([served("AVA", 0), odd]), two_asked(), LATER)


def test_total_counts_what_was_passed_over() -> None:
    asked = two_asked(since=2, skip=1)
    rows = [served("AVA", 1), served("AVA", 2), served("PACW", 0)]
    answer = read_joint(body(rows, total="4"), asked, LATER)
    assert [(one.window.respondent, one.total) for one in answer.parts] == [("AVA", 1), ("PACW", 1)]
    with pytest.raises(Garbled, match="total says 3 rows, 1 were passed over, 3 came"):
        read_joint(body(rows, total="3"), asked, LATER)


def test_a_later_page_out_of_order_says_nothing() -> None:
    rows = [served("AVA", 1), served("PACW", 0), served("AVA", 2)]
    with pytest.raises(Unordered):
        read_joint(body(rows, total="4"), two_asked(since=2, skip=1), LATER)


def test_who_is_given_up_together_is_asked_alone() -> None:
    some = [span(code, 0, 99) for code in "ABC"]
    (tape,) = all_of(*some)
    window = tape.next_window()
    assert isinstance(window, Several)
    assert tape.given_up(window) is False
    server = full([(one, 4) for one in some])
    answers = play([tape], server)
    assert [window.respondent for window in server.asked] == ["A", "B", "C"]
    assert all((settled(answers, one) == 1).all() for one in some)
