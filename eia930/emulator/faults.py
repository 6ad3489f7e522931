# SPDX-License-Identifier: Apache-2.0
"""What may go wrong, and by how much: every fault that clients of the API have met, and some they should expect.

A fault with probability p is drawn for every request anew, from the seed, the request and how often it was sent,
so that a run repeats itself whatever the threads do, and a request sent again may pass.
"""

import hashlib
from dataclasses import dataclass, field, fields
from typing import Any


def _fault(help_text: str, default: Any = 0.0) -> Any:
    return field(default=default, metadata={"help": help_text})


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """Faults of the emulator; none by default. Fields `p_…` are probabilities per request."""

    p_503: float = _fault("probability of 503 with an HTML body")
    p_500: float = _fault("probability of 500 with a JSON error body")
    p_502: float = _fault("probability of 502 with an empty body")
    p_429: float = _fault("probability of 429 from the gateway")
    retry_after: float = _fault("seconds that a 429 states as Retry-After; 0 states none")
    p_timeout: float = _fault("probability of a stall before the first byte")
    p_stall: float = _fault("probability of a stall in the middle of the body")
    stall_seconds: float = _fault("length of a stall", 90.0)
    p_reset: float = _fault("probability of a connection reset before the answer")
    p_cut: float = _fault("probability of a body shorter than its Content-Length")
    p_html: float = _fault("probability of 200 with an HTML page")
    p_error_200: float = _fault("probability of 200 with an error object")
    p_bad_json: float = _fault("probability of 200 with JSON cut in the middle, its length right")
    p_redirect: float = _fault("probability of 302 to another host")
    redirect_to: str = _fault("where a redirect points", "http://elsewhere.invalid")
    p_total_changes: float = _fault("probability of a total some rows higher than the truth")
    p_total_wrong: float = _fault("probability of a row left out while the total stays")
    p_duplicates: float = _fault("probability of rows repeated, in an answer that holds the whole result")
    p_case_duplicates: float = _fault("the same, the type name of the repetition in other letter case")
    p_bad_unit: float = _fault("probability of a row in another unit")
    p_lacks_value: float = _fault("probability of a row without its member `value`")
    p_renamed: float = _fault("probability of all rows with `val` for `value`")
    p_other_unit: float = _fault("probability of all rows in `MWh`")
    p_other_key: float = _fault("probability of all rows with `kind` for the key of the route")
    p_other_period: float = _fault("probability of all periods as `2019-01-01 00:00`")
    p_huge: float = _fault("probability of an endless body")
    p_bomb: float = _fault("probability of a small gzip body that unpacks to an endless one")
    huge_bytes: int = _fault("length of an endless body", 1 << 29)
    p_slow_drip: float = _fault("probability of a body sent a few bytes at a time")
    drip_seconds: float = _fault("pause between the drops of a slow body", 0.5)
    unstable_order: bool = _fault("rows that the sort leaves equal come in another order each time", False)
    first_only: bool = _fault("of several respondents that a request names, the first one's rows alone", False)
    ints: bool = _fault("values and totals as JSON numbers, as before version 2.1.6", False)
    empty_values: bool = _fault('a missing value as "", not null', False)
    new_codes: bool = _fault("a series of a kind that no table knows, one row a day", False)
    name_case: bool = _fault("type names change letter case from answer to answer", False)
    key_suspended: float = _fault("seconds of 403 for a key that asks too fast; 0 never suspends")
    suspend_per_second: int = _fault("most requests in a second before suspension", 5)
    suspend_per_hour: int = _fault("most requests in an hour before suspension", 9000)
    key_refused_after: int = _fault("requests after which the key is refused for good; 0 never", 0)
    fail_windows: tuple[str, ...] = _fault("RESPONDENT:YYYY-MM-DDTHH whose requests always answer 503", ())

    def __post_init__(self) -> None:
        """ValueError for a probability that is none."""
        for name in STRIKES:
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}; a probability lies between 0 and 1")


# One of these at most strikes a request; the order says which, where several are drawn.
STRIKES = tuple(f.name for f in fields(Faults) if f.name.startswith("p_"))


def drawn(faults: Faults, *, seed: int, request: str, attempt: int) -> str | None:
    """The fault, by field name, that strikes this request when sent for the `attempt`-th time; None for none."""
    for name in STRIKES:
        chance = getattr(faults, name)
        if chance > 0 and uniform(f"{seed}|{name}|{attempt}|{request}") < chance:
            return name
    return None


def uniform(text: str) -> float:
    """A number in [0, 1) that only `text` decides."""
    return number(text) / 2**64


def number(text: str) -> int:
    """64 bits that only `text` decides."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
