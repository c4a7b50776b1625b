"""Images scaled to the size that a network sees: a smaller pixel is the mean of what lies under it, by a triangle's weights.

As PyTorch's bilinear interpolation with antialiasing does it; see Turkowski 1990, “Filters for common resampling tasks”.
"""

import torch
from torch import Tensor
from torch.nn.functional import interpolate


def resize(images: Tensor, size: tuple[int, int]) -> Tensor:
    """Scale images (B, C, H, W) to (B, C, *size); within a graph that is exported, by two products with matrices.

    ONNX's operator for it has no reader in OpenVINO; the products are the same numbers, of images of any size. They also make
    images of one row or column, where PyTorch 2.14 on AVX-512 repeats the first of their pixels.
    """
    if torch.compiler.is_exporting() or 1 in size:
        return shares(size[0], images.shape[2]) @ images @ shares(size[1], images.shape[3]).T
    if images.shape[2:] == size:
        return images
    return interpolate(images, size=size, mode="bilinear", align_corners=False, antialias=True)


def to_square(image: Tensor, size: int) -> Tensor:
    """Scale an image (C, H, W) of values in [0, 1] to (C, size, size), whatever its proportions."""
    scaled = resize(image[None], (size, size))[0]
    return scaled if scaled.shape == image.shape else scaled.clamp_(0, 1)


def shares(size: int, length: int) -> Tensor:
    """Return the share (size, length) that each of so many pixels in a row has in those that it is scaled to; rows sum to 1."""
    pixels = torch.arange(length).float()
    scale = (pixels[-1:] + 1) / size  # from the pixels, since of a free length there is no number
    centres = (torch.arange(size).float() + 0.5) * scale - 0.5
    found = (1 - (pixels - centres[:, None]).abs() / scale.clamp(min=1)).clamp(min=0)  # (size, length)
    return found / found.sum(dim=1, keepdim=True)
