# SPDX-License-Identifier: Apache-2.0
"""Verbs: each a small PTransform that wires plain functions; nothing here knows what it wires about."""
