# SPDX-License-Identifier: Apache-2.0
"""How large each synthetic authority is, and what it generates from."""

from eia930.emulator.faults import uniform
from eia930.reference.hours import parse_hour
from eia930.reference.respondents import fuels, members, respondents

# Median demand in MWh as reported 2015-2020, two digits; the others draw 150 to 2,400 (40 to 320 without load).
_SIZES = {
    "AEC": 480, "AECI": 2300, "AVA": 1400, "AZPS": 3200, "BANC": 1900, "BPAT": 6200, "CHPD": 200,
    "CISO": 25000, "CPLE": 6600, "CPLW": 560, "DOPD": 180, "DUK": 11000, "EPE": 890, "ERCO": 39000,
    "FMPP": 2000, "FPC": 5700, "FPL": 14000, "GCPD": 580, "GVL": 220, "HST": 62, "IID": 350, "IPCO": 1900,
    "ISNE": 14000, "JEA": 1400, "LDWP": 3100, "LGEE": 3900, "MISO": 73000, "NEVP": 3800, "NSB": 46,
    "NWMT": 1300, "NYIS": 18000, "OVEC": 64, "PACE": 5400, "PACW": 2300, "PGE": 2300, "PJM": 88000,
    "PNM": 1500, "PSCO": 5000, "PSEI": 3400, "SC": 2700, "SCEG": 2600, "SCL": 1100, "SEC": 130,
    "SOCO": 25000, "SPA": 71, "SRP": 3000, "SWPP": 29000, "TAL": 300, "TEC": 2300, "TEPC": 1500,
    "TIDC": 280, "TPWR": 540, "TVA": 17000, "WACM": 2800, "WALC": 1000, "WAUW": 90,
}  # fmt: skip
SHARES = {"NUC": 0.22, "COL": 0.2, "WAT": 0.18, "WND": 0.14, "SUN": 0.3, "GEO": 0.03, "OIL": 0.004, "OTH": 0.02}
BALANCE = ("NG", "COL", "WAT", "NUC", "WND", "OTH", "OIL", "SUN", "UNK")
NEW_FUELS = parse_hour("2024-07-01T08")
"""The hour from which batteries, pumped storage and geothermal plants report by themselves: by then every authority's
second half of 2024 has begun, whose file is the first that has columns for them."""
NEW = {
    "BAT": ("AZPS", "CISO", "ERCO", "IPCO", "ISNE", "NEVP", "NYIS", "PJM", "PNM", "SRP", "SWPP"),
    "PS": ("CISO", "DUK", "ISNE", "MISO", "NYIS", "PJM", "SOCO", "TVA"),
    "GEO": ("CISO", "IID", "NEVP", "PACE"),
}


def kinds_of_fuel(code: str) -> tuple[str, ...]:
    """The energy sources of an authority, a region or the nation, those of 2024 included."""
    new = {fuel for part in parts(code) for fuel, codes in NEW.items() if part in codes}
    # Who came too late for the table reports what every authority has.
    return tuple(sorted({fuel for part in parts(code) for fuel in fuels().get(part, ("NG",))} | new))


def parts(code: str) -> tuple[str, ...]:
    """The authorities that a code sums over."""
    return members().get(code, (code,))


def size(code: str) -> float:
    """Usual demand (or output) of an authority in MW."""
    draw = uniform(f"{code}/size")
    return float(_SIZES.get(code, round(40 * 8**draw if respondents()[code].generation_only else 150 * 16**draw)))
