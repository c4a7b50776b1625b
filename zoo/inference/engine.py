"""The engine: a model on this machine, in its precision and memory layout, and as much of it at a time as is good here."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psutil
import torch
from torch import Tensor, nn

from zoo import hardware
from zoo.hardware.memory import give_back
from zoo.hardware.tuned import Winner

#: The keys of the group `trainer` that say how this machine is used.
HARDWARE = ("threads", "workers", "precision", "channels_last")
#: Bytes that a network takes for a pixel of its input, by precision: as measured of U-Net, whose maps are large, over the
#: large tiles of a scene, where the heap has gaps between tensors of many sizes; a call in fresh memory takes 0.7 of it.
#: That of bf16 is reckoned from such a call.
PIXEL = {"bf16-mixed": 400, "32-true": 580}
#: Bytes that all streams may take by `PIXEL`: with what is read ahead and waits to be written, 2 GB.
ROOM = int(1.4 * 1024**3)
#: Pixels of the side of a tile that is enough for a stream; of larger batches the maps leave the cache.
SIDE = 640


class Engine:
    """A model in evaluation mode and the settings that it computes by: as the `trainer` of its run has them, or was `tuned`."""

    def __init__(self, model: nn.Module, trainer: Mapping[str, Any], tuned: Winner | None = None) -> None:
        settings = {key: trainer[key] for key in HARDWARE if key in trainer}
        self.hardware = hardware.settle(model, tuned, **settings)  # as in training
        self.own_precision = self.hardware.precision
        hardware.apply(self.hardware)
        self.format = torch.channels_last if self.hardware.channels_last else torch.contiguous_format
        self.model = model.eval().to(memory_format=self.format)

    @contextmanager
    def computing(self) -> Iterator[None]:
        """Compute in the engine's precision, and learn nothing."""
        low = self.hardware.precision == "bf16-mixed"
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=low):
            yield

    def laid_out(self, images: Tensor) -> Tensor:
        """Return images (B, C, H, W) in memory as the model is."""
        return images.contiguous(memory_format=self.format)

    def compute_in(self, precision: str) -> None:
        """Go on in this precision."""
        self.hardware = replace(self.hardware, precision=precision)

    def room(self) -> int:
        """Return how many pixels may be in the network at a time: by the memory that is free, up to `ROOM`."""
        return int(min(ROOM, psutil.virtual_memory().available // 4) / PIXEL[self.hardware.precision])

    def streams(self, tile: int, batches: int) -> int:
        """Return how many of a scene's batches should be computed at a time, each by its share of the threads.

        One thread each is fastest, if there are so many and `ROOM` has room for them, whatever is free at the moment: an
        answer may depend on the threads.
        """
        threads = int(self.hardware.threads)
        room = max(1, int(ROOM / PIXEL[self.hardware.precision]) // (tile * tile))
        return max(count for count in range(1, min(threads, room, batches) + 1) if threads % count == 0)

    def begin(self, streams: int) -> None:
        """Give the thread that calls this its share of the math threads."""
        hardware.apply(replace(self.hardware, threads=self.hardware.threads // streams))

    def batch(self, tile: int) -> int:
        """Return how many tiles should go through a stream together: small ones as many as make `SIDE`, if they have room."""
        room = self.room() // int(self.hardware.threads)
        return max(1, min(SIDE * SIDE, room) // (tile * tile))


def relieve(images: Tensor) -> None:
    """Give memory back after images (B, C, H, W) so large that few of them fit a kept heap."""
    if len(images) * images.shape[-1] * images.shape[-2] > SIDE * SIDE:
        give_back()
