"""Recipes: domains as data. One package per domain, and one flat YAML per named run.

A domain knows its file formats and makes the batches that a task asks for; it knows no model. What the domains of
images share (scenes, crops, tiles, augmentation) is in `recipes.imagery`; what every data module keeps is in
`recipes.kit`.
"""
