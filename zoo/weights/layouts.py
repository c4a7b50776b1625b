"""Layouts: how the names and shapes of parameters in a foreign file map to ours, a function each."""

import re
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from zoo.weights import keras_layouts, movenet_layout, squeezenet_layout

State = dict[str, Tensor]


#: Blocks a stage of EfficientNet, by its scaling.
EFFICIENTNETS = {"lite0": (1, 2, 2, 3, 3, 4, 1), "lite1": (1, 3, 3, 4, 4, 5, 1), "b4": (2, 4, 4, 6, 6, 8, 2)}


def efficientnet(kind: str) -> Callable[[State], State]:
    """Return what renames rwightman-style EfficientNet parameters (flat blocks) to those of timm."""
    blocks = [f"blocks.{stage}.{i}" for stage, depth in enumerate(EFFICIENTNETS[kind]) for i in range(depth)]
    top = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier"}
    squeeze = {"_se_reduce": "se.conv_reduce", "_se_expand": "se.conv_expand"}
    first = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2", **squeeze}
    other = {
        "_expand_conv": "conv_pw", "_bn0": "bn1", "_depthwise_conv": "conv_dw",
        "_bn1": "bn2", "_project_conv": "conv_pwl", "_bn2": "bn3", **squeeze,
    }  # fmt: skip

    def rename(name: str) -> str:
        parts = name.split(".")
        if parts[0] != "_blocks":
            return ".".join([top[parts[0]], *parts[1:]])
        block = blocks[int(parts[1])]
        return ".".join([block, (first if block.startswith("blocks.0.") else other)[parts[2]], *parts[3:]])

    return lambda state: {rename(name): tensor for name, tensor in state.items()}


def renaming(beginnings: Mapping[str, str]) -> Callable[[State], State]:
    """Return what renames parameters by how their names begin; others stay."""

    def renamed(state: State) -> State:
        found = {name: next((old for old in beginnings if name.startswith(old)), "") for name in state}
        return {beginnings.get(old, "") + name.removeprefix(old): state[name] for name, old in found.items()}

    return renamed


def csmask(state: State) -> State:
    """Rename segmentation-models-pytorch's U-Net on EfficientNet-B4, as its ONNX graph names it, to ours; float32."""
    parts: dict[str, State] = {"encoder": {}, "decoder": {}, "segmentation_head": {}}
    for name, tensor in state.items():
        _, part, rest = name.split(".", 2)
        parts[part][rest] = tensor.float()
    encoder = renaming({"conv_stem.": "stem.0.", "bn1.": "stem.1."})(efficientnet("b4")(parts["encoder"]))
    named = {"backbone": encoder, "decoder": parts["decoder"], "head": parts["segmentation_head"]}
    return {f"{part}.{name}": tensor for part, own in named.items() for name, tensor in own.items()}


def csmask_encoder(state: State) -> State:
    """Return the encoder of that U-Net alone, in our names."""
    whole = csmask(state)
    return {name.removeprefix("backbone."): whole[name] for name in whole if name.startswith("backbone.")}


#: NanoDet-g's convolutions with a rectifier, in the order of its graph.
NANODET = [
    "backbone.stem.0",
    *(
        f"backbone.stages.{stage}.{name}"
        for stage, blocks in enumerate((1, 2, 2, 3))
        for name in ("enter", *(f"blocks.{i}.{part}" for i in range(blocks) for part in ("first", "second")), "leave")
    ),
]


def nanodet(state: State) -> State:
    """Rename NanoDet-g's weights, as TensorFlow.js has them in the order of the graph; heads give classes and distances in one.

    Kernels (h, w, in, out) are turned to (out, in, h, w).
    """
    biases = iter([f"unknown_{2 * i}" for i in (*range(28), 30, 31, 33, 34, 35, 36)])
    found: State = {}
    heads = [name for i in range(3) for name in (f"towers.{i}.0", f"logits.{i}")]
    for i, name in enumerate([*(f"{name}.0" for name in NANODET), *(f"lateral.{i}" for i in range(3)), *heads]):
        kernel = state["PartitionedCall/split" + (f"_{i}" if i else "")].permute(3, 2, 0, 1).contiguous()
        found |= {f"{name}.weight": kernel, f"{name}.bias": state[next(biases)]}
    for i in range(3):
        for kind in ("weight", "bias"):
            both = found[f"logits.{i}.{kind}"]
            found[f"logits.{i}.{kind}"], found[f"distances.{i}.{kind}"] = both[:80], both[80:]
    return found


