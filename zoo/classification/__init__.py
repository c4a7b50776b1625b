"""Classification: say which of K classes an image shows: one of them, any of them, or a grade of an order.

The contract, which every model of this package keeps:

- Images are one tensor `(B, C, H, W)`, float32 in [0, 1]; any H and W. What is too small for a network is enlarged, and
  networks that see one size alone scale every image to it.
- `model(images)` returns logits `(B, K)`, in training and in evaluation alike. What they stand for is the objective's
  (`task.objective`): of one class an image, `single_label`, the softmax over K is left to whoever asks for probabilities; of
  `multi_label` each logit is a class by itself, and its sigmoid a probability; a `grade` has classes in an order, from the
  least to the most, and their softmax is a distribution over it.
- `model.all_logits(images)` returns the logits and, in training, those of auxiliary heads behind them.
- `model.features(images)` returns what the last layer sees, `(B, F)`, for a probe; `model.head` is that layer.
- In evaluation an image gives the same logits alone and in a batch.
- Normalisation is the model's own: buffers that come with the weights.

`network` is the frame; `timm_model` puts any network of timm into it, `alexnet`, `squeezenet` and `googlenet` those of
torchvision, and `resnet8` and `mobilenet_tiny` are written here. Nothing heavy is imported here.
"""
