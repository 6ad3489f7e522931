# SPDX-License-Identifier: Apache-2.0
"""Laws are tested without a deadline: a busy machine is no counterexample."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
