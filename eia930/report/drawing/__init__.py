# SPDX-License-Identifier: Apache-2.0
"""Drawings of the page as plain geometry."""
