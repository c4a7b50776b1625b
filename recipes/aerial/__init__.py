"""Aerial imagery: what moves on the ground, seen from a plane."""
