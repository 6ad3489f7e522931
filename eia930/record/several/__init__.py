# SPDX-License-Identifier: Apache-2.0
"""Where several sources speak of a span: whose word stands, and how the words compare."""
