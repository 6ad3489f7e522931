# SPDX-License-Identifier: Apache-2.0
"""What the codes mean, on a terminal and on the page: every code is there, nothing is wider than 80 columns."""

from pathlib import Path

import pytest

from eia930.reference.listing import Section, sections
from eia930.reference.respondents import respondents
from eia930.reference.routes import FUEL, REGION, SUBREGION
from pipelines.codes import WIDTH, as_text, main

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_is_what_the_tables_say(capsys: pytest.CaptureFixture[str]) -> None:
    """Where it is not: `python -m pipelines.codes --markdown > docs/codes.md`."""
    assert main(["--markdown"]) == 0
    assert capsys.readouterr().out == (ROOT / "docs" / "codes.md").read_text("utf-8")


def test_everything_is_told_in_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= WIDTH
    codes = {line.split()[0] for line in lines if line.strip()}
    assert codes >= {*respondents(), *FUEL.kinds(), *REGION.kinds()}
    assert codes >= {f"{parent}/{kind}" for parent in SUBREGION.served() for kind in SUBREGION.expected(parent)}


@pytest.mark.parametrize("section", sections(), ids=lambda section: section.title)
def test_no_word_is_lost_where_a_column_is_narrow(section: Section) -> None:
    told = "\n".join(as_text([section]))
    for row in section.rows:
        assert all(word in told for cell in row for word in cell.split())


def told(capsys: pytest.CaptureFixture[str], word: str) -> list[list[str]]:
    """The rows that a word names, as their first two words."""
    assert main([word]) == 0
    return [line.split() for line in capsys.readouterr().out.splitlines() if line and line[0] != " "]


@pytest.mark.parametrize(
    ("word", "codes"),
    [
        ("CAL", {"CAL", "CISO", "BANC"}),  # the region, and whose names begin like it
        ("tex", {"TEX", "ERCO"}),
        ("texas", {"TEX", "ERCO"}),
        ("solar", {"SUN", "SNB"}),
        ("4001", {"ISNE/4001"}),
        ("gallup", {"PNM/CYGA"}),
        ("hydro-quebec", {"HQT"}),
        ("EBA.CISO-ALL.NG.SUN.H", {"CISO", "SUN"}),
        ("EBA.PACW-BPAT.ID.H", {"PACW", "BPAT"}),
    ],
)
def test_a_word_finds_codes_and_names(word: str, codes: set[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert codes <= {row[0] for row in told(capsys, word)}


def test_two_things_of_one_code_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    rows = told(capsys, "NG")
    assert [" ".join(row[:3]) for row in rows if row[:1] == ["NG"] and row[1] in ("Net", "Natural")] == [
        "NG Net generation",
        "NG Natural Gas",
    ]


@pytest.mark.parametrize(
    ("code", "spans"),
    [
        ("OVEC", ["2015-07", "–", "2018-11"]),  # ended before the API's first hour
        ("NSB", ["2015-07", "2019-01", "2020-01"]),
        ("SIKE", ["2025-06", "2025-06", "now"]),
        ("US48", ["–", "2019-01", "now"]),  # no sums in the files
    ],
)
def test_what_files_and_api_have(code: str, spans: list[str]) -> None:
    (row,) = [row for section in sections()[:3] for row in section.rows if row[0] == code]
    assert list(row[-3:]) == spans


@pytest.mark.parametrize(("word", "hint"), [("PACQ", "did you mean PAC"), ("qqqqq", "leave the word out")])
def test_a_word_that_names_nothing_is_one_line(word: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([word]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert f"no code or name like '{word}'" in line
    assert hint in line


def test_a_series_name_is_told_by_its_parts_alone(capsys: pytest.CaptureFixture[str]) -> None:
    rows = told(capsys, "EBA.CISO-PGAE.D.H")
    assert [row[0] for row in rows if row[0].isupper()] == ["AUTHORITIES", "CISO", "SUB-REGIONS", "CISO/PGAE"]


def test_words_are_one_name_and_none_is_passed_over(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "york"]) == 0
    assert "NYIS" in capsys.readouterr().out
    assert main(["SUN", "WND"]) == 2
    assert "no code or name like 'SUN WND'" in capsys.readouterr().err


def test_a_word_beside_the_whole_page_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--markdown", "CAL"]) == 2
    out, err = capsys.readouterr()
    assert (out, err) == ("", "error: --markdown is the whole page: leave 'CAL' or the flag out\n")
