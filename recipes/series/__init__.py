"""Series of numbers over time: reading tables, mending gaps and times, splitting, augmenting, padding to batches."""
