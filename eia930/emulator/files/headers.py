# SPDX-License-Identifier: Apache-2.0
"""The headers that EIA's files have had, written down as they stand there, misprints included."""

from collections.abc import Mapping
from types import MappingProxyType

from eia930.emulator.files.quirks import Quirks
from eia930.reference.halves import FIRST_FUELS, Half

_KEYS = (
    "Balancing Authority",
    "Data Date",
    "Hour Number",
    "Local Time at End of Hour",
    "UTC Time at End of Hour",
)
TOTALS: Mapping[str, str] = MappingProxyType(
    {
        "DF": "Demand Forecast (MW)",
        "D": "Demand (MW)",
        "NG": "Net Generation (MW)",
        "TI": "Total Interchange (MW)",
    }
)
_NINE = {
    "COL": "Coal",
    "NG": "Natural Gas",
    "NUC": "Nuclear",
    "OIL": "All Petroleum Products",
    "WAT": "Hydropower and Pumped Storage",
    "SUN": "Solar",
    "WND": "Wind",
    "OTH": "Other Fuel Sources",
    "UNK": "Unknown Fuel Sources",
}
_SIXTEEN = {
    "COL": "Coal",
    "NG": "Natural Gas",
    "NUC": "Nuclear",
    "OIL": "All Petroleum Products",
    "WAT": "Hydropower Excluding Pumped Storage",
    "PS": "Pumped Storage",
    "SUN": "Solar without Integrated Battery Storage",
    "SNB": "Solar with Integrated Battery Storage",
    "WND": "Wind without Integrated Battery Storage",
    "WNB": "Wind with Integrated Battery Storage",
    "BAT": "Battery Storage",
    "OES": "Other Energy Storage",
    "UES": "Unknown Energy Storage",
    "GEO": "Geothermal",
    "OTH": "Other Fuel Sources",
    "UNK": "Unknown Fuel Sources",
}
_SIXTEEN_SINCE = Half(2024, 2)
_MISPRINTS = {
    "Net Generation (MW) from Solar with Integrated Battery Storage (Adjusted)": "Net Generation (MW) from "
    "Solar witho Integrated Battery Storage (Adjusted)",
    "Net Generation (MW) from Pumped Storage (Adjusted)": "Net Generation (MW) from Pumped Storage  (Adjusted)",
}
FLOWS = (
    "Balancing Authority",
    "Data Date",
    "Hour Number",
    "Directly Interconnected Balancing Authority",
    "Interchange (MW)",
    "Local Time at End of Hour",
    "UTC Time at End of Hour",
    "Region",
    "DIBA_Region",
)
PARTS = (
    "Balancing Authority",
    "Data Date",
    "Hour Number",
    "Sub-Region",
    "Demand (MW)",
    "Local Time at End of Hour",
    "UTC Time at End of Hour",
)


def fuels(half: Half) -> Mapping[str, str]:
    """The energy sources that a half's file reports, by code."""
    if half < FIRST_FUELS:
        return {}
    return _NINE if half < _SIXTEEN_SINCE else _SIXTEEN


def balance_header(half: Half, quirks: Quirks) -> tuple[tuple[str, str, str], ...]:
    """Columns between the keys and the region: (name, kind, sort); sort is reported, imputed, adjusted, sum or new.

    The kind of a fuel is `NG.` and its code.
    """
    totals = [(name, kind, "reported") for kind, name in TOTALS.items()]
    made = [(f"{TOTALS[kind]} ({word})", kind, word.lower()) for word in _WORDS for kind in ("D", "NG", "TI")]
    columns = [*totals, ("Sum(Valid DIBAs) (MW)", "TI", "sum"), *made, *_fuel_columns(half, quirks)]
    if quirks.new_imputed:
        columns.append(("Net Generation (MW) from Fusion (Imputed)", "", "new"))
    if quirks.new_reported:
        columns.append(("Net Generation (MW) from Fusion", "", "new"))
    if quirks.no_misprints:
        return tuple(columns)
    return tuple((_MISPRINTS.get(name, name), kind, sort) for name, kind, sort in columns)


_WORDS = ("Imputed", "Adjusted")


def _fuel_columns(half: Half, quirks: Quirks) -> list[tuple[str, str, str]]:
    reported = fuels(half)
    made = {code: name for code, name in reported.items() if code != "UNK"}
    if not quirks.old_headers or half >= _SIXTEEN_SINCE:
        made = {**made, "UNK": _SIXTEEN["UNK"]}
    if quirks.old_headers and half >= _SIXTEEN_SINCE:
        # 63: the two of the last source came with the release that added them to all halves.
        made.pop("UNK")
    name = "Net Generation (MW) from {}"
    columns = [(name.format(text), f"NG.{code}", "reported") for code, text in reported.items()]
    for word in _WORDS:
        columns += [(f"{name.format(text)} ({word})", f"NG.{code}", word.lower()) for code, text in made.items()]
    return columns


def whole(half: Half, quirks: Quirks) -> tuple[str, ...]:
    """The whole header of a BALANCE file."""
    return (*_KEYS, *(name for name, _, _ in balance_header(half, quirks)), "Region")
