"""The configuration of a run: composed by Hydra, checked, and built. Nothing else in the project knows Hydra."""
