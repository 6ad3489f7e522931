# SPDX-License-Identifier: Apache-2.0
"""Who has no row in company: whoever was left out is asked for alone, and whoever is silent costs hardly a request."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eia930.question.several import Several
from eia930.question.span import Span
from eia930.reference.hours import hour_of
from eia930.sources.api.lanes import Lane
from eia930.sources.api.responses import Answer
from eia930.sources.api.together.company import LONG_PAST, Company
from eia930.sources.api.together.sharing import shared
from eia930.sources.api.together.tape import Tape
from tests.eia930.sources.tapes import NOW, ROUTE, full, play

PAST = hour_of(NOW) - 600
"""Hours before the server's now."""


def span(code: str, hours: int, first: int = PAST) -> Span:
    return Span(ROUTE.id, code, first, first + hours - 1, density=4.0)


def lanes_of(spans: Sequence[Span]) -> list[Lane | Tape]:
    return shared([(one, np.ones(one.hours, bool)) for one in spans])


def settled_once(answers: Sequence[Answer], spans: Sequence[Span]) -> bool:
    times = {one.respondent: np.zeros(one.hours, np.int64) for one in spans}
    begins = {one.respondent: one.first for one in spans}
    for part in answers:
        first = begins[part.window.respondent]
        times[part.window.respondent][max(0, part.first - first) : part.last + 1 - first] += 1
    return all((counts == 1).all() for counts in times.values())


@given(
    rows=st.lists(st.integers(1, 9), min_size=2, max_size=12),
    hours=st.integers(1, 500),
    kept=st.integers(1, 3),
)
@settings(deadline=None, max_examples=25)
def test_whoever_a_server_leaves_out_is_asked_alone(rows: list[int], hours: int, kept: int) -> None:
    """`play` holds every part that is stored to what the server has of its respondent."""
    counts = [(span(f"R{number:02}", hours), some) for number, some in enumerate(rows)]
    spans, server = [one for one, _ in counts], full(counts)
    server.hears = lambda codes: codes[:kept]
    company = Company(spans)
    answers = play(lanes_of(spans), server, company)
    assert settled_once(answers, spans)
    assert len(server.asked) <= 2 * len(rows) + 2 * server.total // 5000 + 1
    assert not company.warnings or len(rows) > kept


@given(silent=st.sets(st.integers(0, 11), max_size=12), hours=st.integers(1, 500))
@settings(deadline=None, max_examples=25)
def test_silence_is_believed_once_one_was_asked_alone(silent: set[int], hours: int) -> None:
    counts = [(span(f"R{number:02}", hours), 0 if number in silent else 4) for number in range(12)]
    spans, server = [one for one, _ in counts], full(counts)
    company, trusting = Company(spans), full(counts)
    answers = play(lanes_of(spans), server, company)
    play(lanes_of(spans), trusting)
    assert settled_once(answers, spans)
    assert company.warnings == ()
    # One alone, and the others once more: no more pages than all would fill.
    assert len(server.asked) <= len(trusting.asked) + 1 + -(-12 * hours * 4 // 5000)


def test_of_many_answers_few_are_doubted() -> None:
    """Two of every three respondents are silent, page after page."""
    counts = [(span(f"R{number:03}", 500), 9 if number % 3 == 0 else 0) for number in range(300)]
    spans, server, trusting = [one for one, _ in counts], full(counts), full(counts)
    assert settled_once(play(lanes_of(spans), server, Company(spans)), spans)
    play(lanes_of(spans), trusting)
    assert len(trusting.asked) > 90
    assert len(server.asked) <= 1.04 * len(trusting.asked)


@pytest.mark.parametrize(("youngest", "doubts"), [(1, 0), (LONG_PAST - 1, 0), (LONG_PAST + 1, 1)])
def test_who_has_not_reported_yet_is_not_doubted(youngest: int, doubts: int) -> None:
    """Hours that are younger than EIA takes to publish."""
    spans = [span(code, 12, hour_of(NOW) - youngest) for code in "ABC"]
    server = full([(one, 4 if one.respondent == "A" else 0) for one in spans])
    play(lanes_of(spans), server, Company(spans))
    assert len(server.asked) == 1 + 2 * doubts


def test_who_had_rows_of_young_hours_is_doubted() -> None:
    """An answer without them would withdraw what is stored; `play` holds each that is stored to the server."""
    spans = [span(code, 12, hour_of(NOW) - 12) for code in "ABC"]
    company = Company(spans, lambda name, first, last: name.endswith("/B") and first < last)
    server = full([(one, 0 if one.respondent == "C" else 4) for one in spans])
    server.hears = lambda codes: codes[:1]
    assert settled_once(play(lanes_of(spans), server, company), spans)
    assert len(server.asked) == 2
    assert [name in company.warnings[0] for name in ("/B", "/C")] == [True, False]


def test_hours_before_a_life_are_no_reason_to_doubt() -> None:
    early, late = span("A", 100), span("B", 12, hour_of(NOW) - 12)
    server = full([(early, 4), (late, 0)])
    play(lanes_of([early, late]), server, Company([early, late]))
    assert len(server.asked) == 1


def test_rows_of_other_hours_show_nobody_left_out() -> None:
    """Nobody was left out of a request for hours that he has no rows of, though he has some of others."""
    spans = [span(code, 100) for code in "AB"]
    company, server = Company(spans), full([(spans[0], 4)])
    asked = Several(ROUTE.id, "A", PAST, PAST + 49, others=("B",))
    doubted = company.check(server.answer(asked))
    server.put("B", (PAST + 70, 0), 1)
    company.check(server.answer(Lane(spans[1], np.arange(100) >= 50).next_window() or asked))
    assert getattr(doubted, "doubted", ()) == ("B",)
    assert company.warnings == ()


def test_a_doubt_whose_answer_cannot_be_had_holds_nobody_up() -> None:
    spans = [span(code, 100) for code in "ABC"]
    company, server = Company(spans), full([(one, 4) for one in spans])
    server.hears = lambda codes: codes[:1]
    (tape,) = lanes_of(spans)
    first = tape.next_window()
    assert isinstance(first, Several)
    tape.answered(company.check(server.answer(first)))
    probe = tape.next_window()
    assert probe is not None
    assert tape.next_window() is None
    assert tape.given_up(probe)
    assert [window.respondent for window in iter(tape.next_window, None)] == [*{"B", "C"} - {probe.respondent}]


def test_what_is_left_counts_those_in_doubt() -> None:
    spans = [span(code, 100) for code in "ABC"]
    company, server = Company(spans), full([(spans[0], 4)])
    (tape,) = lanes_of(spans)
    first = tape.next_window()
    assert first is not None
    assert tape.answered(company.check(server.answer(first))) == 100
    assert tape.left == 200
