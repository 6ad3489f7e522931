# SPDX-License-Identifier: Apache-2.0
"""The traps that readers of EIA's files have met, each with the rule that keeps us out of it."""

import csv
from pathlib import Path

import numpy as np
import pytest

from eia930.emulator.files.making import listed, made
from eia930.emulator.files.quirks import Quirks
from eia930.emulator.files.world import files_of, synthetic_files
from eia930.errors import EiaError, Garbled, Refused
from eia930.reference.halves import Half
from eia930.reference.hours import parse_hour
from tests.eia930.sources.files.drawing import HEADER, Cells, Drawn, bytes_of, cells_of, demand, first_hour, flow, read

EXCERPTS = Path(__file__).resolve().parents[5] / "shared" / "data" / "recorded" / "files"
H1_2022, H2_2025 = Half(2022, 1), Half(2025, 2)


def flows(*lines: bytes) -> bytes:
    return HEADER + b"".join(lines)


def refused(data: bytes, kind: str = "interchange", half: Half = H1_2022) -> EiaError:
    with pytest.raises((Garbled, Refused)) as caught:
        read(data, kind, half)
    said = str(caught.value)
    assert "\n" not in said
    assert f"EIA930_{kind.upper()}_{half.name}.csv" in said
    return caught.value


def test_1_a_page_where_a_file_should_be_and_an_empty_body_are_no_files() -> None:
    assert "HTML" in refused(b"\r\n<!DOCTYPE html>\n<html><title>Page not found</title></html>\n").what
    assert "HTML" in refused(b"<html>\n").what
    assert "empty" in refused(b"").what
    assert "header" in refused(b"x" * 9_000_000).what


def test_3_a_header_that_loses_or_renames_a_reported_column_stops_the_file() -> None:
    data = bytes_of(demand("PJM", H2_2025, [1.0]), "balance", H2_2025)
    assert "Demand (MW)" in refused(data.replace(b'"Demand (MW)"', b'"Load (MW)"'), "balance", H2_2025).what
    fusion = bytes_of(demand("PJM", H2_2025, [1.0]), "balance", H2_2025, Quirks(new_reported=True))
    assert "from Fusion" in refused(fusion, "balance", H2_2025).what
    gone = refused(flows(flow(7)).replace(b'"UTC Time at End of Hour"', b'"UTC Time"'))
    assert "UTC Time at End of Hour" in gone.what
    twice = refused(flows(flow(7)).replace(b'"Region"', b'"DIBA_Region"'))
    assert "twice" in twice.what


def test_3_an_unknown_estimate_is_named_and_not_read() -> None:
    parsed = read(
        bytes_of(demand("PJM", H2_2025, [1.0]), "balance", H2_2025, Quirks(new_imputed=True)), "balance", H2_2025
    )
    assert any("Fusion" in line for line in parsed.account.warnings)
    assert cells_of(parsed) == demand("PJM", H2_2025, [1.0])


def test_3_an_energy_source_that_a_header_lacks_is_named() -> None:
    data = bytes_of(demand("PJM", H2_2025, [1.0]), "balance", H2_2025)
    gone = data.replace(b"from Geothermal", b"from Coal X", 1).replace(b'"Net Generation (MW) from Coal X",', b"", 1)
    lines = [line.split(b",") for line in gone.splitlines()]
    place = data.splitlines()[0].split(b",").index(b'"Net Generation (MW) from Geothermal"')
    cut = b"\n".join([b",".join(lines[0]), *(b",".join(one[:place] + one[place + 1 :]) for one in lines[1:])]) + b"\n"
    assert "the header lacks energy source GEO" in read(cut, "balance", H2_2025).account.warnings


def test_4_solar_wind_and_hydro_go_on_under_their_new_names() -> None:
    for half in (Half(2024, 1), Half(2024, 2)):
        cells: Cells = {
            ("fuel-type-data", "PJM", kind, first_hour(half, "PJM")): 5.0 + place
            for place, kind in enumerate(("SUN", "WND", "WAT"))
        }
        assert cells_of(read(bytes_of(cells, "balance", half), "balance", half)) == cells


def test_5_a_column_that_is_empty_throughout_has_no_records_and_no_zeros() -> None:
    parsed = read(bytes_of(demand("PJM", H2_2025, [0.0]), "balance", H2_2025), "balance", H2_2025)
    assert cells_of(parsed) == demand("PJM", H2_2025, [0.0])
    assert list(parsed.groups) == [("region-data", "PJM")]


