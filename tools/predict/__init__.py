"""Prediction of new images: scenes of any size into files for maps, or folders of images."""
