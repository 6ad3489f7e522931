# SPDX-License-Identifier: Apache-2.0
"""A page as its reader meets it: which figure says what, and which text is no figure of the account."""

from dataclasses import dataclass, field
from decimal import Context
from html.parser import HTMLParser
from typing import Any

_VOID = {"meta", "link", "br", "img", "rect", "input"}
_CLOSED_BY_ITSELF = {"li", "th", "td", "dt", "dd", "p"}
_DRAWN = {"script", "style", "svg", "nav", "title"}


@dataclass
class _Element:
    tag: str
    attributes: dict[str, str | None]
    text: list[str] = field(default_factory=list)


class PageReader(HTMLParser):
    """`figures`: (path in report.json, text); `loose`: text outside of any figure, drawing and axis."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.figures: list[tuple[str, str]] = []
        self.loose: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[_Element] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in _VOID:
            return
        if tag in _CLOSED_BY_ITSELF and self._open and self._open[-1].tag in _CLOSED_BY_ITSELF - {"p"}:
            self._end()
        self._open.append(_Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag in {element.tag for element in self._open}:
            while self._open[-1].tag != tag:
                self._end()
            self._end()

    def handle_data(self, data: str) -> None:
        for element in self._open:
            if "data-key" in element.attributes:
                element.text.append(data)
                return
        classes = {word for one in self._open for word in (one.attributes.get("class") or "").split()}
        if not _DRAWN & {one.tag for one in self._open} and not {"x", "y", "note", "legend"} & classes:
            self.loose.append(data)

    def _end(self) -> None:
        element = self._open.pop()
        if key := element.attributes.get("data-key"):
            rows = [one.attributes["data-row"] for one in [*self._open, element] if one.attributes.get("data-row")]
            self.figures.append((f"{rows[-1]}.{key}" if rows else key, "".join(element.text).strip()))


def at(report: Any, path: str) -> Any:
    """The value at `series.3.hours`."""
    for part in path.split("."):
        report = report[int(part)] if isinstance(report, list) else report[part]
    return report


def says(text: str, value: Any, path: str) -> bool:
    """Whether a text on the page is the value, by the rounding that the page states."""
    if value is None:
        return text == "–"
    if isinstance(value, bool):
        return text == ("yes" if value else "no")
    if isinstance(value, str):
        return text == value.strip()
    if text.endswith("%"):
        return _says_share(text, value, path)
    number = float(text.replace(",", "").replace("−", "-"))
    if path.endswith(("_per_second", "rate.seconds")):
        return bool(number == float(Context(prec=3).create_decimal(str(value))))
    return bool(abs(number - value) <= (0.05 if "." in text else 0.0) + 1e-9)


def _says_share(text: str, value: float, path: str) -> bool:
    assert path.endswith(("share", "page_fill", "success_rate", "completeness.minimum")), path
    if text == "<0.01 %":
        return 0 < value < 0.0001
    shown = float(text.removesuffix(" %"))
    return abs(shown - 100 * value) < 0.0101 and (shown == 100) == (value == 1) and (shown == 0) == (value == 0)