#: Fracast: our names of its modules, and of what lies in its blocks.
FRACAST = {
    "core.in_proj.": "enter.", "core.periodic.proj.": "phase.", "core.scale.to_gb.": "scale.", "core.block.": "filter.",
    "core.norm.": "norm.", "head.summary_proj.": "summary.", "head.queries": "queries", "head.decoder_ffns.0.": "gated.",
    "head.decoder_norms.0.": "gated_norm.", "head.fc_blocks.": "smooth.", "head.future_conv.in_proj.": "season.",
    "head.future_conv.block.": "season_filter.", "head.future_conv.out_proj.": "season_leave.", "head.out_proj.": "leave.",
}  # fmt: skip
FRACAST_BLOCK = {
    "dw_": "depthwise.", "pw.": "mix.", "ffn.": "gated.", "norm1.": "first.", "norm2.": "second.",
}  # fmt: skip


def fracast(state: State) -> State:
    """Rename Fracast-0's parameters to ours."""

    def rename(name: str) -> str:
        for old, new in FRACAST_BLOCK.items():
            name = re.sub(rf"((?:^|\.)(?:filter|season_filter|smooth\.\d)\.){re.escape(old)}", rf"\g<1>{new}", name)
        return name

    return {rename(name): tensor for name, tensor in renaming(FRACAST)(state).items()}


#: torchvision's detectors on a feature pyramid, and its SSD300, whose conv5 to fc7 are one block.
TORCHVISION_PYRAMID = {"backbone.body.": "backbone.trunk.model.", "backbone.fpn.": "neck.fpn."}
TORCHVISION_SSD = {
    "backbone.features.": "backbone.trunk.model.features.",
    **{f"backbone.extra.0.{i}.": f"backbone.trunk.model.features.{23 + i}." for i in (1, 3, 5)},
    "backbone.extra.0.7.": "maps.fc.",
    **{f"backbone.extra.{i}.": f"maps.extra.{i - 1}." for i in range(1, 5)},
    "backbone.scale_weight": "maps.scale_weight",
}


def speech_embedding(state: State) -> State:
    """Rename the convolutions of Google's speech embedding, as tf2onnx names them, to our layers; drop its constants."""
    kinds = {"weights_fused_bn": "weight", "ReadVariableOp:0": "weight", "bias_fused_bn": "bias"}
    found = {name: re.fullmatch(r"model/conv2d(?:_(\d+))?/Conv2D[_/](.+)", name) for name in state}
    return {f"layers.{m[1] or 0}.{kinds[m[2]]}": state[name] for name, m in found.items() if m}


#: Layers of Whisper, as CTranslate2 names them; `linear_0` of self-attention is query, key and value in one.
WHISPER = {
    "self_attention/layer_norm": "self_attn_layer_norm", "self_attention/linear_1": "self_attn.out_proj",
    "attention/layer_norm": "encoder_attn_layer_norm", "attention/linear_0": "encoder_attn.q_proj",
    "attention/linear_2": "encoder_attn.out_proj",
    "ffn/layer_norm": "final_layer_norm", "ffn/linear_0": "fc1", "ffn/linear_1": "fc2",
}  # fmt: skip
WHISPER_TOP = {
    "position_encodings/encodings": "embed_positions.weight",
    "embeddings/weight": "embed_tokens.weight",
    **{f"conv{i}/{kind}": f"conv{i}.{kind}" for i in (1, 2) for kind in ("weight", "bias")},
}


def whisper(state: State) -> State:
    """Rename Whisper's parameters, as CTranslate2 has them, to those of transformers; float32. Keys have no bias there."""
    kinds = {"gamma": "weight", "beta": "bias", "weight": "weight", "bias": "bias"}
    stacked = {"self_attention/linear_0": ("self_attn", "qkv"), "attention/linear_1": ("encoder_attn", "kv")}
    found: State = {"tokenizer.description": state["tokenizer.json"], "config": state["config.json"]}
    for name, tensor in state.items():
        match = re.fullmatch(r"(encoder|decoder)/(?:layer_(\d+)/)?(.+)", name)
        if match is None or not tensor.is_floating_point():
            continue
        side, layer, rest = match.groups()
        module, _, kind = rest.rpartition("/")
        if layer is None:
            new = WHISPER_TOP.get(rest) or (f"layer_norm.{kinds[kind]}" if module == "layer_norm" else None)
            found |= {f"network.{side}.{new}": tensor.float()} if new else {}
        elif module in stacked:
            where, order = stacked[module]
            for letter, part in zip(order, tensor.float().chunk(len(order)), strict=True):
                if (letter, kind) != ("k", "bias"):
                    found[f"network.{side}.layers.{layer}.{where}.{letter}_proj.{kind}"] = part.contiguous()
        else:
            found[f"network.{side}.layers.{layer}.{WHISPER[module]}.{kinds[kind]}"] = tensor.float()
    return found


