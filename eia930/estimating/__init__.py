# SPDX-License-Identifier: Apache-2.0
"""What a missing or doubtful hour of demand most likely was: an estimate beside the record, never in it."""
