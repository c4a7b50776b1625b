"""Data sets of one's own: checked, converted, generated, profiled."""
