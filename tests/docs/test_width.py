# SPDX-License-Identifier: Apache-2.0
"""Pages are read in terminals and diffs too: no line of prose is above 100 columns."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringdata.card import dataset_card
from ringdata.config import CONFIGS
from ringdata.layout import BlockGrid, Cuts, Layout
from tests.docs.test_pages import PAGES, relative
from tools.wrap import WIDTH, main, too_long, wrapped

# Its lines come and go with releases.
WIDE = {"CHANGELOG.md"}


@pytest.mark.parametrize("page", [page for page in PAGES if relative(page) not in WIDE], ids=relative)
def test_no_line_of_prose_is_too_long(page: Path) -> None:
    assert too_long(page.read_text("utf-8")) == [], f"python tools/wrap.py {relative(page)}"


@pytest.mark.parametrize("page", [page for page in PAGES if relative(page) not in WIDE], ids=relative)
def test_no_picture_is_too_wide(page: Path) -> None:
    wide = [line for picture in pictures(page.read_text("utf-8")) for line in picture if len(line) > WIDTH]
    assert wide == []


def pictures(text: str) -> Iterator[list[str]]:
    """Blocks in no language: folders, diagrams. Those after a mark (`<!-- … -->`) are what a program said."""
    before, inside, picture = "", False, list[str]()
    for line in text.splitlines():
        if line.lstrip().startswith("```"):
            if not inside:
                inside, drawn, picture = True, line.strip() == "```" and not before.startswith("<!--"), []
            else:
                inside = False
                if drawn:
                    yield picture
        elif inside:
            picture.append(line)
        before = line


def test_the_card_that_every_output_gets_is_no_wider() -> None:
    card = dataset_card([Layout(BlockGrid(config, 1), Cuts(), ()) for config in CONFIGS])
    assert too_long(card.decode()) == []


PROSE = st.lists(
    st.one_of(
        st.text("abc def.", min_size=1, max_size=300).map(lambda text: text.strip() or "x"),
        st.sampled_from(
            ["", "| a | b |", "# A", "```", "* item one", "  1. two", "`code of two words` and more", "- + 3"]
        ),
    ),
    max_size=12,
).map("\n".join)


@given(PROSE)
def test_the_words_stay_in_order_and_a_second_time_changes_nothing(text: str) -> None:
    once = wrapped(text)
    assert re.sub(r"\s+", " ", once).strip() == re.sub(r"\s+", " ", text).strip()
    assert wrapped(once) == once
    assert too_long(once) == []


def test_what_must_not_be_parted_is_not() -> None:
    code, link = "`" + "a word " * 9 + "`", "[" + "of two " * 9 + "](x.md)"
    once = wrapped(f"* some words before {code} and then {link} + more of it that goes on\n")
    assert code in once
    assert link + " +" in once
    assert all(line.startswith(("* ", "  ")) for line in once.splitlines())


def test_what_a_program_writes_into_a_page_stays() -> None:
    line = "word " * 40
    text = f"<!-- figures -->\n{line}\n<!-- /figures -->\n"
    assert wrapped(text) == text
    assert too_long(text) == []
    assert too_long(text + line) == [4]
    assert too_long(f"<!-- needs: jax -->\n{line}\n") == [2]


def test_tables_code_and_headings_stay() -> None:
    line = "word " * 40
    text = f"# {line}\n\n| {line} |\n|---|\n\n```\n{line}\n```\n"
    assert wrapped(text) == text
    assert too_long(text) == []


def test_the_check_names_the_line_and_the_remedy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.md"
    page.write_text("short\n\n" + "word " * 40 + "\n", "utf-8")
    assert main(["--check", str(page)]) == 1
    assert capsys.readouterr().err == f"{page}:3: above {WIDTH} columns; python tools/wrap.py {page}\n"
    assert main([str(page)]) == 0
    assert main(["--check", str(page)]) == 0
