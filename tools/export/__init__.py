"""Exports of trained detectors to other runtimes, none of which is kept before it has answered as the model does."""
