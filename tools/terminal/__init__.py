"""How commands read options and lay tables out."""
