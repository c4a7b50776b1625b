"""The network of a run on this machine: its precision, its memory layout, and as many tiles a batch as are good here."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psutil

from zoo.errors import ZooError
from zoo.hardware.memory import give_back
from zoo.runs.run import Run

if TYPE_CHECKING:
    import numpy as np
    import torch

TASKS = ("detection", "segmentation")
#: Bytes that a network takes for a pixel of its input, by precision: as measured of U-Net, whose maps are large, over the
#: large tiles of a scene, where the heap has gaps between tensors of many sizes; a call in fresh memory takes 0.7 of it.
#: That of bf16 is reckoned from such a call.
PIXEL = {"bf16-mixed": 400, "32-true": 580}
#: Bytes that all streams may take by `PIXEL`: with what is read ahead and waits to be written, 2 GB.
ROOM = int(1.4 * 1024**3)
#: Pixels of the side of a tile that is enough for a stream; of larger batches the maps leave the cache.
SIDE = 640


class Network:
    """The model of a run, and what the run says of its data."""

    def __init__(self, run: Run, views: int = 1) -> None:
        import torch

        from zoo import hardware

        config, head = run.config, run.head()
        self.run, self.task = run, str(config["task"]["name"])
        if self.task not in TASKS:
            raise ZooError(f"run {run.folder} is for task {self.task}; zoo predict knows {' and '.join(TASKS)}")
        self.data: Mapping[str, Any] = config["data"]
        self.geometry = str(config["task"].get("geometry", "box"))
        self.instances = str(config["task"].get("instances", "none"))
        # of images in training, where boxes were learnt as shares of it; else 0
        self.side = int(head["options"].get("side", 0))
        self.classes, self.bands = tuple(head["classes"]), tuple(head["bands"])
        settings = config["trainer"]
        self.hardware = hardware.choose(
            settings["threads"], settings["workers"], settings["precision"], settings.get("channels_last", "auto")
        )
        hardware.apply(self.hardware)
        self.own_precision = self.hardware.precision
        self.views = views
        self.format = torch.channels_last if self.hardware.channels_last else torch.contiguous_format
        changed = {"views": views} if self.task == "detection" and views > 1 else {}
        self.answer = self.detections if self.task == "detection" else self.probabilities
        self.model = run.load_model(**changed).to(memory_format=self.format)

    def __call__(self, images: "torch.Tensor") -> Any:
        """Answer tiles (B, C, S, S): a list of detections, or the probabilities of the classes (B, K, S, S) float32."""
        import torch

        images = images.contiguous(memory_format=self.format)
        low = self.hardware.precision == "bf16-mixed"
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=low):
            answer = self.answer(images)
        if len(images) * images.shape[-1] * images.shape[-2] > SIDE * SIDE:
            give_back()
        return answer

    def detections(self, images: "torch.Tensor") -> Any:
        """Return what the detector finds; views are averaged in it."""
        return self.model(images)

    def probabilities(self, images: "torch.Tensor") -> Any:
        """Return probabilities, averaged over the views."""
        from zoo.segmentation.views import probabilities

        return probabilities(self.model, images, self.views)

    def compute_in(self, precision: str) -> None:
        """Go on in this precision."""
        self.hardware = replace(self.hardware, precision=precision)

    def ask(self, image: "np.ndarray") -> "np.ndarray":
        """Return the probabilities (K, H, W) of one image (C, H, W)."""
        import numpy as np
        import torch

        return np.asarray(self(torch.from_numpy(image[None]))[0])

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
        from zoo import hardware

        hardware.apply(replace(self.hardware, threads=self.hardware.threads // streams))

    def batch(self, tile: int) -> int:
        """Return how many tiles should go through a stream together: small ones as many as make `SIDE`, if they have room."""
        room = self.room() // int(self.hardware.threads)
        return max(1, min(SIDE * SIDE, room) // (tile * tile))
