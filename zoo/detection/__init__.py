"""Detection: find objects in an image, each with a box, a class and a score.

The contract, which every model of this package keeps (torchvision's own convention, so its detectors plug in):

- Images are one tensor `(B, C, H, W)`, float32 in [0, 1]; any H and W, also sizes that no stride divides.
- Targets are a list of B dictionaries: `boxes` float32 `(N, 4)` as x1, y1, x2, y2 in pixels of the image, or `(N, 5)`
  rotated, see below; `labels` int64 `(N,)` from 0 to K - 1 (there is no background class); and, where the annotators
  say so, `difficult` bool `(N,)`: objects that a metric neither asks for nor counts as false alarms. N may be 0.
- Training, `model(images, targets)`: a dictionary of scalar losses, to be summed.
- Evaluation, `model(images)`: a list of B dictionaries `boxes (M, 4 or 5)`, `scores (M,)` in [0, 1] in falling order,
  `labels (M,)`. An image gives the same detections alone and in a batch.
- Normalisation is the model's own: it is part of the backbone (or of torchvision's transform) as a buffer.

Rotated boxes are torchvision's CXCYWHR: centre x, centre y, width, height in pixels, and the angle in degrees by which the
upright box was turned counter-clockwise as one sees it, about its centre (y points down: the width lies along
(cos r, -sin r)). Any r is allowed, (w, h, r), (h, w, r + 90) and (w, h, r + 180) are one box, and models answer with the
longer side as width and r in [-90, 90). Corners are XYXYXYXY from `torchvision.ops.box_convert`, there and back: top left,
top right, bottom right, bottom left of the box upright; `zoo.geometry.box_geometry.corners` gives the same in numpy.

Kestrel is built from named parts that lie beside it: points → geometry (box, rotated_box → rotated_iou) → assigner →
losses, and neck → heads → postprocess. All stand on `detector`; the others share `pyramid`, `anchors`,
`default_boxes`, `single_shot`, `two_stage` and `patches`. Nothing heavy is imported here.
"""
