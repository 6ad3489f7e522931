# SPDX-License-Identifier: Apache-2.0
"""The templates, style sheets and scripts of the pages, from this package."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


@cache
def environment() -> Environment:
    """Everything that is not ours is escaped; a name that a template misspells is an error.

    The same each time: a template is compiled by the first page of a process alone.
    """
    made = Environment(
        loader=PackageLoader("eia930.report", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["text_of"] = _text
    return made


def _text(name: str) -> Markup:
    """A style sheet or script, as it is."""
    text = (files("eia930.report") / name).read_text("utf-8").replace("</script", "<\\/script")
    return Markup(text)  # noqa: S704
