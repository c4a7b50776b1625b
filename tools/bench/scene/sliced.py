"""SAHI on the same network and tiles: what users of sliced inference have (https://github.com/obss/sahi, MIT)."""

from collections.abc import Callable
from typing import Any

import numpy as np

from recipes.imagery.images import unit
from recipes.inference.scenes import ScenePredictor
from recipes.inference.work import Work
from tools.bench.scene.speed import as_pixels
from zoo.errors import ZooError


def way(predictor: ScenePredictor, score: float) -> Callable[[Work], None]:
    """Return the way that predicts a work with SAHI; a ZooError says how to install it."""
    kind = wrapped()

    def predict(work: Work) -> None:
        from sahi.predict import get_sliced_prediction

        model = kind(model=predictor, confidence_threshold=score, device="cpu", load_at_init=True)
        model.work = work
        share = work.overlap / work.size
        get_sliced_prediction(
            as_pixels(work), model, work.size, work.size, share, share,
            perform_standard_pred=False, verbose=0, batch_size=work.batch * predictor.engine.streams(work.size, work.batches),
        )  # fmt: skip

    return predict


def wrapped() -> Any:
    """Return the class that gives SAHI a network of the zoo."""
    try:
        from sahi.models.base import DetectionModel
    except ImportError as error:
        raise ZooError("sahi is not installed: pip install 'task-zoo[bench]', or leave out --sahi") from error

    class Wrapped(DetectionModel):
        """A network of the zoo as SAHI wants it; slices go through it in the same batches."""

        work: Work

        def set_model(self, model: Any, **kwargs: Any) -> None:
            """Keep the model, and the names of its classes as SAHI wants them."""
            self.model = model
            self.category_mapping = {str(i): name for i, name in enumerate(model.classes)}

        def perform_batch_inference(self, images: list[np.ndarray]) -> None:
            """Run the network on slices (H, W, C)."""
            import torch

            values = self.work.source.values.value_range
            pixels = [unit(image, values).transpose(2, 0, 1) for image in images]
            self._original_predictions = self.model.answer({"images": torch.from_numpy(np.stack(pixels))})

        def _create_object_prediction_list_from_original_predictions(
            self, shift_amount_list: Any = None, full_shape_list: Any = None
        ) -> None:
            found = zip(self._original_predictions, shift_amount_list, full_shape_list, strict=True)
            least, names = self.confidence_threshold, self.category_mapping or {}
            self._object_prediction_list_per_image = [objects(*each, least, names) for each in found]

    return Wrapped


def objects(found: Any, shift: list[int], shape: list[int], least: float, names: dict[str, str]) -> list[Any]:
    """Return the detections of a slice in SAHI's own terms."""
    from sahi.prediction import ObjectPrediction

    return [
        ObjectPrediction(
            bbox=box,
            category_id=label,
            category_name=names[str(label)],
            score=score,
            shift_amount=shift,
            full_shape=shape,
        )
        for box, label, score in zip(*(found[key].tolist() for key in ("boxes", "labels", "scores")), strict=True)
        if score >= least and box[2] > box[0] and box[3] > box[1]
    ]
