"""Repositories that want more than to be a run: each is refused, in a sentence, and nothing of it is left as a run."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import save_file

from tests.sources.hub_server import HubServer
from tests.tools.hub.conftest import CARD, CONFIG, HEAD, Zoo, pulled_folders
from zoo.registry import front_matter

Parts = dict[str, bytes]


class Trap:
    """An object whose unpickling leaves a mark in the working directory."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return Path.touch, (Path("trapped"),)  # type: ignore[return-value]


def config(change: Callable[[dict[str, Any]], object]) -> bytes:
    """Return a configuration with a change."""
    changed = json.loads(json.dumps(CONFIG))
    change(changed)
    return yaml.safe_dump(changed).encode()


def weights(path: Path, **change: Any) -> bytes:
    """Return weights of one tensor with a changed head."""
    save_file({"a": torch.zeros(2)}, path, metadata={"zoo": json.dumps({**HEAD, **change})})
    return path.read_bytes()


@pytest.fixture
def refused(hub: HubServer, parts: Parts, called: Zoo, tmp_path: Path) -> Callable[[Parts, str], None]:
    """Push a repository with other files, pull it, and look at what is said and what is left."""

    def check(files: Parts, said: str) -> None:
        commit = hub.repository("me/evil").put(parts | files)
        code, _, errors = called("pull", "hf://me/evil")
        assert (code, said in errors) == (2, True), errors
        assert "Traceback" not in errors
        assert pulled_folders(tmp_path) == []
        assert not (tmp_path / "trapped").exists()
        assert called("predict", f"hf://me/evil@{commit}", ".")[0] == 2

    return check


@pytest.mark.parametrize("name", ["../evil.json", "plots/../../evil.png", "/etc/evil.json", "plots//a.png", "C:/a.png"])
def test_names_that_lead_outside(refused: Callable[[Parts, str], None], name: str) -> None:
    refused({name: b"{}"}, "could lead out of its folder")


def test_a_pickle_under_the_name_of_the_weights(refused: Callable[[Parts, str], None]) -> None:
    refused({"weights.safetensors": pickle.dumps(Trap())}, "damaged")


def test_pickles_beside_the_weights_are_not_even_fetched(
    hub: HubServer, parts: Parts, called: Zoo, tmp_path: Path
) -> None:
    trap = pickle.dumps(Trap())
    names = ["pytorch_model.bin", "model.pth", "checkpoints/last.ckpt", "plots/a.pkl", "hubconf.py"]
    hub.repository("me/evil").put(parts | dict.fromkeys(names, trap))
    code, _, errors = called("pull", "hf://me/evil")
    assert code == 0, errors
    assert not any(hub.seen("GET", f"/{name}") for name in names)
    (folder,) = pulled_folders(tmp_path)
    assert {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} == set(parts)
    assert not (tmp_path / "trapped").exists()


def test_a_symbolic_link_comes_as_the_text_that_it_is(refused: Callable[[Parts, str], None]) -> None:
    refused({"weights.safetensors": b"../../../../etc/passwd"}, "damaged")  # git keeps a link as its target's path


@pytest.mark.parametrize(
    ("card", "said"),
    [
        (CARD.replace("license:", "build: os:system\nlicense:").encode(), "names code to import (build: 'os:system')"),
        (CARD.replace("apache-2.0", "!!python/object/apply:os.system [id]").encode(), "tag"),
        (b"---\na: &a [1]\nb: [*a]\n---\n", "anchors"),
        (b"---\nname: x\n---\n" + b"x" * 50_000_000, f"it may have {front_matter.MAX_BYTES}"),
    ],
)
def test_cards(refused: Callable[[Parts, str], None], hub: HubServer, card: bytes, said: str) -> None:
    refused({"README.md": card}, said)
    assert len(card) < front_matter.MAX_BYTES or not hub.seen(
        "GET", "/README.md"
    )  # 50 MB are not fetched to be refused


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (config(lambda c: c["data"].update(_target_="os.system")), "data._target_ names 'os.system'"),
        (config(lambda c: c["data"].update(augment=[{"_target_": "subprocess.run"}])), "data.augment.0._target_"),
        (config(lambda c: c["data"].update(root="${oc.env:HF_TOKEN}")), "interpolation"),
        (config(lambda c: c.pop("trainer")), "has no trainer.threads"),
        (b"- 1\n", "has no task.name"),
        (
            b"task: !!python/object/apply:os.system [touch trapped]\n",
            "line 1: the tag 'tag:yaml.org,2002:python/object/apply:os.system' is not allowed",
        ),
        (b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "line 2: an alias is not allowed"),
        (b"a: [\n", "not plain YAML"),
        (b"[" * 100_000, "not plain YAML"),
        (b"task: \xff\n", "not UTF-8"),
    ],
)
def test_configurations(refused: Callable[[Parts, str], None], content: bytes, said: str) -> None:
    refused({"config.yaml": content}, said)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model": "nothing"}, "a model that is not registered here"),
        ({"model": "../../evil"}, "a model that is not registered here"),
        ({"model": ["kestrel_nano"]}, "must give 'model' as a str"),
        ({"options": {"no_such": 1}}, "option no_such=1 does not fit"),
        ({"options": {"channels": "os.system"}}, "option channels='os.system' does not fit"),
        ({"options": {"channels": -16}}, "cannot be built"),
        ({"options": {"backbone": "nothing"}}, "cannot be built"),
        ({"options": {"strides": [[8]]}}, "does not fit"),
        ({"classes": [1]}, "'classes' in their head must be names"),
        ({"bands": [1, 2]}, "'bands' in their head must be names"),
        ({}, "do not fit kestrel_nano"),
        ({"options": {"channels": 10**6}}, "is far from"),
        ({"model": "ds_cnn_s", "options": {"mel_bands": 10**9}, "bands": ["waveform"]}, "is far from 40"),
        ({"model": "dfine", "options": {"layers": 10**7}}, "is far from 3"),
        ({"model": "dfine", "options": {"strides": [8, 16, 10**7]}}, "is far from"),
        ({"model": "ds_cnn_s", "options": {}, "bands": ["waveform"]}, "do not fit ds_cnn_s"),
    ],
)
def test_heads(refused: Callable[[Parts, str], None], tmp_path: Path, change: dict[str, Any], said: str) -> None:
    refused({"weights.safetensors": weights(tmp_path / "w", **change)}, said)


def test_a_head_that_is_not_json(refused: Callable[[Parts, str], None], tmp_path: Path) -> None:
    save_file({"a": torch.zeros(1)}, tmp_path / "w", metadata={"zoo": "["})
    refused({"weights.safetensors": (tmp_path / "w").read_bytes()}, "not JSON")


def test_another_model_than_the_configuration_says(refused: Callable[[Parts, str], None]) -> None:
    refused({"config.yaml": config(lambda c: c["model"].update(name="ssd300"))}, "names 'ssd300'")


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"[1]", "expected an object"), (b"{", "not JSON"), (b'{"test/map_50": "<b>"}', "expected a number")],
)
def test_metrics(refused: Callable[[Parts, str], None], content: bytes, said: str) -> None:
    refused({"metrics.json": content}, said)
