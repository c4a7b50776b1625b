"""Satellite and aerial imagery: small objects seen from above, in scenes larger than any network's input."""
