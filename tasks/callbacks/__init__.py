"""Callbacks of a run: averaged weights, checkpoints that survive a kill, random state by epoch, progress."""
