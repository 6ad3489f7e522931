# SPDX-License-Identifier: Apache-2.0
"""What came of a load: every row and hour added up, and what is published of it."""