def test_6_the_misprinted_columns_are_the_ones_that_they_stand_for() -> None:
    at = first_hour(H2_2025, "CISO")
    cells: Cells = {
        ("fuel-type-data", "CISO", kind, at): value for kind, value in (("SNB", 11.0), ("SUN", 22.0), ("PS", 33.0))
    }
    data = bytes_of(cells, "balance", H2_2025)
    assert b"Solar witho Integrated Battery Storage (Adjusted)" in data
    assert b"Pumped Storage  (Adjusted)" in data
    data = data.replace(b'from Pumped Storage"', b'from Pumped Storage "')  # as one reader met the reported one
    records = read(data, "balance", H2_2025).groups["fuel-type-data", "CISO"]
    assert dict(zip((records.kinds[k] for k in records.kind), records.adjusted.tolist(), strict=True)) == {
        "SNB": 11.0,
        "SUN": 22.0,
        "PS": 33.0,
    }


def test_7_commas_part_thousands_only_where_they_do() -> None:
    parsed = read(
        flows(flow(7, '"1,060"'), flow(8, '"-12,345"'), flow(9, '"7"'), flow(10, '""')), "interchange", H1_2022
    )
    assert [value for _, value in sorted(cells_of(parsed).items())] == [1060.0, -12345.0, 7.0]
    for odd in ('"1,06"', '"1060,000"', '"-,060"', '"1,0600"', '"1,,060"'):
        parsed = read(flows(flow(7, odd), flow(8, '"1,060"')), "interchange", H1_2022)
        assert [value for _, value in sorted(cells_of(parsed).items())] == [1060.0]
        assert parsed.account.rejected == 1
        (refusal,) = parsed.refused["interchange-data", "AECI"]
        assert "is no number" in refusal.reason
    assert "quote" in refused(flows(flow(7, '"1'))).what


@pytest.mark.parametrize("beside", ["6", "6.5", "none"])
def test_7_a_negative_zero_is_zero_whatever_stands_beside_it(beside: str) -> None:
    parsed = read(flows(flow(7, "-0"), flow(8, beside)), "interchange", H1_2022)
    ((_, records),) = parsed.groups.items()
    assert not np.signbit(records.value[0])
    cells = demand("PJM", H2_2025, [7.0, 6.0])
    data = bytes_of(cells, "balance", H2_2025).replace(b",7,", b",-0,").replace(b",6,", f",{beside},".encode())
    assert not np.signbit(read(data, "balance", H2_2025).groups["region-data", "PJM"].value[0])


def test_8_lines_of_no_code_at_all_are_no_file() -> None:
    assert "can be codes" in refused(flows(flow(7, code="../x"), flow(8, other=""))).what


def test_8_codes_that_no_table_knows_are_loaded_and_named() -> None:
    cells = demand("ZZZZ", H2_2025, [5.0, 6.0])
    parsed = read(bytes_of(cells, "balance", H2_2025), "balance", H2_2025)
    assert cells_of(parsed) == cells
    assert any("ZZZZ" in line for line in parsed.account.warnings)
    parsed = read(flows(flow(7, other="WXYZ")), "interchange", H1_2022)
    assert ("interchange-data", "AECI", "WXYZ", parse_hour("2022-01-01T07")) in cells_of(parsed)
    assert any("WXYZ" in line for line in parsed.account.warnings)


@pytest.mark.parametrize("code", ["PJM", "ERCO", "PACE", "CISO", "AZPS", "MISO", "LGEE", "EPE"])
def test_9_two_halves_of_an_authority_meet_without_a_doubled_or_lost_hour(code: str) -> None:
    first, then = Half(2023, 2), Half(2024, 1)
    around = range(first_hour(then, code) - 30, first_hour(then, code) + 30)
    cells: Cells = {("region-data", code, "D", hour): float(hour) for hour in around}
    parts = [cells_of(read(bytes_of(cells, "balance", half), "balance", half)) for half in (first, then)]
    assert parts[0].keys().isdisjoint(parts[1])
    assert parts[0] | parts[1] == cells


def test_10_what_is_cut_is_no_file() -> None:
    whole = flows(*(flow(hour) for hour in range(7, 40)))
    for end in (10, len(HEADER) - 1, len(HEADER), len(HEADER) + 5, len(whole) - 30, len(whole) - 1):
        refused(whole[:end])
    assert "header" in refused(HEADER).what
    assert isinstance(refused(b"Service Unavailable\nagain\n"), Garbled)
    assert isinstance(refused(HEADER.replace(b"DIBA_Region", b"Flow (MW)")), Refused)


def test_10_a_line_of_another_width_and_a_byte_of_none_are_no_file() -> None:
    assert "width" in refused(flows(flow(7), flow(8)[:-1] + b",1\n")).what
    assert "width" in refused(flows(flow(7), b"AECI,01/01/2022\n")).what
    assert "NUL" in refused(flows(flow(7), b"AECI,\0\n")).what
    assert "UTF8" in refused(flows(flow(7).replace(b"AECI", b"\xff\xfe"))).what


