# SPDX-License-Identifier: Apache-2.0
"""Which series contradict each other or their own past. Reports, never changes a value."""
