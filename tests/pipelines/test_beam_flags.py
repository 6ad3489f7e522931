# SPDX-License-Identifier: Apache-2.0
"""Beam's flags with views made once each say whatever Beam's own say."""

import copy

from apache_beam import Pipeline
from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions, StandardOptions

from pipelines.runners.beam_flags import BeamFlags

FLAGS = ("--runner=FnApiRunner", "--direct_num_workers=3", "--experiments=a", "--nothing_of_beams=1")


def test_they_are_beams_own() -> None:
    assert BeamFlags(FLAGS).get_all_options() == PipelineOptions(list(FLAGS)).get_all_options()
    mine, beams = (Pipeline(options=made)._options for made in (BeamFlags(FLAGS), PipelineOptions(list(FLAGS))))
    assert mine.get_all_options() == beams.get_all_options()
    assert mine.view_as(StandardOptions).runner == "FnApiRunner"


def test_a_view_is_made_once_and_tells_of_later_changes() -> None:
    flags = BeamFlags(FLAGS)
    view = flags.view_as(DirectOptions)
    assert flags.view_as(DirectOptions) is view
    view.view_as(DirectOptions).direct_num_workers = 4
    assert view.direct_num_workers == flags.get_all_options()["direct_num_workers"] == 4


def test_a_copy_has_values_of_its_own() -> None:
    flags = BeamFlags(FLAGS)
    view = flags.view_as(DirectOptions)
    other = copy.deepcopy(flags)
    other.view_as(DirectOptions).direct_num_workers = 5
    assert other.get_all_options()["direct_num_workers"] == 5
    assert (view.direct_num_workers, flags.get_all_options()["direct_num_workers"]) == (3, 3)
