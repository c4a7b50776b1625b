"""Drift: whether what is asked and answered now is what it was when all was well, with a false-alarm rate that is kept."""