def test_11_the_utc_column_ends_the_hour_whatever_the_local_one_says() -> None:
    line = b"AECI,12/31/1999,77,MISO,5,never,01/01/2022 7:00:00 AM,MIDW,MIDW\n"
    assert cells_of(read(flows(line), "interchange", H1_2022)) == {
        ("interchange-data", "AECI", "MISO", parse_hour("2022-01-01T07")): 5.0
    }


@pytest.mark.parametrize(
    "stamp",
    [
        "01/01/2022 7:00:00",
        "01/01/2022 13:00:00 AM",
        "01/01/2022 0:00:00 AM",
        "01/01/2022 7:30:00 AM",
        "02/30/2022 7:00:00 AM",
        "1/1/22 7:00",
        "2022-01-01T07:00:00+05",
        "2022-01-01",
        "",
    ],
)
def test_11_a_stamp_that_is_none_stops_the_file(stamp: str) -> None:
    line = flow(7).replace(b"01/01/2022 7:00:00 AM", stamp.encode())
    assert "stamp" in refused(flows(flow(8), line)).what


def test_11_noon_and_midnight_are_read_right() -> None:
    parsed = read(flows(flow(12), flow(24), flow(36)), "interchange", H1_2022)
    assert [key[3] - parse_hour("2022-01-01T00") for key in sorted(cells_of(parsed))] == [12, 24, 36]


def test_9_hours_of_another_half_under_this_name_stop_the_file() -> None:
    assert "outside" in refused(flows(flow(7).replace(b"/2022 7:", b"/2023 7:"))).what


def test_12_13_20_values_are_as_reported_and_the_adjusted_one_stands_beside() -> None:
    half = Half(2025, 1)
    path = EXCERPTS / "vizfootprint_BALANCE_2025_Jan_Jun_slice.csv"
    if not path.exists():
        pytest.skip("the recorded excerpts lie outside this checkout")
    parsed = read(path.read_bytes(), "balance", half)
    records = parsed.groups["region-data", "LGEE"]
    here = records.hour == parse_hour("2025-06-07T00")
    found = {
        records.kinds[k]: pair
        for k, *pair in zip(
            records.kind[here].tolist(), records.value[here].tolist(), records.adjusted[here].tolist(), strict=True
        )
    }
    assert found["D"] == [10247.0, 4776.0]
    assert found["NG"] == [10528.0, 10528.0]
    assert found["TI"] == [281.0, 281.0]
    assert found["DF"][0] == 4776.0
    assert np.isnan(found["DF"][1])
    assert cells_of(parsed)["region-data", "EPE", "TI", parse_hour("2025-06-04T20")] == -401.0


def test_14_17_who_reports_nothing_yet_has_no_records_there() -> None:
    at = first_hour(Half(2018, 2), "AVRN")
    cells: Cells = {("region-data", "AVRN", "NG", at + 800): 9.0, ("fuel-type-data", "AVRN", "WND", at + 900): 9.0}
    parsed = read(bytes_of(cells, "balance", Half(2018, 2)), "balance", Half(2018, 2))
    assert cells_of(parsed) == cells
    assert parsed.account.received == 2


def test_16_19_hours_that_are_absent_stay_so_and_repeated_days_stay_too() -> None:
    half, at = Half(2019, 1), first_hour(Half(2019, 1), "SWPP")
    hours = (*range(24), *range(48, 96))
    cells: Cells = {("region-sub-ba-data", "SWPP", "CSWS", at + hour): float(hour % 24) for hour in hours}
    assert cells_of(read(bytes_of(cells, "subregion", half), "subregion", half)) == cells


def test_18_a_link_that_never_reports_has_no_series() -> None:
    parsed = read(flows(flow(7, other="SPA"), flow(7, ""), flow(8, "")), "interchange", H1_2022)
    assert list(cells_of(parsed)) == [("interchange-data", "AECI", "SPA", parse_hour("2022-01-01T07"))]
    assert (parsed.account.rows, parsed.account.received) == (3, 1)


def test_21_na_is_a_code_and_leading_zeros_stay() -> None:
    parsed = read(flows(flow(7, other="NA")), "interchange", H1_2022)
    assert list(cells_of(parsed)) == [("interchange-data", "AECI", "NA", parse_hour("2022-01-01T07"))]
    half, at = Half(2019, 1), first_hour(Half(2019, 1), "MISO")
    cells: Cells = {("region-sub-ba-data", "MISO", code, at): 3.0 for code in ("0001", "0027")}
    for how in (Quirks(), Quirks(bare_codes=True)):
        data = bytes_of(cells, "subregion", half, how)
        assert (b",0001," in data) is not how.bare_codes
        assert cells_of(read(data, "subregion", half)) == cells
    strange: Cells = {("region-sub-ba-data", "MISO", "0x9b", at): 3.0}
    parsed = read(bytes_of(strange, "subregion", half), "subregion", half)
    assert cells_of(parsed) == strange
    assert any("0x9b" in line for line in parsed.account.warnings)


