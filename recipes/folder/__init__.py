"""The user's own images in a folder, with boxes or masks: found, judged, split.

`formats` reads and writes annotations; `boxes` and `masks` make scenes of folders, for detection and segmentation.
"""
