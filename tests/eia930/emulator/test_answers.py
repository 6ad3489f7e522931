# SPDX-License-Identifier: Apache-2.0
"""The form of EIA's answers, to the byte. The rows are made; test_recorded holds whole real answers against this."""

import csv
import io
from pathlib import Path

import pytest
import requests

from eia930.emulator import Emulator, replay, synthetic
from eia930.reference.hours import parse_hour

ROWS = """period,respondent,respondent-name,type,type-name,value,value-units
2024-01-01T00,PACW,PacifiCorp West,D,Demand,1001,megawatthours
2024-01-01T01,PACW,PacifiCorp West,D,Demand,1002,megawatthours
"""
QUERY = (
    "frequency=hourly&data[0]=value&facets[respondent][]=PACW&start=2024-01-01&end=2024-01-02&length=5000"
    "&api_key=REDACTED"
)
REFUSED = """{
  "error": {
    "code": "API_KEY_INVALID",
    "message": "An invalid api_key was supplied. Get one at https://api.eia.gov:443"
  }
}"""


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    file = tmp_path / "rows.csv"
    file.write_text(ROWS, "utf-8")
    return file


def test_a_page_of_rows(rows: Path) -> None:
    with Emulator(replay([rows])) as server:
        url = f"{server.url}/electricity/rto/region-data/data/?{QUERY}"
        answer = requests.get(url, headers={"Accept-Encoding": "identity"}, timeout=20)
    parts = (
        '{"response":{"total":"2","dateFormat":"YYYY-MM-DD\\"T\\"HH24","frequency":"hourly","data":[',
        ",".join("{" + ",".join(f'"{key}":"{text}"' for key, text in row.items()) + "}" for row in read(ROWS)),
        '],"description":"Hourly demand, day-ahead demand forecast, net generation, and interchange by balancing '
        'authority.  \\n    Source: Form EIA-930\\n    Product: Hourly Electric Grid Monitor"},"request":{"command":'
        '"\\/v2\\/electricity\\/rto\\/region-data\\/data\\/","params":{"frequency":"hourly","data":["value"],"facets":'
        '{"respondent":["PACW"]},"start":"2024-01-01","end":"2024-01-02","length":"5000","api_key":"REDACTED"}},',
    )
    assert answer.text.startswith("".join(parts) + '"apiVersion":"2.')
    assert answer.headers["Content-Type"] == "application/json"


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_key_that_is_refused() -> None:
    with Emulator(synthetic(now=parse_hour("2019-01-02T00")), key="good") as server:
        answer = requests.get(f"{server.url}/electricity/rto/region-data/data/?api_key=bad", timeout=20)
    assert (answer.status_code, answer.text, len(answer.content)) == (403, REFUSED, 136)
    expected = {
        "X-Frame-Options": "DENY",
        "X-Xss-Protection": "1; mode=block",
        "Strict-Transport-Security": "max-age=31536000; preload",
        "Vary": "Accept-Encoding",
        "X-Cache": "MISS",
    }
    assert {name: answer.headers[name] for name in expected} == expected
    assert not {"Via", "Age"} & set(answer.headers)


def test_a_route_that_is_not_there(rows: Path) -> None:
    with Emulator(replay([rows])) as server:
        answer = requests.get(f"{server.url}/electricity/wholesale-prices/data/?api_key=k", timeout=20)
    assert (answer.status_code, answer.text) == (404, '{"error":"Not found.","code":404}')
