# SPDX-License-Identifier: Apache-2.0
"""The page: its figures are those of report.json, it asks nobody for anything, and what data say stays text."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from eia930.account.stored import INDEX, encoded, read_account
from eia930.reference.hours import moment_of, stamp
from eia930.reference.routes import ROUTES
from eia930.report.build import write_page
from eia930.report.reading.frame import Frame
from eia930.store.storage import Storage
from tests.eia930.report.folder import FIRST, HOURS, two_regions, wave, write_folder
from tests.eia930.report.reading import PageReader, at, says

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture(scope="session")
def html(built: Path) -> str:
    return (built / INDEX).read_text("utf-8")


def test_every_figure_is_that_of_report_json(built: Path, html: str) -> None:
    report = json.loads((built / "report/report.json").read_text("utf-8"))
    figures = PageReader(html).figures
    wrong = [(path, text) for path, text in figures if not says(text, at(report, path), path)]
    assert not wrong
    assert {"rows.received", "hours.asked", "quality.flagged", "rate.records_per_second"} <= {
        path for path, _ in figures
    }
    for list_of in ("series", "failures", "checks", "quality.kinds", "quality.worst", "quality.types"):
        assert any(path.startswith(f"{list_of}.0.") for path, _ in figures), list_of


def test_a_figure_that_differs_is_noticed(built: Path, html: str) -> None:
    report = json.loads((built / "report/report.json").read_text("utf-8"))
    report["rows"]["kept"] += 1
    assert {path for path, text in PageReader(html).figures if not says(text, at(report, path), path)} == {"rows.kept"}


@pytest.mark.parametrize(
    ("value", "text"),
    [(151687.7, "152,000"), (8123.4, "8,120"), (999.6, "1,000"), (185.2, "185"), (1.7489, "1.75"), (0.0, "0")],
)
def test_a_speed_has_three_digits_on_the_page_and_all_in_the_account(tmp_path: Path, value: float, text: str) -> None:
    names = ("records_per_second", "requests_per_second", "seconds")
    write_folder(tmp_path, change=lambda report: report["rate"].update(dict.fromkeys(names, value)))
    write_page(Storage.at(str(tmp_path)))
    figures = dict(PageReader((tmp_path / INDEX).read_text("utf-8")).figures)
    account = json.loads((tmp_path / "report/report.json").read_text("utf-8"))["rate"]
    assert {name: (figures[f"rate.{name}"], account[name]) for name in names} == dict.fromkeys(names, (text, value))


def test_no_figure_stands_outside_of_the_account(html: str) -> None:
    loose = " ".join(PageReader(html).loose)
    for name in ("Form EIA-930", "SHA-256"):
        loose = loose.replace(name, "")
    assert re.findall(r"\d[\d,.]*", loose) == []


def test_the_account_stands_beside_the_page_with_what_the_page_adds(built: Path, tmp_path: Path) -> None:
    """At the root it stays as the load wrote it, to the byte."""
    root = (built / "report.json").read_bytes()
    assert root == (write_folder(tmp_path / "unseen") / "report.json").read_bytes()
    shown = json.loads((built / "report/report.json").read_text("utf-8"))
    with_nothing_absent = json.loads(encoded(read_account(Storage.at(str(built)))))
    assert {name: told for name, told in shown.items() if name != "quality"} == with_nothing_absent
    assert shown["quality"]["verdict"]


def test_nothing_is_asked_of_anybody(html: str) -> None:
    for tag, attributes in PageReader(html).tags:
        assert tag not in {"link", "iframe", "object", "embed", "base", "form"}
        assert not attributes.get("src")
        assert (attributes.get("href") or "#").startswith("#")
        assert not any(name.startswith("on") for name in attributes)
    styles = " ".join(re.findall(r"<style>(.*?)</style>", html, re.DOTALL))
    assert "@import" not in styles
    assert "url(" not in styles
    assert "default-src 'none'" in html


def test_links_lead_somewhere(html: str) -> None:
    tags = PageReader(html).tags
    ids = {attributes["id"] for _, attributes in tags if attributes.get("id")}
    links = {attributes["href"] for tag, attributes in tags if tag == "a"}
    assert links
    assert {f"#{name}" for name in ids} >= links


def test_every_drawing_has_a_title(html: str) -> None:
    drawings = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    assert len(drawings) >= 10
    assert all("<title>" in drawing for drawing in drawings)


def test_the_licence_of_uplot_travels_along(html: str) -> None:
    assert "Permission is hereby granted, free of charge" in html
    assert "Copyright (c) 2022 Leon Sorokin" in html


def test_same_folder_same_bytes(built: Path, tmp_path: Path) -> None:
    shutil.copytree(built, tmp_path / "copy")
    write_page(Storage.at(str(tmp_path / "copy")))
    for name in (INDEX, "report.json", "report/report.json"):
        assert (tmp_path / "copy" / name).read_bytes() == (built / name).read_bytes()


def test_real_data_are_not_called_synthetic(html: str) -> None:
    assert "ynthetic data" not in html.split("<body")[1].split("<script>")[0]


def test_synthetic_data_are_called_so_loudly(tmp_path: Path) -> None:
    write_page(Storage.at(str(write_folder(tmp_path, source="emulator"))))
    html = (tmp_path / INDEX).read_text("utf-8")
    assert "<title>SYNTHETIC DATA" in html
    assert '<body class="synthetic">' in html
    assert 'role="alert"' in html
    assert json.loads((tmp_path / "report/report.json").read_text())["quality"]["synthetic"] is True


def test_markup_in_data_stays_text(tmp_path: Path) -> None:
    def spoil(report: dict[str, Any]) -> None:
        report["failures"] = [{"request": EVIL, "reason": EVIL, "remedy": EVIL}]
        report["imbalances"] = [EVIL]
        report["rate"]["faults"] = {EVIL: 3}
        for name in ("name", "what", "tolerance"):
            report["checks"][0][name] = EVIL
        report["checks"][0]["worst"][0]["series_id"] = EVIL
        for one in report["series"]:
            one["flags"] = {EVIL: one["flagged"]} if one["flagged"] else {}

    write_folder(tmp_path, change=spoil, name=lambda route, code, kind: f"EBA.{code}-ALL.{kind}.H{EVIL}")
    write_page(Storage.at(str(tmp_path)))
    html = (tmp_path / INDEX).read_text("utf-8")
    assert "&lt;script&gt;alert(1)" in html
    assert "<script>alert" not in html
    assert "<img" not in html
    assert not any(name.startswith("on") for _, attributes in PageReader(html).tags for name in attributes)


def test_five_regions_of_eleven_years_fit(tmp_path: Path) -> None:
    hours = 24 * 365 * 11
    series = {("region-data", code, "D"): wave(9000, hours) for code in ("PACW", "ERCO", "CAL", "TEX", "MISO")}
    assert write_page(Storage.at(str(write_folder(tmp_path, series)))) < 5_000_000


def test_a_page_without_flags_checks_or_requests(tmp_path: Path) -> None:
    def quiet(report: dict[str, Any]) -> None:
        report["checks"] = []
        report["failures"] = []
        report["requests"]["sent"] = 0
        report["rate"] = dict.fromkeys(report["rate"]) | {"seconds": 0.0, "faults": {}, "per_minute": {}}

    write_folder(tmp_path, {("region-data", "ERCO", "D"): wave(40000)}, change=quiet)
    write_page(Storage.at(str(tmp_path)))
    html = (tmp_path / INDEX).read_text("utf-8")
    for said in ("No hour carries a flag", "No cross-check was run", "Nothing had to be asked", "No request failed"):
        assert said in html


def test_hours_that_a_coverage_file_left_out_are_told_of(built: Path, html: str, tmp_path: Path) -> None:
    passed = [{"series_id": "EBA.PACW-ALL.TI.H", "hours": 9600}, {"series_id": "EBA.SEPA-ALL.NG.H", "hours": 744}]
    write_folder(tmp_path, change=lambda report: report.update(passed_over=passed))
    write_page(Storage.at(str(tmp_path)))
    report = json.loads((tmp_path / "report/report.json").read_text("utf-8"))
    figures = dict(PageReader((tmp_path / INDEX).read_text("utf-8")).figures)
    assert all(says(text, at(report, path), path) for path, text in figures.items())
    assert figures["quality.passed_over"] == "10,344"
    assert figures["passed_over.1.series_id"] == "EBA.SEPA-ALL.NG.H"
    assert "not asked for" not in html


def test_the_limit_is_drawn_where_there_is_one(built: Path, html: str, tmp_path: Path) -> None:
    assert 'class="limit"' not in html
    write_folder(tmp_path, change=lambda report: report["rate"].update(limit_per_hour=6300))
    write_page(Storage.at(str(tmp_path)))
    assert 'class="limit"' in (tmp_path / INDEX).read_text("utf-8")


def test_maps_and_tables_come_in_the_order_of_the_routes_demand_first(tmp_path: Path) -> None:
    """Not in that of their names: EBA.ERCO-ALL.DF.H, EBA.ERCO-ALL.NG.WND.H, EBA.ERCO-COAS.D.H, …"""
    kinds = {
        "region-sub-ba-data": ("COAS",),
        "interchange-data": ("SWPP",),
        "fuel-type-data": ("WND",),
        "region-data": ("TI", "NG", "DF", "D"),
    }
    write_folder(tmp_path, {(route, "ERCO", kind): wave(900) for route, some in kinds.items() for kind in some})
    write_page(Storage.at(str(tmp_path)))
    told = json.loads((tmp_path / "report/report.json").read_text("utf-8"))["quality"]
    names = [
        "Demand",
        "Day-ahead demand forecast",
        "Net generation",
        "Total interchange",
        *(ROUTES[route].name for route in ("fuel-type-data", "interchange-data", "region-sub-ba-data")),
    ]
    assert [one["name"] for one in told["types"]] == names
    assert [one["name"] for one in told["coverage"]["maps"]] == names


def test_hours_add_up_in_every_view(built: Path) -> None:
    report = json.loads((built / "report/report.json").read_text("utf-8"))
    told = report["quality"]
    assert sum(line["present"] for line in told["types"]) == report["hours"]["present"]
    assert sum(told["coverage"]["hours"]) == sum(told["coverage"]["year_hours"]) == HOURS
    rows = [row for one in told["coverage"]["maps"] for row in one["rows"]]
    assert (
        sum(sum(row["present"]) for row in rows) == sum(sum(row["years"]) for row in rows) == report["hours"]["present"]
    )
    assert (
        sum(kind["hours"] for kind in told["kinds"]) == told["flagged"] == sum(s["flagged"] for s in report["series"])
    )
    assert told["without"] == ["EBA.SEPA-ALL.D.H"]
    assert len(two_regions()) == told["series"]


def test_the_share_of_a_map_is_of_the_hours_asked(tmp_path: Path) -> None:
    """As of an authority that retired: the rest of the frame was nobody's to ask for."""

    def retired(report: dict[str, Any]) -> None:
        (one,) = (one for one in report["series"] if one["respondent"] == "PACW")
        one["hours"] -= one["missing"]
        one["missing"] = 0

    values = wave(900)
    values[450:] = np.nan
    write_folder(
        tmp_path, {("region-data", "PACW", "D"): values, ("region-data", "ERCO", "D"): wave(900)}, change=retired
    )
    write_page(Storage.at(str(tmp_path)))
    report = json.loads((tmp_path / "report/report.json").read_text("utf-8"))
    (told,) = report["quality"]["coverage"]["maps"]
    asked = {one["respondent"]: one["present"] / one["hours"] for one in report["series"]}
    assert {row["respondent"]: row["share"] for row in told["rows"]} == pytest.approx(asked, abs=1e-6)


