"""Exports: a trained model as one file for other runtimes, which answers as the model does, or is not kept."""
