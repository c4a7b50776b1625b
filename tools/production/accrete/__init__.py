"""`zoo accrete`: the model of a site learns from new labels without forgetting what it knew."""
