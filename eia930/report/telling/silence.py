# SPDX-License-Identifier: Apache-2.0
"""Who was expected and sent nothing, in words: said first on the page and on the terminal, with whence we expect it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from eia930.account.model import Account, Silent
from eia930.record.assembly import SeriesReport
from eia930.reference import respondents as tables
from eia930.report.telling.nothing import served_from

_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "asked": "asked for by name",
        "coverage": "in the coverage file",
        "tables": "in our tables",
        "lists": "in the server's list",
        "earlier": "in an earlier load",
        "seen": "refused, see rejects/",
    }
)
REMEDY = (
    "load again later, or with --refresh; if the tables are wrong, python -m pipelines.reference --check says what to "
    "change, and --regions and --types leave it out"
)


def respondents(account: Account) -> list[str]:
    """`fuel-type-data/AEC (in our tables)`, one for each respondent of which nothing was kept in a route."""
    return [_respondent(one) for one in account.silent] if _is_news(account) else []


def series(account: Account) -> list[str]:
    """`EBA.CISO-ALL.NG.GEO.H (in our tables)`, one for each series without a row whose respondent sent others."""
    if not _is_news(account):
        return []
    whole = {(one.route, one.respondent) for one in account.silent}
    return [_series(one) for one in _rowless(account) if (one.route, one.respondent) not in whole]


def _is_news(account: Account) -> bool:
    """Not where the reason is another one: nobody could be asked, or the API serves no hour so old."""
    return bool(account.hours.present) or not (account.failures or served_from(account))


def unknown(account: Account) -> list[str]:
    """What came of codes that our tables lack: `region-data XNEW (4 series)`, in order."""
    found: dict[str, int] = {}
    for one in account.series:
        if not one.known and one.present + one.null:
            name = f"{one.route} {_new_code(one)}"
            found[name] = found.get(name, 0) + 1
    return [f"{name} ({number:,} series)" for name, number in sorted(found.items())]


def _new_code(one: SeriesReport) -> str:
    known = one.respondent in tables.respondents()
    return f"{one.respondent}/{one.kind}" if known else one.respondent


def _respondent(one: Silent) -> str:
    refused = f"; all {one.rejected:,} rows were refused" if one.rejected else ""
    return f"{one.route}/{one.respondent} ({_WORDS.get(one.expected_by, one.expected_by)}{refused})"


def _rowless(account: Account) -> list[SeriesReport]:
    return [one for one in account.series if not one.present + one.null]


def _series(one: SeriesReport) -> str:
    return f"{one.series_id} ({_WORDS.get(one.expected_by, one.expected_by)})"
