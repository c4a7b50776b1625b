"""`zoo simulate`: a year of production in minutes, on generated pictures, through the same code as a real site."""
