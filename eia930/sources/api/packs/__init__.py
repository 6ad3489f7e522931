# SPDX-License-Identifier: Apache-2.0
"""Columns beside the stored responses that they were made of, so that these are not unpacked and parsed again."""
