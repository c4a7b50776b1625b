"""Compression of trained models, accepted on evidence."""
