"""Sources of weights and data: files by URI, from a mirror, the cache or the network, checked and complete."""

from zoo.sources.delivery import Fetched, fetch
from zoo.sources.mirror import mirror_folder

__all__ = ["Fetched", "fetch", "mirror_folder"]
