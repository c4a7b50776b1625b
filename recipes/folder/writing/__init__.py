"""Writing annotations: what `recipes.folder` reads, in any of its formats, so that reading it again gives the same.

`TARGETS` are the formats; `loss` says what one of them cannot carry; `folder.write_folder` writes all files at once.
"""

from recipes.folder.writing.folder import write_folder
from recipes.folder.writing.loss import losses, reduced
from recipes.folder.writing.target import Target
from recipes.folder.writing.targets import TARGETS

__all__ = ["TARGETS", "Target", "losses", "reduced", "write_folder"]
