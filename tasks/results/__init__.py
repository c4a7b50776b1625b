"""Results: what the tasks keep of an evaluation, for their metrics and their pictures."""
