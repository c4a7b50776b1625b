"""`zoo collect`: what to annotate next, out to a labelling tool, and back with provenance."""
