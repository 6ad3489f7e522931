# SPDX-License-Identifier: Apache-2.0
"""EIA's workbook against our tables: one made of our own rows agrees, and each change of a cell is a line."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from eia930.errors import UsageError
from eia930.reference.respondents import neighbours, respondents, table
from eia930.reference.routes import FUEL
from eia930.reference.workbook.compare import of_workbook
from eia930.reference.workbook.sheets import day, read_workbook
from pipelines import reference

HEADINGS = (
    *("BA Code", "BA Name", "Time Zone", "Region/Country Code", "Region/Country Name", "Generation Only BA"),
    *("Demand by BA Subregion", "U.S. BA", "Active BA", "Activation Date", "Retirement Date"),
)
ZONES = {"Etc/GMT+5": "Eastern", "America/New_York": "Eastern", "America/Chicago": "Central"}
WEST = {"America/Denver": "Mountain", "America/Phoenix": "Arizona", "America/Los_Angeles": "Pacific"}
Sheets = dict[str, list[list[Any]]]


def as_ours() -> Sheets:
    """A workbook that says what the tables say, some of it in other words."""
    sheets: Sheets = {"BAs": [["As of 2026-09"], list(HEADINGS)]}
    for row in table("respondents"):
        if row["kind"] in ("authority", "foreign"):
            zone = (ZONES | WEST).get(row["reporting_zone"], "Elsewhere")
            days = [_date(row["first"]), _date(row["last"])]
            only = row["generation_only"].title()
            sheets["BAs"].append([row["code"], row["name"], zone, row["region"], "", only, "No", "Yes", "Yes", *days])
    sheets["BA Subregions"] = [["BA Code", "BA Name", "BA Subregion Code\n(as in files)", "BA Subregion Name"]]
    sheets["BA Subregions"] += [[row["parent"], "", row["subba"], row["name"]] for row in table("subregions")]
    sheets["BA Connections"] = [["BA Code", "BA Name", "Directly Interconnected BA Code"]]
    # Every pair once.
    pairs = {tuple(sorted((code, other))) for code, others in neighbours().items() for other in others}
    sheets["BA Connections"] += [[code, "", other] for code, other in sorted(pairs)]
    sheets["Energy Sources"] = [["Energy Source Code", "Energy Source"], *([code, "x"] for code in FUEL.names())]
    return sheets


def _date(text: str) -> datetime | str:
    """A day as a date, an hour as American text."""
    if not text:
        return ""
    when = datetime.fromisoformat(text[:10])
    return f"{when.month}/{when.day}/{when.year}" if "T" in text else when


def written(sheets: Sheets, path: Path) -> str:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return str(path)


def differences(sheets: Sheets, path: Path) -> list[str]:
    return list(of_workbook(read_workbook(written(sheets, path))))


def test_a_workbook_that_says_the_same_changes_nothing(tmp_path: Path) -> None:
    assert differences(as_ours(), tmp_path / "book.xlsx") == []


def _row(sheets: Sheets, sheet: str, *codes: str) -> list[Any]:
    return next(row for row in sheets[sheet] if set(codes) <= set(row))


def change(sheet: str, code: str, column: str, to: Any) -> Callable[[Sheets], None]:
    def changed(sheets: Sheets) -> None:
        _row(sheets, sheet, code)[HEADINGS.index(column)] = to

    return changed


def add(sheet: str, *row: Any) -> Callable[[Sheets], None]:
    return lambda sheets: sheets[sheet].append(list(row))


def drop(sheet: str, *codes: str) -> Callable[[Sheets], None]:
    return lambda sheets: sheets[sheet].remove(_row(sheets, sheet, *codes))


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (
            add("BAs", "XNEW", "New Power", *[""] * 7, "1/2/2027"),
            "add XNEW (New Power), since 2027-01-02",
        ),
        (drop("BAs", "PACW"), "respondents.csv: PACW is no authority of the workbook"),
        (
            change("BAs", "PACW", "Time Zone", "Central"),
            "America/Los_Angeles; the workbook says Central",
        ),
        (change("BAs", "PACW", "Region/Country Code", "SW"), "respondents.csv: PACW: region NW; the workbook says SW"),
        (change("BAs", "PACW", "Generation Only BA", "Yes"), "PACW: generation_only no; the workbook says yes"),
        (change("BAs", "PACW", "Retirement Date", "7/1/2026"), "PACW: last empty; the workbook says 2026-07-01"),
        (
            change("BAs", "OVEC", "Retirement Date", datetime(2020, 1, 9)),
            "last 2018-12-01T05; the workbook says 2020-01-09",
        ),
        (change("BAs", "PACW", "Retirement Date", "soon"), "the workbook's Retirement Date 'soon' is no date"),
        (add("BA Subregions", "PNM", "", "XSUB", "New"), "subregions.csv: add PNM,XSUB (New)"),
        (drop("BA Subregions", "BHBA", "BASI"), "subregions.csv: BHBA,BASI is not in the workbook"),
        (add("BA Connections", "PACW", "", "ERCO"), "neighbours.csv: add PACW,ERCO"),
        (drop("BA Connections", "PACW", "BPAT"), "neighbours.csv: BPAT,PACW is not in the workbook"),
        (add("Energy Sources", "H2", "Hydrogen"), "energy_sources.csv: add H2"),
        (drop("Energy Sources", "SUN"), "energy_sources.csv: SUN is not in the workbook"),
        (
            lambda sheets: sheets.pop("Energy Sources"),
            "Energy Sources has not one column of codes, but nothing",
        ),
        (lambda sheets: sheets["BA Connections"].pop(0), "BA Connections has not two columns of codes"),
    ],
)
def test_each_change_is_a_line_that_names_the_row(spoil: Callable[[Sheets], object], line: str, tmp_path: Path) -> None:
    sheets = as_ours()
    spoil(sheets)
    found = differences(sheets, tmp_path / "book.xlsx")
    assert any(line in one for one in found), found
    assert len(found) <= 2


def test_days_in_any_of_their_spellings() -> None:
    assert [day(text) for text in ("2021-09-01", "9/1/2021", "09/01/21", "", "n/a")] == [*["2021-09-01"] * 3, "", ""]


def test_the_command_tells_them_and_exits_by_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheets = as_ours()
    path = written(sheets, tmp_path / "book.xlsx")
    assert reference.main(["--check", f"--workbook={path}"]) == 0
    add("BAs", "XNEW", "New Power")(sheets)
    assert reference.main(["--check", f"--workbook={written(sheets, tmp_path / 'new.xlsx')}"]) == 1
    assert "XNEW" in capsys.readouterr().out


@pytest.mark.parametrize("content", [None, b"", b"no workbook", b"PK\x03\x04 cut"])
def test_what_is_no_workbook_is_one_line(
    content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "book.xlsx"
    if content is not None:
        path.write_bytes(content)
    assert reference.main(["--check", f"--workbook={path}"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_workbook_of_something_else_is_one_line(tmp_path: Path) -> None:
    path = written({"Prices": [["BA Code", "Price"], ["PACW", 7]]}, tmp_path / "book.xlsx")
    with pytest.raises(UsageError, match="it has no sheet BAs, but Prices"):
        read_workbook(path)
    assert respondents()
