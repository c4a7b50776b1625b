"""Writing a data set in any of the formats, so that reading it again gives the same; and what a format cannot carry."""
