# SPDX-License-Identifier: Apache-2.0
"""One small synthetic emulator for tests that only read from it, and a way to ask any emulator."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from eia930.emulator import Emulator, RowSource, synthetic
from eia930.reference.hours import parse_hour

Ask = Callable[..., requests.Response]


@pytest.fixture(scope="session")
def source() -> RowSource:
    return synthetic(now=parse_hour("2019-03-01T00"), defects=False)


@pytest.fixture(scope="module")
def server(source: RowSource) -> Iterator[Emulator]:
    with Emulator(source) as server:
        yield server


@pytest.fixture
def ask() -> Iterator[Ask]:
    with requests.Session() as session:

        def send(server: Emulator, route: str = "region-data", /, **options: Any) -> requests.Response:
            query = {"data[]": "value", "api_key": "k", **options.pop("query", {})}
            headers = {"Accept-Encoding": "identity", **options.pop("headers", {})}
            url = f"{server.url}/electricity/rto/{route}/data/"
            return session.get(url, params=query, headers=headers, timeout=20, **options)

        yield send
