"""Sensors: series of the UCR and UEA archives, and the user's own in the same format."""
