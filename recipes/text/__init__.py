"""Text: sentences with entities, and texts with topics; cut into words, changed as other hands would write them."""
