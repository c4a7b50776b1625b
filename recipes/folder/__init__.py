"""The user's own detection images in a folder: VOC, COCO, YOLO, CSV, DOTA or GeoJSON, found, judged, split.

`read_folder` is the way in; `detect_format` says which of the formats a folder is in.
"""

from recipes.folder.formats import READERS, detect_format, read_annotations
from recipes.folder.options import FolderOptions
from recipes.folder.scenes import read_folder

__all__ = ["READERS", "FolderOptions", "detect_format", "read_annotations", "read_folder"]
