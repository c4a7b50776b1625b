"""What the registry says: models, recipes, cards and how they fit data."""
