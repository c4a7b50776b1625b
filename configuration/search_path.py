"""Where Hydra looks beside our conf/: the folder `conf` of every folder in ZOO_PATH and of every package of models."""

from hydra.core.config_search_path import ConfigSearchPath
from hydra.plugins.search_path_plugin import SearchPathPlugin

from configuration.groups import added_folders


class AddedFolders(SearchPathPlugin):
    """Adds them behind ours, whatever program composes."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Add the folders that there are now."""
        for folder in added_folders():
            search_path.append("zoo", f"file://{folder}")
