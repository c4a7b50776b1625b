"""The user's own images and masks in a folder: which belongs to which, what the masks' values mean, judged and split.

`read_masks` in `recipes.folder.masks.reading` is the way in; `FolderSegmentation` is the data module.
"""