def test_22_a_number_in_quotes_is_a_number_and_a_word_is_none() -> None:
    words = ("n/a", "NA", "nan", "inf", "-", "1 060", "1.060,5", "0x10", "null", "1e39", f"-{'9' * 50}")
    lines = [flow(hour, f'"{word}"') for hour, word in enumerate(words, 8)]
    parsed = read(flows(flow(7, '"-642"'), *lines), "interchange", H1_2022)
    assert list(cells_of(parsed).values()) == [-642.0]
    account = parsed.account
    assert (account.received, account.kept, account.rejected) == (len(words) + 1, 1, len(words))
    refusals = parsed.refused["interchange-data", "AECI"]
    assert [refusal.index for refusal in refusals] == list(range(1, len(words) + 1))
    assert "n/a" in refusals[0].row


def test_a_line_whose_key_is_no_code_is_refused_by_its_cells() -> None:
    lines = flows(flow(7), flow(8, code="../x"), flow(9, other=""), flow(10, "", other=""))
    parsed = read(lines, "interchange", H1_2022)
    account = parsed.account
    assert (account.received, account.kept, account.rejected) == (3, 1, 2)
    assert [refusal.index for refusal in parsed.refused["interchange-data", ""]] == [1, 2]


def test_a_cell_that_is_there_twice_counts_as_a_duplicate() -> None:
    parsed = read(flows(flow(7, "1"), flow(8, "2"), flow(7, "3")), "interchange", H1_2022)
    account = parsed.account
    assert (account.received, account.kept, account.duplicate) == (3, 2, 1)
    cells = demand("PJM", H2_2025, [1.0, 2.0])
    parsed = read(bytes_of(cells, "balance", H2_2025, Quirks(repeat=4417)), "balance", H2_2025)
    assert (parsed.account.received, parsed.account.kept, parsed.account.duplicate) == (4, 2, 2)


def test_authorities_in_any_order_come_out_alike() -> None:
    cells = demand("PJM", H2_2025, [1.0, 2.0]) | demand("AECI", H2_2025, [3.0])
    lines = bytes_of(cells, "balance", H2_2025).splitlines(keepends=True)
    mixed = b"".join([lines[0], *lines[:0:-1]])
    assert cells_of(read(mixed, "balance", H2_2025)) == cells


def test_files_of_the_synthetic_record_hold_what_its_api_serves() -> None:
    """The tail with forecasts alone, and lines past the half's end, included."""
    now = parse_hour("2025-09-30")
    world = synthetic_files(now=now)
    half = Half(2025, 2)
    parsed = read(made(world, "BALANCE", half, Quirks(forecast_tail=True)), "balance", half)
    assert parsed.account.received == parsed.account.kept > 500_000


def test_replayed_rows_are_served_as_files() -> None:
    cells = demand("PJM", H1_2022, [3.0, 4.0])
    world = files_of(Drawn(cells, H1_2022.hours()[1] + 100))
    assert ("BALANCE", H1_2022) in listed(world)
    assert cells_of(read(made(world, "BALANCE", H1_2022, Quirks()), "balance", H1_2022)) == cells


def test_what_eia_puts_in_a_half_of_which_nothing_was_reported_is_read() -> None:
    """Of a kind whose column is empty all through, too; a column of zeros beside it is nobody's figure."""
    half = Half(2020, 1)
    data = bytes_of(demand("PJM", half, [5.0] * 4), "balance", half)
    header, *lines = data.decode().splitlines()
    names = next(csv.reader([header]))
    places = {name: names.index(name) for name in ("Demand (MW)", "Demand (MW) (Adjusted)")}
    zeros = names.index("Net Generation (MW) (Adjusted)")
    made = [header]
    for number, line in enumerate(lines):
        cells = line.split(",")
        cells[places["Demand (MW)"]], cells[places["Demand (MW) (Adjusted)"]] = "", str(100 + number)
        cells[zeros] = "0"
        made.append(",".join(cells))
    records = read("\n".join([*made, ""]).encode(), "balance", half).groups["region-data", "PJM"]
    assert (records.kinds, len(records.value)) == (("D",), 0)
    first = first_hour(half, "PJM")
    assert records.filled.hour[:4].tolist() == [first, first + 1, first + 2, first + 3]
    assert records.filled.value[:4].tolist() == [100, 101, 102, 103]
