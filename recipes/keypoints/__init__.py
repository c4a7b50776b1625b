"""Keypoints on images: the data module on which every domain and folder with a skeleton stands."""
