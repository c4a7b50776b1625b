"""Folders of the user's images with labels: a folder a class, or tables of names and labels.

`options` are what may be chosen, `found` what a reader gives, `class_folders` and `tables` the readers, `reading` the whole.
"""
