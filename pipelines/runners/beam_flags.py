# SPDX-License-Identifier: Apache-2.0
"""Beam's options, whose views are made once each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from apache_beam.options.pipeline_options import PipelineOptions

V = TypeVar("V", bound=PipelineOptions)


class BeamFlags(PipelineOptions):
    """Beam's flags, of which it asks for a view some hundred times while it makes one of our graphs.

    PipelineOptions makes a parser and parses all flags for each of them: a fifth of a short load's time. Views share
    the values, so that the one made first tells of later changes as well.
    """

    def __init__(self, flags: Sequence[str]) -> None:
        super().__init__(list(flags))

    def view_as(self, cls: type[V]) -> V:
        """The view of that kind, the same one each time."""
        views: dict[type[V], V] = self.__dict__.setdefault("_views", {})
        if cls not in views:
            views[cls] = super().view_as(cls)
        return views[cls]
