"""Backbones: feature extractors that detectors and segmenters are handed.

Contract: `backbone(images (B, C, H, W) float32 in [0, 1])` returns a list of feature maps, fine to coarse; `strides` and
`channels` name the stride and the number of channels of each. Normalisation is inside, as buffers that come with the
weights. `select(strides)` gives the backbone that computes those maps alone.
"""
