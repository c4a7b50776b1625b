"""`zoo catalogue`: a static catalogue of models, recipes and measured results, which needs no build chain and no network.

What is shown is gathered in `catalogue`, drawn in `lineage` and `chart`, laid out in `pages`, and written in `folder`.
Everything that comes from a card, a recipe or a run is text to be escaped, never markup.
"""
