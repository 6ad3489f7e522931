# SPDX-License-Identifier: Apache-2.0
"""Wraps pages at 100 columns; tables, code, headings, links and what programs write (`<!-- … -->`) stay whole.

    python tools/wrap.py docs/*.md            writes the pages anew
    python tools/wrap.py --check docs/*.md    names the lines that are too long, and exits 1

A line that ends a sentence ends there: who writes a sentence a line keeps it so.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

WIDTH = 100
_ITEM = re.compile(r"(\s*)([*-]|\d+\.)\s+")
_WHOLE = re.compile(r"(?:`[^`]*`|!?\[[^\]]*\]\([^)\s]*\)|[^\s`\[]|[`\[!])+")
_ASIDE = re.compile(r"\s*(\||#|<|>|!\[|\[!|:?-{3,})")
"""Lines that stay as they are: tables, headings, HTML, quotes, pictures, rules."""
_END = re.compile(r"<!-- (/\w+|\w+: end) -->")
_MARKS_A_LINE = re.compile(r"[-+*>=|%]+|#+|\d+[.)]")


def wrapped(text: str) -> str:
    """A page with no line of prose above WIDTH columns, where words allow it."""
    out: list[str] = []
    for prose, lines in _parts(text.splitlines()):
        out += _filled(lines) if prose else lines
    return "\n".join(out) + "\n"


def too_long(text: str) -> list[int]:
    """Numbers of the lines of prose above WIDTH columns that hold more than one word."""
    found, number = [], 0
    for prose, lines in _parts(text.splitlines()):
        for line in lines:
            number += 1
            if prose and len(line) > WIDTH and len(_WHOLE.findall(_ITEM.sub("", line))) > 1:
                found.append(number)
    return found


def _parts(lines: Sequence[str]) -> Iterator[tuple[bool, list[str]]]:
    """Runs of lines, each an item or a paragraph (True), or what stays as it is (False)."""
    fence, prose, made = "", list[str](), False
    ends = {line for line in lines if _END.fullmatch(line)}
    for line in lines:
        mark = re.match(r"\s*(```+|~~~+)", line)
        if line.startswith("<!-- "):
            # Up to its end lies what a program writes into the page.
            name = re.sub(r"\W.*", "", line.removeprefix("<!-- "))
            made = bool({f"<!-- /{name} -->", f"<!-- {name}: end -->"} & ends) and line not in ends
        stays = bool(made or fence or mark or not line.strip() or _ASIDE.match(line))
        if prose and (stays or _ITEM.match(line)):
            yield True, prose
            prose = []
        if stays:
            yield False, [line]
        else:
            prose.append(line)
        if mark:
            fence = "" if fence and mark[1].startswith(fence) else fence or mark[1]
    if prose:
        yield True, prose


def _filled(lines: list[str]) -> list[str]:
    item = _ITEM.match(lines[0])
    first = item[0] if item else re.match(r"\s*", lines[0])[0]  # type: ignore[index]
    rest = " " * len(first)
    out, sentence = list[str](), list[str]()
    for number, line in enumerate(lines):
        sentence += _words(line[len(first) :] if number == 0 else line)
        if re.search(r"[.:!?]\)?\*{0,2}$", line) or number == len(lines) - 1:
            out += _lines(sentence, rest)
            sentence = []
    return [first + out[0][len(rest) :], *out[1:]] if out else lines


def _words(line: str) -> list[str]:
    """What must not be parted; what would mean something else at the head of a line goes with the word before."""
    words: list[str] = []
    for word in _WHOLE.findall(line):
        if words and _MARKS_A_LINE.fullmatch(word):
            words[-1] += f" {word}"
        else:
            words.append(word)
    return words


def _lines(words: list[str], indent: str) -> list[str]:
    out = [indent]
    for word in words:
        if out[-1].strip() and len(out[-1]) + 1 + len(word) > WIDTH:
            out.append(indent)
        out[-1] += word if not out[-1].strip() else f" {word}"
    return out


def main(arguments: Sequence[str]) -> int:
    """1 where `--check` finds a line too long, 2 where a page is not there."""
    parser = argparse.ArgumentParser(description=f"Wrap pages at {WIDTH} columns.")
    parser.add_argument("pages", nargs="+", type=Path, help="Markdown files")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 where a line is too long")
    chosen = parser.parse_args(arguments)
    bad = 0
    if strange := [path for path in chosen.pages if not path.is_file()]:
        print(f"error: {strange[0]} is no file: give Markdown pages", file=sys.stderr)
        return 2
    for path in chosen.pages:
        text = path.read_text("utf-8")
        if chosen.check:
            lines = too_long(text)
            bad += len(lines)
            for number in lines:
                print(f"{path}:{number}: above {WIDTH} columns; python tools/wrap.py {path}", file=sys.stderr)
        else:
            path.write_text(wrapped(text), "utf-8")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
