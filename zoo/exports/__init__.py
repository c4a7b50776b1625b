"""Exports: a trained model as one file for other runtimes, which says what it is, and answers as the model does or is not kept."""
