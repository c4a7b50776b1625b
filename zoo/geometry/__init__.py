"""Boxes, polygons and tiles as arrays of numbers."""