def test_a_check_says_how_many_sums_it_left_out(built: Path, html: str, tmp_path: Path) -> None:
    assert "not all of their parts were asked for" not in html
    none = {"hours_checked": 0, "hours_broken": 0, "worst": [], "left_out": 2}
    write_folder(tmp_path, change=lambda report: report["checks"][0].update(none))
    write_page(Storage.at(str(tmp_path)))
    shown = (tmp_path / INDEX).read_text("utf-8")
    assert "nothing to compare" in shown
    assert 'not all of their parts were asked for: <span data-key="left_out">2</span>' in shown


def test_an_account_of_an_earlier_version_still_gets_its_page(tmp_path: Path) -> None:
    def older(report: dict[str, Any]) -> None:
        del report["checks"][0]["columns"], report["checks"][0]["left_out"]

    write_folder(tmp_path, change=older)
    write_page(Storage.at(str(tmp_path)))
    assert 'columns.0">Expected<' in (tmp_path / INDEX).read_text("utf-8")


def test_the_newest_two_weeks_are_called_provisional(tmp_path: Path) -> None:
    values = wave(2000)
    values[[HOURS - 337, HOURS - 336, HOURS - 20]] = 0  # just before them, in their first hour, and near their end
    write_folder(tmp_path, {("region-data", "PACW", "D"): values, ("region-data", "ERCO", "D"): values})
    write_page(Storage.at(str(tmp_path)))
    told = json.loads((tmp_path / "report/report.json").read_text("utf-8"))["quality"]
    assert told["flagged"] > told["provisional"]["flagged"] >= 4
    assert told["provisional"] | {"flagged": 0} == {"from": stamp(FIRST + HOURS - 336), "hours": 336, "flagged": 0}
    flags = pq.read_table(tmp_path / "tidy", columns=["period", "flag"], partitioning=None).to_pylist()
    begins = moment_of(FIRST + HOURS - 336)
    newest = [one for one in flags if one["flag"] and one["period"] >= begins]
    assert told["provisional"]["flagged"] == len(newest)
    html = (tmp_path / INDEX).read_text("utf-8")
    assert "their flags may still change" in html
    assert html.count('class="newest"') == 2


