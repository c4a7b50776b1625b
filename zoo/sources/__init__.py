"""Sources of weights and data: files by URI, from a mirror, the cache or the network, checked and complete."""

from zoo.sources.delivery import Fetched, Source, fetch
from zoo.sources.folder import fetch_files, fetch_many
from zoo.sources.mirror import mirror_folder
from zoo.sources.tensors import open_weights

__all__ = ["Fetched", "Source", "fetch", "fetch_files", "fetch_many", "mirror_folder", "open_weights"]
