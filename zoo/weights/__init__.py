"""Weights of registered models: which files, from where, and into which parameters."""