def test_a_record_shorter_than_two_weeks_is_provisional_as_a_whole() -> None:
    assert Frame(FIRST, 60).provisional == 0
    assert Frame(FIRST, 337).provisional == 1


@pytest.mark.parametrize("number", [1, 30])
def test_series_below_the_completeness_asked_for_are_named(tmp_path: Path, number: int) -> None:
    def gate(report: dict[str, Any]) -> None:
        short = [{"series_id": f"EBA.A{place}-ALL.D.H", "share": 0.5 + place / 100} for place in range(number)]
        report["completeness"] = {"minimum": 0.95, "short": short}

    write_folder(tmp_path, change=gate)
    write_page(Storage.at(str(tmp_path)))
    report = json.loads((tmp_path / "report/report.json").read_text("utf-8"))
    figures = PageReader((tmp_path / INDEX).read_text("utf-8")).figures
    assert [(path, text) for path, text in figures if not says(text, at(report, path), path)] == []
    listed = [text for path, text in figures if path.startswith("completeness.short.") and path.endswith("series_id")]
    assert listed == [one["series_id"] for one in report["completeness"]["short"]]
    assert ("completeness.minimum", "95.00 %") in figures
    (said,) = (one for one in report["quality"]["verdict"] if "short of the completeness" in one)
    assert said.startswith(f"{number} series fall")
    assert "95.00 %" in said
    assert "EBA.A0-ALL.D.H most, with 50.00 % present" in said
    assert any("--min_completeness" in step["command"] for step in report["quality"]["next"])


def test_without_a_completeness_asked_for_nothing_falls_short(built: Path, html: str, tmp_path: Path) -> None:
    assert "fall short" not in html.split("<body")[1]
    write_folder(tmp_path, change=lambda report: report.update(completeness={"minimum": 0.95, "short": []}))
    write_page(Storage.at(str(tmp_path)))
    assert "fall short" not in (tmp_path / INDEX).read_text("utf-8").split("<body")[1]


def test_files_whose_sums_do_not_agree_are_not_to_be_read(tmp_path: Path) -> None:
    write_folder(tmp_path, change=lambda report: report.update(imbalances=["region-data/PACW: wrote 2 rows, not 1"]))
    write_page(Storage.at(str(tmp_path)))
    steps = json.loads((tmp_path / "report/report.json").read_text("utf-8"))["quality"]["next"]
    assert any(step["what"].startswith("Do not use the files") for step in steps)
    assert not any("pyarrow" in step["command"] for step in steps)
