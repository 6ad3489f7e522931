# SPDX-License-Identifier: Apache-2.0
"""What was known then: the stored answers of an output up to a moment, and nobody is asked."""
