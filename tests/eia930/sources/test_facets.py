# SPDX-License-Identifier: Apache-2.0
"""What a server lists of a route, asked for over a socket: whole lists, or an error that says whether to ask again."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from eia930.emulator import Emulator, RowSource, synthetic
from eia930.errors import EiaError, Garbled, KeyRefused, Refused, Throttled, Unavailable, UsageError
from eia930.reference.hours import parse_hour
from eia930.reference.routes import FUEL, REGION, ROUTES, SUBREGION
from eia930.sources.api.client import Api
from eia930.sources.api.codes.facets import Facet, facets
from tests.eia930.sources.serving import Reply, serving

KEY = "canary-0123456789"


@contextmanager
def asking(url: str) -> Iterator[Api]:
    api = Api(url, KEY, timeout=5)
    try:
        yield api
    finally:
        api.close()


@pytest.fixture(scope="module")
def source() -> RowSource:
    return synthetic(now=parse_hour("2019-03-01T00"), defects=False)


def test_every_facet_of_every_route_is_listed(source: RowSource) -> None:
    with Emulator(source, key=KEY) as server, asking(server.url) as api:
        found = {(route.id, name): facets(api, route, name) for route in ROUTES.values() for name in route.facets}
        asked = [request.path for request in server.requests]
    assert len(found) == len(asked) == 2 * len(ROUTES)
    for route in ROUTES.values():
        assert [one.code for one in found[route.id, route.respondent]] == list(source.respondents(route))
        assert [one.code for one in found[route.id, route.kind]] == list(source.kinds(route))
    assert Facet("DF", "Day-ahead demand forecast") in found[REGION.id, "type"]
    assert Facet("PACW", "PacifiCorp West") in found[REGION.id, "respondent"]


def values(*pairs: tuple[str, str | None]) -> bytes:
    listed = [{"id": code, "name": name, "alias": f"({code}) {name}"} for code, name in pairs]
    return json.dumps({"response": {"totalFacets": str(len(pairs)), "facets": listed}}).encode()


def test_doubles_are_listed_once_and_the_key_goes_in_a_header() -> None:
    body = values(("NY", "New York"), ("CAR", "Carolinas"), ("NY", "New York again"), ("XNEW", None))
    with serving(lambda _: (200, {}, body)) as served, asking(served.url) as api:
        found = facets(api, SUBREGION, "parent")
    assert found == (Facet("CAR", "Carolinas"), Facet("NY", "New York"), Facet("XNEW", "XNEW"))
    (asked,) = served.asked
    assert asked.path == "/v2/electricity/rto/region-sub-ba-data/facet/parent/"
    assert asked.headers["x-api-key"] == KEY


def test_a_route_without_hours_lists_nothing() -> None:
    with serving(lambda _: (200, {}, values())) as served, asking(served.url) as api:
        assert facets(api, FUEL, "fueltype") == ()


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ((200, {}, b"<html>"), Garbled),
        ((200, {}, b'{"response": {}}'), Garbled),
        ((200, {}, b'{"response": {"facets": [{"name": "no id"}]}}'), Garbled),
        ((404, {}, b'{"error": "Not found.", "code": 404}'), Refused),
        ((302, {"Location": "http://elsewhere.example/"}, b""), Refused),
        ((403, {}, b'{"error": {"code": "API_KEY_INVALID"}}'), KeyRefused),
        ((429, {"Retry-After": "7"}, b""), Throttled),
        ((503, {}, b""), Unavailable),
    ],
)
def test_what_is_no_list_is_an_error_that_names_the_request(reply: Reply, kind: type[EiaError]) -> None:
    with serving(lambda _: reply) as served, asking(served.url) as api, pytest.raises(kind) as caught:
        facets(api, FUEL, "fueltype")
    assert KEY not in str(caught.value)
    assert kind is KeyRefused or "fuel-type-data/facet/fueltype" in str(caught.value)


def test_a_facet_of_another_route_is_wrong_use() -> None:
    with asking("http://127.0.0.1:1/v2") as api, pytest.raises(UsageError, match="has no facet fueltype; it has"):
        facets(api, REGION, "fueltype")
