# SPDX-License-Identifier: Apache-2.0
"""EIA's names of series: put together and taken apart without loss, for every route; others are told as unknown."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eia930.reference.routes import FUEL, INTERCHANGE, REGION, ROUTES, SUBREGION
from eia930.reference.series import SeriesKey, UnknownSeries, find_series, known_series, parse_series

CODES = st.text("ABCXYZabc0189_", min_size=1, max_size=8)
KINDS = st.text("ABCXYZabc0189_-", min_size=1, max_size=8).filter(lambda code: code != "ALL")
KEYS = st.builds(SeriesKey, st.sampled_from(list(ROUTES.values())), CODES, KINDS)


@pytest.mark.parametrize(
    ("key", "name", "kind"),
    [
        (SeriesKey(REGION, "PACW", "D"), "EBA.PACW-ALL.D.H", "D"),
        (SeriesKey(FUEL, "PACW", "WND"), "EBA.PACW-ALL.NG.WND.H", "NG"),
        (SeriesKey(FUEL, "PACW", "NG"), "EBA.PACW-ALL.NG.NG.H", "NG"),
        (SeriesKey(INTERCHANGE, "BPAT", "PACW"), "EBA.BPAT-PACW.ID.H", "TI"),
        (SeriesKey(SUBREGION, "CISO", "PGAE"), "EBA.CISO-PGAE.D.H", "D"),
        (SeriesKey(SUBREGION, "ISNE", "4001"), "EBA.ISNE-4001.D.H", "D"),
    ],
)
def test_series_ids_are_eias(key: SeriesKey, name: str, kind: str) -> None:
    assert (key.id, parse_series(name), key.type) == (name, key, kind)


@given(KEYS)
def test_every_key_comes_back_from_its_name(key: SeriesKey) -> None:
    assert parse_series(key.id) == key


@given(KEYS, KEYS)
def test_no_two_series_have_one_name(one: SeriesKey, other: SeriesKey) -> None:
    assert (one.id == other.id) == (one == other)


def test_every_series_of_the_tables_comes_back() -> None:
    keys = [SeriesKey(r, code, kind) for r in ROUTES.values() for code in r.served() for kind in r.expected(code)]
    assert len(keys) > 1000
    assert [parse_series(key.id) for key in keys] == keys


@pytest.mark.parametrize(
    "name",
    [
        "",
        "EBA.PACW-ALL.CO2.COL.H",
        "EBA.PACW-ALL.NG.WND.X.H",
        "EBA.PACW-ALL.D.HL",
        "PACW-ALL.D.H",
        "EBA.PACW.D.H",
        "EBA.A-B.C.D.E.H",
        "EBA.A-B.TI.H",
        "EBA.PACW-ALL.D.H\n",
    ],
)
def test_a_name_that_no_route_has_is_unknown(name: str) -> None:
    assert find_series(name) is None
    assert known_series([name, "EBA.PACW-ALL.D.H"]) == {"EBA.PACW-ALL.D.H": SeriesKey(REGION, "PACW", "D")}
    with pytest.raises(UnknownSeries, match=r"is no series name like EBA\.PACW-ALL\.D\.H"):
        parse_series(name)


@given(st.text())
def test_no_text_is_taken_for_another_series(text: str) -> None:
    key = find_series(text)
    assert key is None or key.id == text


def test_routes_do_not_share_names() -> None:
    for one, other in permutations(ROUTES.values(), 2):
        assert not any(find_series(SeriesKey(one, "A", k).id) == SeriesKey(other, "A", k) for k in ("B", "NG", "ID"))
