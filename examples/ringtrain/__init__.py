# SPDX-License-Identifier: Apache-2.0
"""Parts of the training example: attention over a ring, patches, a model, its scores and its drawings."""
