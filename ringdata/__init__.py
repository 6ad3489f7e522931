# SPDX-License-Identifier: Apache-2.0
"""What models read: blocks of the hourly record, written once, cut at read time for any context, ring and order."""

from ringdata.describe import describe
from ringdata.latest import latest
from ringdata.layout import Cuts, Layout, Member, Shard, hour
from ringdata.output import BlockFile, card_file, config_files, manifest_files, shard_files
from ringdata.plan import plan_panel, plan_series
from ringdata.reader import RingBlocks

__all__ = [
    "BlockFile",
    "Cuts",
    "Layout",
    "Member",
    "RingBlocks",
    "Shard",
    "card_file",
    "config_files",
    "describe",
    "hour",
    "latest",
    "manifest_files",
    "plan_panel",
    "plan_series",
    "shard_files",
]
