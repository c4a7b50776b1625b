"""Pose: find the keypoints of an animal or a person, each with x, y and a score.

The contract, which every model of this package keeps:

- Images are one tensor `(B, C, H, W)`, float32 in [0, 1]; each shows one individual, or more than one to a model that looks
  for several. Where an image has several and a model looks for one, each is cut out by its box `(N, 4)` xyxy and is an image of
  its own (`framing`).
- `model(images)` returns keypoints `(B, N, J, 3)`: x and y in pixels of the image, from its upper left corner on, so that the
  middle of the first pixel is at 0.5; and a score, more where it is surer, in [0, 1] but for the noise of a heatmap. N is 1 for
  a model that looks for one. J, the number of keypoints, is what is counted as classes elsewhere, and their names are the
  classes of data and runs.
- `model.losses(images, keypoints, visible)` returns the parts of the training loss, scalars: keypoints `(B, J, 2)` in pixels of
  the images, and which of them are there, `(B, J)` bool. What is not there is neither asked for nor forbidden.
- In evaluation an image gives the same keypoints alone and in a batch.
- Normalisation is the model's own: buffers that come with the weights.
- The skeleton, which keypoints are joined by a line, and which are the left and the right of a pair, is part of the data and by
  name (`skeleton`). A mirrored picture shows the left as the right, so pairs change places with it.

`network` is the frame: a backbone, a neck of deconvolutions, a head; `heatmaps` and `simcc` are the two heads, `movenet` is a
network of its own. Nothing heavy is imported here.
"""
