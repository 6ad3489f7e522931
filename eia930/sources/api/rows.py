# SPDX-License-Identifier: Apache-2.0
"""An answer's rows as columns, each row kept or refused with a reason.

Nothing here is a Python object a row: msgspec decodes to slots, numpy and Arrow do the rest, and only rows
that are refused are looked at one by one.
"""

from __future__ import annotations

import re
from functools import cache
from math import isfinite
from typing import Any, Literal

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from eia930.errors import Garbled
from eia930.question.window import Window
from eia930.reference.hours import parse_hour
from eia930.reference.routes import Route
from eia930.sources.columns import LARGEST, Columns, Hours, Refusal

KIND = re.compile(r"[A-Za-z0-9._-]{1,16}", re.ASCII)
"""What a code may look like; it enters series ids and, checked against this, file names."""
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def parse_rows(data: bytes, window: Window) -> Columns:
    """The `data` array of an answer to `window` → columns. Garbled if it is no array of objects."""
    try:
        rows = _decoder(window.source, window.respondent).decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _parse_slowly(data, window)
    fast = columns_of(rows, window)
    return fast if fast is not None else _parse_slowly(data, window)


@cache
def _decoder(route: Route, respondent: str) -> msgspec.json.Decoder[Any]:
    row: Any = row_type(route, respondent)
    return msgspec.json.Decoder(list[row])


@cache
def row_type(route: Route, respondent: str) -> type[Any]:
    """Typed slots named as the route names them; other members are skipped unread. Refuses what was not asked for."""
    names = {"respondent": route.respondent, "kind": route.kind, "unit": "value-units"}
    return msgspec.defstruct(
        "Row",
        [
            ("period", str),
            ("respondent", Literal[respondent]),
            ("kind", str),
            ("unit", Literal[route.unit]),
            ("value", str | int | float | None),
        ],
        rename=names,
        gc=False,
    )


def columns_of(rows: list[Any], window: Window) -> Columns | None:
    """Rows of the `row_type` as columns, where every one is as it should be; None where one is not."""
    hour = _hours([row.period for row in rows])
    value = _values([row.value for row in rows])
    kind = pa.array([row.kind for row in rows], pa.string()).dictionary_encode()
    kinds = tuple(kind.dictionary.to_pylist())
    if hour is None or value is None or any(_odd_kind(code, window) for code in kinds):
        return None
    if len(hour) and not (window.first <= hour.min() and hour.max() <= window.last):
        return None
    codes = kind.indices.to_numpy(zero_copy_only=False).astype(np.int32)
    return Columns(len(rows), hour, codes, kinds, value)


def _hours(periods: list[str]) -> Hours | None:
    # Several kinds share an hour: each is read once.
    every = pa.array(periods, pa.string()).dictionary_encode()
    text = every.dictionary
    # Arrow also reads `2023-01-01 00`, which the API never writes.
    formed = pc.and_(pc.equal(pc.utf8_length(text), 13), pc.equal(pc.utf8_slice_codeunits(text, 10, 11), "T"))
    if len(text) and not pc.all(formed).as_py():
        return None
    try:
        seconds = text.cast(pa.timestamp("s")).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        return None
    hours: Hours = seconds.astype("datetime64[h]").astype(np.int64)
    found: Hours = hours[every.indices.to_numpy()]
    return found


def _values(values: list[str | int | float | None]) -> NDArray[np.float64] | None:
    """Numbers as served (strings since 2024, numbers before); "" and null are NaN; None if one is neither."""
    try:
        array = pa.array(values)
        if pa.types.is_string(array.type):
            array = pc.if_else(pc.equal(array, ""), None, array)
        numbers = array.cast(pa.float64())
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        return None
    result: NDArray[np.float64] = numbers.to_numpy(zero_copy_only=False)
    odd = ~(np.abs(result) <= LARGEST)
    return None if int(odd.sum()) != numbers.null_count else result


def _parse_slowly(data: bytes, window: Window) -> Columns:
    """Row by row, for an answer that holds at least one row to refuse."""
    try:
        rows = msgspec.json.decode(data, type=list[msgspec.Raw])
    except (msgspec.DecodeError, RecursionError) as error:
        raise Garbled(f"{window.id}: the answer's data are no list of rows ({error})") from None
    kept: list[tuple[int, str, float]] = []
    refused: list[Refusal] = []
    for index, raw in enumerate(rows):
        found = _row(bytes(raw), window)
        if isinstance(found, str):
            refused.append(Refusal(index, bytes(raw).decode("utf-8", "replace"), found))
        else:
            kept.append(found)
    kinds = tuple(dict.fromkeys(kind for _, kind, _ in kept))
    place = {kind: code for code, kind in enumerate(kinds)}
    return Columns(
        len(rows),
        np.array([hour for hour, _, _ in kept], np.int64),
        np.array([place[kind] for _, kind, _ in kept], np.int32),
        kinds,
        np.array([value for _, _, value in kept], np.float64),
        tuple(refused),
    )


def _row(raw: bytes, window: Window) -> tuple[int, str, float] | str:
    """(hour, kind, value), or why not."""
    try:
        row = msgspec.json.decode(raw, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "the row is no JSON object"
    route = window.source
    for name in (route.respondent, "value-units", route.kind, "period", "value"):
        if name not in row:
            # Of `value` too: a row without the member that we asked for is no null.
            return f"{name} is not in the row"
    if row[route.respondent] != window.respondent:
        return f"{route.respondent} is not the one asked for"
    if row["value-units"] != route.unit:
        return f"value-units is not {route.unit}"
    kind, period = row[route.kind], row["period"]
    if not isinstance(kind, str) or (odd := _odd_kind(kind, window)):
        return f"{route.kind} {odd if isinstance(kind, str) else 'is no code'}"
    try:
        if not isinstance(period, str) or len(period) != 13:
            raise ValueError(period)
        hour = parse_hour(period)
    except ValueError:
        return "period is not YYYY-MM-DDTHH"
    if not window.first <= hour <= window.last:
        return "period lies outside the hours asked for"
    value = _value(row["value"])
    return value if isinstance(value, str) else (hour, kind, value)


def _odd_kind(kind: str, window: Window) -> str:
    """What is wrong with a code; empty if nothing."""
    if not KIND.fullmatch(kind):
        return "is no code"
    return "was not asked for" if window.asked and kind not in window.asked else ""


def _value(value: object) -> float | str:
    if value is None or value == "":
        return float("nan")
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "value is no number"
    try:
        number = float(value)
    except OverflowError:
        return "value is not finite"
    if not isfinite(number):
        return "value is not finite"
    return number if abs(number) <= LARGEST else "value is larger than 32 bits hold"
