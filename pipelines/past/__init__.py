# SPDX-License-Identifier: Apache-2.0
"""An output as it would have been at an hour of the past (`--as_of`): its flags, and what loads remember for it."""
