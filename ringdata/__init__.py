# SPDX-License-Identifier: Apache-2.0
"""What models read: blocks of the hourly record, written once, cut at read time for any context, ring and order."""

from ringdata.describe import describe as describe
from ringdata.layout import Cuts as Cuts
from ringdata.layout import Layout as Layout
from ringdata.layout import Member as Member
from ringdata.layout import Shard as Shard
from ringdata.layout import hour as hour
from ringdata.output import BlockFile as BlockFile
from ringdata.output import card_file as card_file
from ringdata.output import config_files as config_files
from ringdata.output import manifest_files as manifest_files
from ringdata.output import shard_files as shard_files
from ringdata.plan import plan_panel as plan_panel
from ringdata.plan import plan_series as plan_series
from ringdata.reader import RingBlocks as RingBlocks
