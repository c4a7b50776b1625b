"""Prediction of new inputs: scenes of any size into files for maps, folders of images, sequences into tables."""
