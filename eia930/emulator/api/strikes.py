# SPDX-License-Identifier: Apache-2.0
"""The faults that change what is answered: another status, another body, or a page that is not quite true."""

import re
from dataclasses import dataclass, field, replace

from eia930.emulator.api.answers import Answer, Page, gate
from eia930.emulator.api.render import dumps, other_case
from eia930.emulator.faults import Faults, number

HTML = "text/html; charset=utf-8"
JSON = "application/json"
_UNAVAILABLE = "<html><head><title>503 Service Temporarily Unavailable</title></head><body></body></html>"
_SHELL = "<!doctype html><html><head><title>U.S. Energy Information Administration</title></head><body></body></html>"


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes out: status, body, its type, and the headers that only this answer has."""

    status: int
    body: str
    rows: int = 0
    kind: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    fault: str | None = None
    gateway: bool = field(default=False)
    """Whether the gateway answers by itself; its headers differ."""


def refused_key(code: str) -> Reply:
    """The gateway's 403."""
    return Reply(status=403, body=gate(code), gateway=True)


def unavailable(fault: str) -> Reply:
    """A 503; the body's form is not on record, and is no JSON."""
    return Reply(status=503, body=_UNAVAILABLE, kind=HTML, fault=fault)


def struck(answer: Answer, fault: str | None, faults: Faults, *, salt: str) -> Reply:
    """The reply to send: the true one, or the one that `fault` makes of it. `salt` decides its details."""
    plain = Reply(status=answer.status, body=answer.body, rows=answer.rows)
    if fault is None:
        return plain
    whole = _another_body(answer, fault, faults)
    if whole is not None:
        return whole
    if fault in _PAGES:
        page = answer.page
        changed = _PAGES[fault](page, number(salt)) if page is not None and page.rows else None
        if changed is None:
            return plain
        false = changed.answer()
        return Reply(status=200, body=false.body, rows=false.rows, fault=fault)
    endless = fault in ("p_huge", "p_bomb")
    return replace(plain, fault=fault, rows=0 if endless else plain.rows)


def _another_body(answer: Answer, fault: str, faults: Faults) -> Reply | None:
    if fault == "p_503":
        return unavailable(fault)
    if fault == "p_500":
        return Reply(500, dumps({"error": "Internal Server Error", "code": 500}), fault=fault)
    if fault == "p_502":
        return Reply(502, "", kind=HTML, fault=fault)
    if fault == "p_429":
        headers = (("Retry-After", f"{faults.retry_after:.0f}"),) if faults.retry_after else ()
        return Reply(429, gate("OVER_RATE_LIMIT"), headers=headers, fault=fault, gateway=True)
    if fault == "p_html":
        return Reply(200, _SHELL, kind=HTML, fault=fault)
    if fault == "p_error_200":
        return Reply(200, dumps({"error": "An unexpected error occurred.", "code": 400}), fault=fault)
    if fault == "p_bad_json":
        return Reply(200, answer.body[: max(1, len(answer.body) * 2 // 3)], fault=fault)
    if fault == "p_redirect":
        return Reply(302, "", kind=HTML, headers=(("Location", faults.redirect_to),), fault=fault)
    return None


def _total_changes(page: Page, draw: int) -> Page:
    return replace(page, total=page.total + 1 + draw % 24)


def _total_wrong(page: Page, draw: int) -> Page:
    gone = draw % len(page.rows)
    return replace(page, rows=page.rows[:gone] + page.rows[gone + 1 :])


def _duplicates(page: Page, draw: int) -> Page | None:
    if len(page.rows) != page.total:
        return None
    at = draw % len(page.rows)
    again = page.rows[at : at + 3]
    return replace(page, rows=page.rows[: at + 3] + again + page.rows[at + 3 :], total=page.total + len(again))


def _case_duplicates(page: Page, draw: int) -> Page | None:
    if len(page.rows) != page.total:
        return None
    at = draw % len(page.rows)
    again = _renamed(page.rows[at], page.route.kind_name)
    return replace(page, rows=(*page.rows[: at + 1], again, *page.rows[at + 1 :]), total=page.total + 1)


def _renamed(row: str, column: str) -> str:
    before, mark, after = row.partition(f'"{column}":"')
    name, quote, rest = after.partition('"')
    return before + mark + other_case(name) + quote + rest


def _bad_unit(page: Page, draw: int) -> Page | None:
    at = draw % len(page.rows)
    wrong = page.rows[at].replace(f'"{page.route.unit}"', '"megawatts"')
    return replace(page, rows=(*page.rows[:at], wrong, *page.rows[at + 1 :])) if wrong != page.rows[at] else None


def _lacks_value(page: Page, draw: int) -> Page | None:
    at = draw % len(page.rows)
    wrong = _VALUE.sub("", page.rows[at])
    return replace(page, rows=(*page.rows[:at], wrong, *page.rows[at + 1 :])) if wrong != page.rows[at] else None


def _renamed_value(page: Page, draw: int) -> Page:
    return _everywhere(page, '"value":', '"val":')


def _other_unit(page: Page, draw: int) -> Page:
    return _everywhere(page, f'"{page.route.unit}"', '"MWh"')


def _other_key(page: Page, draw: int) -> Page:
    return _everywhere(page, f'"{page.route.kind}":', '"kind":')


def _other_period(page: Page, draw: int) -> Page:
    return replace(page, rows=tuple(_PERIOD.sub(r'"period":"\1 \2:00"', row) for row in page.rows))


def _everywhere(page: Page, before: str, after: str) -> Page:
    return replace(page, rows=tuple(row.replace(before, after) for row in page.rows))


_VALUE = re.compile(r'"value":("[^"]*"|[^,]*),')
_PERIOD = re.compile(r'"period":"(\d{4}-\d\d-\d\d)T(\d\d)"')
_PAGES = {
    "p_total_changes": _total_changes,
    "p_total_wrong": _total_wrong,
    "p_duplicates": _duplicates,
    "p_case_duplicates": _case_duplicates,
    "p_bad_unit": _bad_unit,
    "p_lacks_value": _lacks_value,
    "p_renamed": _renamed_value,
    "p_other_unit": _other_unit,
    "p_other_key": _other_key,
    "p_other_period": _other_period,
}
