"""Keypoints of the user's own: what annotation tools write, read into individuals with a skeleton."""