def minilm(state: State) -> State:
    """Rename a sentence encoder of BERT's kind to our network; what pools is left out, since the mean does."""
    left_out = ("pooler.", "embeddings.position_ids", "tokenizer.json")
    named = {f"network.{name}": tensor for name, tensor in state.items() if not name.startswith(left_out)}
    return {**named, "tokenizer.description": state["tokenizer.json"]}


def silero_vad(state: State) -> State:
    """Rename Silero's parameters: the recurrent cell is a layer, the convolution of one point at the end is linear."""
    names = {"stft_conv": "stft", "final_conv": "classifier", **{f"conv{i + 1}": f"encoder.{i}" for i in range(4)}}
    renamed = {}
    for name, tensor in state.items():
        module, _, parameter = name.partition(".")
        new = f"lstm.{parameter}_l0" if module == "lstm_cell" else f"{names[module]}.{parameter}"
        renamed[new] = tensor[..., 0] if new == "classifier.weight" else tensor
    return renamed


#: ESPNet: our names of its modules, and of what lies in its pyramids.
ESPNET = {
    "encoder.level1.conv.": "backbone.first.0.", "encoder.level1.": "backbone.first.1.",
    **{f"encoder.b{i + 1}.": f"backbone.activate.{i}." for i in range(3)},
    **{f"encoder.level{i + 2}_0.": f"backbone.down.{i}." for i in range(2)},
    **{f"encoder.level{i + 2}.": f"backbone.levels.{i}." for i in range(2)},
    "encoder.classifier.conv.": "third.0.", "br.": "third.1.", "up_l3.0.": "third.2.", "level3_C.conv.": "second.",
    "combine_l2_l3.0.": "combine.0.", "combine_l2_l3.1.": "combine.1.module.", "up_l2.0.": "combine.2.",
    "up_l2.1.": "combine.3.", "conv.conv.": "first.0.", "conv.": "first.1.", "classifier.": "head.",
}  # fmt: skip
ESPNET_PYRAMID = {"c1.conv": "reduce", **{f"d{2**i}.conv": f"transform.{i}" for i in range(5)}}
#: Where the image comes in, as the last three channels of an axis: the parameters, and the axis.
ESPNET_IMAGE = {
    "backbone.first.0": 1, "backbone.down.0.reduce": 1, "backbone.down.1.reduce": 1, "second": 1, "first.0": 1,
    **{f"backbone.activate.{i}.{j}": 0 for i in range(2) for j in range(2)},
}  # fmt: skip


def espnet(state: State) -> State:
    """Rename ESPNet's parameters to ours; its images are blue, green and red, ours are turned to red, green and blue."""

    def rename(name: str) -> str:
        module, _, parameter = name.rpartition(".")
        for old, new in ESPNET_PYRAMID.items():
            module = re.sub(rf"{re.escape(old)}$", new, module)
        pyramid = module.startswith(("backbone.down.", "backbone.levels.", "combine.1.module."))
        ends = (("bn.bn", "activate.0"), ("bn.act", "activate.1"), ("act", "activate.1"), ("bn", "activate.0"))
        for old, new in ends:
            if module == old or module.endswith(f".{old}"):
                module = module.removesuffix(old) + (new if pyramid else new.removeprefix("activate."))
                break
        return f"{module}.{parameter}"

    found = {rename(name): tensor for name, tensor in renaming(ESPNET)(state).items()}
    for name, tensor in found.items():
        axis = ESPNET_IMAGE.get(name.rpartition(".")[0])
        if axis is not None:
            C = tensor.shape[axis]
            order = torch.tensor([*range(C - 3), C - 1, C - 2, C - 3])
            found[name] = tensor.index_select(axis, order)
    return found


#: How the names in a file map to ours; a card's `layout` names one.
LAYOUTS: dict[str, Callable[[State], State]] = {
    "native": lambda state: state,
    "silero_vad": silero_vad,
    "efficientnet_lite0": efficientnet("lite0"),
    "efficientnet_lite1": efficientnet("lite1"),  # and lite2, which is wider and no deeper
    "squeezenet_published": squeezenet_layout.published,
    "resnet8": keras_layouts.resnet8,
    "mobilenet_tiny": keras_layouts.mobilenet_tiny,
    "whisper": whisper,
    "fracast": fracast,
    "minilm": minilm,
    "nanodet": nanodet,
    "movenet": movenet_layout.movenet,
    "movenet_multipose": movenet_layout.multipose,
    "espnet": espnet,
    "csmask": csmask,
    "csmask_encoder": csmask_encoder,
    "speech_embedding": speech_embedding,
    "torchvision_pyramid": renaming(TORCHVISION_PYRAMID),
    "torchvision_ssd": renaming(TORCHVISION_SSD),
}
