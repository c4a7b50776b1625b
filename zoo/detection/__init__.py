"""Detection: find objects in an image, each with a box, a class and a score.

The contract, which every model of this package keeps (torchvision's own convention, so its detectors plug in):

- Images are one tensor `(B, C, H, W)`, float32 in [0, 1]; any H and W, also sizes that no stride divides.
- Targets are a list of B dictionaries: `boxes` float32 `(N, 4)` as x1, y1, x2, y2 in pixels of the image (or `(N, 5)`
  as centre x, centre y, width, height, rotation in degrees, for a model with rotated geometry), and `labels` int64
  `(N,)` from 0 to K - 1. There is no background class. N may be 0.
- Training, `model(images, targets)`: a dictionary of scalar losses, to be summed.
- Evaluation, `model(images)`: a list of B dictionaries `boxes (M, 4 or 5)`, `scores (M,)` in [0, 1] in falling order,
  `labels (M,)`. An image gives the same detections alone and in a batch.
- Normalisation is the model's own: it is part of the backbone (or of torchvision's transform) as a buffer.

Kestrel is built from named parts that lie beside it: points → geometry → assigner → losses, and neck → heads →
postprocess. `ssd` wraps torchvision's detectors. Nothing heavy is imported here.
"""
