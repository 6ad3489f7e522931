# SPDX-License-Identifier: Apache-2.0
"""What a window of hours teaches of each series, and what it says of an hour: the part that all methods share."""
