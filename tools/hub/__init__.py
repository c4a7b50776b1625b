"""The hub and what came from it: pull, push, verify, bundle, cache."""
