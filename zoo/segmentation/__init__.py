"""Segmentation: give every pixel of an image one of K classes.

The contract, which every model of this package keeps:

- Images are one tensor `(B, C, H, W)`, float32 in [0, 1]; any H and W, also sizes that no stride divides.
- `model(images)` returns logits `(B, K, H, W)` at the size of the input, in training and in evaluation alike; the
  softmax over K is left to whoever asks for probabilities, and the loss to the task.
- Masks are `(B, H, W)` int64 with classes from 0 to K - 1; 255 marks pixels that are not known and count nowhere.
- In evaluation an image gives the same logits alone and in a batch.
- Normalisation is the model's own: it is part of the backbone, as buffers that come with the weights.

`network` is the frame of those that are handed a backbone (`unet`, `deeplab`, `upernet`, `pspnet`, `fcn`); `segnet`,
`unet2015`, `espnet` and `segformer` have an encoder of their own. Nothing heavy is imported here.
"""

from collections.abc import Sequence

#: The value of a mask's pixels that count neither in a loss nor in a metric.
IGNORED = 255
#: Tiles of a scene begin at multiples of this many pixels, the stride of the coarsest maps: shifted by less, a network
#: that halves its maps sees another image, and answers differently.
STRIDE = 32
#: The class of this name is left out of the headline, of polygons and of pictures: most ground is background.
BACKGROUND = "background"
#: The class of this name lies between objects that touch, so that they can be told apart: a means, not an end.
BORDER = "border"


def foreground_of(classes: Sequence[str]) -> list[int]:
    """Return the classes that a segmentation is about: all but `background`, and but `border` where there are others."""
    there = [i for i, name in enumerate(classes) if name != BACKGROUND]
    return [i for i in there if classes[i] != BORDER] or there
