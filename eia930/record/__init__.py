# SPDX-License-Identifier: Apache-2.0
"""What the sources say, hour by hour: the grid, the tidy files and their reader, the rejects."""
