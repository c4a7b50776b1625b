"""Suppression in the operators of OpenVINO and of ONNX, in the place of the node `zoo::Suppressed` of the graph.

Both formats select indices; the scores of what is selected are put back among zeros, so that shapes stay fixed.
"""

import math
from dataclasses import dataclass
from typing import Any

from zoo.detection.fixed_graph import DOMAIN, SUPPRESSED


@dataclass(frozen=True)
class Suppression:
    """Which boxes stay: of `geometry`, over a score, none that overlaps a better one by more, at most `limit` a class."""

    geometry: str
    overlap: float
    score: float
    limit: int

    def extension(self) -> Any:
        """Return what has OpenVINO read the node."""
        from openvino.frontend.onnx import ConversionExtension

        return ConversionExtension(
            SUPPRESSED, DOMAIN, lambda node: [self.openvino(node.get_input(0), node.get_input(1)).output(0)]
        )

    def openvino(self, boxes: Any, scores: Any) -> Any:
        """Return the node of scores (B, K, P), suppressed, from the nodes of boxes (B, P, D) and scores (B, K, P)."""
        import numpy as np
        import openvino.opset13 as op

        thresholds = [np.int64(self.limit), np.float32(self.overlap), np.float32(self.score)]
        if self.geometry == "rotated_box":
            to_radians = np.array([1, 1, 1, 1, math.pi / 180], np.float32)
            # our angles are counter-clockwise as one sees them
            found = op.nms_rotated(
                op.multiply(boxes, to_radians), scores, *thresholds, sort_result_descending=False, clockwise=False
            )
        else:
            found = op.non_max_suppression(
                boxes, scores, *thresholds, box_encoding="corner", sort_result_descending=False, output_type="i64"
            )
        values = op.gather(found.output(1), np.int64(2), np.int64(1))  # columns: image, class, score
        zeros = op.broadcast(np.float32(0), op.shape_of(scores))
        return op.scatter_nd_update(zeros, found.output(0), values)

    def onnx(self, model: Any) -> None:
        """Replace the node in an ONNX model of axis-aligned boxes, in place, so that none but ONNX's own is left."""
        import numpy as np
        from onnx import helper, numpy_helper

        graph = model.graph
        place, node = next((i, n) for i, n in enumerate(graph.node) if n.op_type == SUPPRESSED)
        (boxes, scores), (left,) = node.input, node.output
        constants: dict[str, Any] = {
            "zoo_limit": np.array(self.limit, np.int64),
            "zoo_overlap": np.array(self.overlap, np.float32),
            "zoo_score": np.array(self.score, np.float32),
        }
        graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in constants.items())
        nodes = [
            helper.make_node("NonMaxSuppression", [boxes, scores, *constants], ["zoo_selected"]),
            helper.make_node("GatherND", [scores, "zoo_selected"], ["zoo_values"]),
            helper.make_node("Shape", [scores], ["zoo_shape"]),
            helper.make_node("ConstantOfShape", ["zoo_shape"], ["zoo_zeros"]),
            helper.make_node("ScatterND", ["zoo_zeros", "zoo_selected", "zoo_values"], [left]),
        ]
        graph.node.remove(node)
        for offset, made in enumerate(nodes):
            graph.node.insert(place + offset, made)
        model.opset_import.remove(next(entry for entry in model.opset_import if entry.domain == DOMAIN))
