"""Run folders: the artifact of a run, its card, its configuration, and those pulled from a hub."""
