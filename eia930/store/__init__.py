# SPDX-License-Identifier: Apache-2.0
"""What is kept, and who may write it: folders and buckets, leases, the manifest."""
