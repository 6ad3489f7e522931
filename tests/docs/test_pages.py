# SPDX-License-Identifier: Apache-2.0
"""What the pages say exists: the files and headings that they link to, and the commands that they tell to type."""

import re
import subprocess
import sys
from contextlib import redirect_stdout
from functools import cache
from importlib import import_module
from io import StringIO
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def pages(root: Path) -> list[Path]:
    """The pages of a checkout. What loads wrote below data/ is no page of it, nor is what lies hidden or was built."""

    def is_ours(path: Path) -> bool:
        where = path.relative_to(root)
        written = where.parts[0] == "data" and len(where.parts) > 2
        return not written and not any(part.startswith(".") or part in ("build", "dist") for part in where.parts)

    return sorted(path for path in root.rglob("*.md") if is_ours(path))


PAGES = pages(ROOT)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```(?:sh|bash|console)?\n(.*?)```|`([^`\n]+)`", re.DOTALL)
PROGRAM = re.compile(r"python (?:-m (?P<module>[\w.]+)|(?P<script>[\w/]+\.py))(?P<words>[^\n#;&)]*)")
TARGET = re.compile(r"\bmake ((?:[a-z][a-z-]*\s*)+)")
FLAG = re.compile(r"(?<!\S)(--[a-z][\w-]*)")


def relative(page: Path) -> str:
    return str(page.relative_to(ROOT))


def code(page: Path) -> str:
    """All that stands in code on a page, a command a line."""
    found = (match[0] or match[1] for match in CODE.findall(page.read_text("utf-8")))
    return "\n".join(found).replace("\\\n", " ")


def anchors(page: Path) -> set[str]:
    """The headings of a page, as links name them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@cache
def known_flags(program: tuple[str, ...]) -> frozenset[str]:
    """The flags that a program's help names, and Beam's where the rest goes to Beam."""
    of_beam = program[:2][-1].startswith("pipelines.")
    flags = set(re.findall(r"--[a-z][\w-]*", help_here(program) if of_beam else help_of(program)))
    return frozenset(flags | beams() if of_beam else flags)


def help_of(program: tuple[str, ...]) -> str:
    """What a program of its own says of its flags."""
    shown = subprocess.run([sys.executable, *program, "--help"], capture_output=True, text=True, cwd=ROOT, check=False)
    if "No module named" in shown.stderr:
        pytest.skip(f"{' '.join(program)}: {shown.stderr.strip().splitlines()[-1]}")
    assert shown.returncode == 0, shown.stderr
    return shown.stdout


def help_here(program: tuple[str, ...]) -> str:
    """The same of one of ours, in this process, which has loaded already what they all load."""
    main = import_module(program[1]).main
    with redirect_stdout(StringIO()) as said, pytest.raises(SystemExit) as end:
        main([*program[2:], "--help"])
    assert end.value.code == 0
    return said.getvalue()


@cache
def beams() -> frozenset[str]:
    from apache_beam.options.pipeline_options import PipelineOptions

    return frozenset(f"--{name}" for name in PipelineOptions(flags=[]).get_all_options())


def commands() -> list[tuple[str, tuple[str, ...], str]]:
    """(page, program, its words) of every command of ours."""
    found = []
    for page in PAGES:
        for match in PROGRAM.finditer(code(page)):
            program = ("-m", match["module"]) if match["module"] else (match["script"],)
            if (ROOT / re.split(r"[./]", program[-1])[0]).is_dir():
                # A program of several verbs tells of a verb's flags in the verb's help.
                verb = re.match(r" ([a-z]+)(?= |$)", match["words"])
                found.append((relative(page), (*program, *verb.groups()) if verb else program, match["words"]))
    return found


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text("utf-8")):
        if re.match(r"\w+:", target):
            continue
        name, _, heading = target.partition("#")
        there = (page.parent / name).resolve() if name else page
        assert there.exists(), target
        if heading:
            assert heading in anchors(there), target


def test_what_a_load_wrote_is_no_page(tmp_path: Path) -> None:
    for name in ("README.md", "docs/a.md", "data/README.md", "data/synthetic/blocks/README.md", ".venv/b.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert [str(page.relative_to(tmp_path)) for page in pages(tmp_path)] == ["README.md", "data/README.md", "docs/a.md"]


def test_there_are_commands() -> None:
    assert len(commands()) > 20


@pytest.mark.parametrize(("page", "program", "words"), commands())
def test_commands_have_the_flags_that_pages_give_them(page: str, program: tuple[str, ...], words: str) -> None:
    assert set(FLAG.findall(words)) <= known_flags(program)


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_what_is_to_be_made_can_be(page: Path) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for words in TARGET.findall(code(page)):
        # Words after the target's, on the same line, are prose of a comment.
        assert words.split()[0] in targets, words


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_programs_and_tables_that_a_page_names_are_there(page: Path) -> None:
    ours = {path.name for path in ROOT.iterdir() if path.is_dir()}
    named = {
        name for name in re.findall(r"`([\w./-]+\.(?:py|csv|toml|yaml|xml))`", page.read_text("utf-8")) if "/" in name
    }
    gone = {name for name in named if name.split("/")[0] in ours and not (ROOT / name).exists()}
    assert gone == set()
