# SPDX-License-Identifier: Apache-2.0
"""What is in a six-month file: its header, lines, cells and codes, brought together as columns a respondent."""
