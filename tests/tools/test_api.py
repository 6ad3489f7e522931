# SPDX-License-Identifier: Apache-2.0
"""The API page is built without a warning, and every name that others may import says what it is."""

from pathlib import Path

import pdoc
import pdoc.doc
import pytest

import ringdata
from tools.api import PUBLIC, _bare, bare, build


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs")
    build(folder)
    return folder


def test_every_public_name_has_a_docstring() -> None:
    assert bare() == []


def test_a_name_without_one_is_found(tmp_path: Path) -> None:
    file = tmp_path / "some_module.py"
    file.write_text(
        '"""A module."""\ndef told() -> None:\n    """Said."""\nclass Bare:\n    def also(self) -> None: ...\n'
    )
    module = pdoc.doc.Module(pdoc.extract.load_module(pdoc.extract.parse_spec(str(file))))
    assert list(_bare(module)) == ["some_module.Bare", "some_module.Bare.also"]


@pytest.mark.parametrize("module", PUBLIC)
def test_each_module_has_a_page(pages: Path, module: str) -> None:
    assert (pages / f"{module.replace('.', '/')}.html").is_file()


def test_nothing_else_has(pages: Path) -> None:
    found = {str(path.relative_to(pages).with_suffix("")).replace("/", ".") for path in pages.rglob("*.html")}
    assert found - {"index"} == set(PUBLIC)


def test_the_page_of_the_reader_has_all_of_its_names(pages: Path) -> None:
    text = (pages / "ringdata.html").read_text("utf-8")
    assert [name for name in ringdata.__all__ if f'id="{name}"' not in text] == []
    assert 'id="RingBlocks.windows"' in text
