"""Predictors of the zoo's tasks: scenes of any size, tile by tile, and sequences, read as training read its own."""
