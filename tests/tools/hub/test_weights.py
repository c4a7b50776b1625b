"""Weights of models: what is here is taken before the network is asked; `zoo pull`, `zoo verify` and `zoo cache`."""

import json
import os
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import save as save_safetensors
from torchvision.models.detection import ssdlite320_mobilenet_v3_large

import zoo
from tests.sources.hub_server import Fault, HubServer
from tests.tools.hub.card import put_card, sha
from tests.tools.hub.conftest import Zoo
from zoo.errors import ZooError
from zoo.registry.models import card
from zoo.sources import Source, fetch, patience
from zoo.sources.cache import Cache
from zoo.weights.files import fetch_weights, needed
from zoo.weights.pretrained import first_available

NEW, OLD = save_safetensors({"a": torch.ones(2)}), save_safetensors({"a": torch.zeros(2)})
HUB, WEB = "hf://me/model@main/model.safetensors", "https://localhost:9/old.safetensors"


@pytest.fixture
def model(hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A model with weights on the hub, without a checksum, and other ones in a second place, with one."""
    monkeypatch.chdir(tmp_path)
    hub.repository("me/model").put({"model.safetensors": NEW})
    put_card(
        tmp_path / "card_root",
        monkeypatch,
        "shelved",
        {"new": [f"{{uri: '{HUB}'}}", f"{{uri: '{WEB}', sha256: {sha(OLD)}, bytes: {len(OLD)}}}"]},
    )
    return "shelved"


def mirrored(folder: Path, patch: pytest.MonkeyPatch, files: dict[str, bytes]) -> None:
    for uri, content in files.items():
        path = folder / uri.replace("://", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    patch.setenv("ZOO_MIRROR", str(folder))


def test_every_source_has_checks_of_its_own(hub: HubServer, cache: Cache) -> None:
    hub.repository("me/a").put({"f": NEW})
    hub.repository("me/b").put({"f": OLD})
    sources = [Source("hf://me/a@main/f", sha(OLD)), Source("hf://me/b@main/f", sha(OLD), len(OLD))]
    assert fetch(sources).uri == "hf://me/b@main/f"
    with pytest.raises(
        ZooError, match=r"(?s)me/a@main/f \(network\): wrong checksum.*me/b@main/f .*wrong size"
    ) as told:
        fetch([Source("hf://me/a@main/f", sha(OLD)), Source("hf://me/b@main/f", sha(NEW), 7)])
    assert str(told.value).count("way out:") == 1


def test_a_second_source_that_is_here_comes_before_the_network(
    hub: HubServer, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirrored(tmp_path / "mirror", monkeypatch, {WEB: OLD})
    fetched, state = first_available(model, card(model).weights[0])
    assert (fetched.uri, fetched.origin, state["a"].sum()) == (WEB, "mirror", 0)
    assert hub.requests == []


def test_one_message_lists_all_that_was_tried(hub: HubServer, model: str, pauses: list[float]) -> None:
    hub.fail(Fault(status=503, times=99))
    with pytest.raises(ZooError) as told:
        first_available(model, card(model).weights[0])
    assert f"{HUB} (network): HTTP 503" in str(told.value)
    assert f"{WEB} (network): no connection" in str(told.value)
    assert str(told.value).endswith("To train from random weights all the same, say model.pretrained=false.")


def test_a_host_that_is_away_is_waited_for_once(
    hub: HubServer, model: str, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://no-such-host.invalid")
    for _ in range(3):
        with pytest.raises(ZooError, match="no connection"):
            fetch([HUB])
    assert pauses == list(patience.PAUSES)
    with pytest.raises(ZooError, match="no connection .* as before"):
        fetch(["hf://me/other@main/f"])
    assert pauses == list(patience.PAUSES)


def test_pull_says_where_and_what_next(hub: HubServer, model: str, called: Zoo) -> None:
    code, out, errors = called("pull", model)
    assert code == 0, errors
    commit = hub.repositories["me/model"].refs["main"]
    assert f"from      {HUB} (network, commit {commit})" in out
    assert sha(NEW) in out
    assert "next      python train.py task=detection data=… model.backbone=shelved" in out
    assert called("pull", f"{model}.new")[0] == 0
    code, _, errors = called("pull", f"{model}.newer")
    assert (code, "no weights 'newer' for shelved; it has new" in errors) == (2, True)
    code, _, errors = called("pull", "shelve")
    assert (code, "did you mean shelved" in errors) == (2, True)


def test_a_detector_needs_the_weights_of_its_backbone() -> None:
    assert [entry.name for entry, _ in needed("kestrel_nano")] == ["tf_efficientnet_lite0"]
    assert [entry.name for entry, _ in needed("ssd300")] == ["ssd300"]
    with pytest.raises(ZooError, match="no weights of its own"):
        needed("ds_cnn_s")


def test_verify_tells_ok_wrong_unknown_and_absent(
    hub: HubServer, model: str, called: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Cache
) -> None:
    def states() -> tuple[int, dict[str, str]]:
        code, out, _ = called("verify", model, "--json")
        return code, {finding["what"]: finding["state"] for finding in json.loads(out)}

    assert states() == (0, {HUB: "not here", WEB: "not here"})
    called("pull", model)
    mirrored(tmp_path / "mirror", monkeypatch, {WEB: OLD})
    assert states() == (0, {HUB: "unknown checksum", WEB: "ok"})
    mirrored(tmp_path / "mirror", monkeypatch, {WEB: OLD[:-1] + b"x"})
    assert states() == (1, {HUB: "unknown checksum", WEB: "wrong"})
    (entry,) = cache.entries()
    entry.path.write_bytes(OLD)  # of the same length, and without a checksum in the card: the cache's own facts tell
    assert states() == (1, {HUB: "wrong", WEB: "wrong"})
    code, out, _ = called("verify")
    assert (code, HUB in out, "not here" in out) == (1, True, True)
    assert entry.path.read_bytes() == OLD  # verify judges and does not remove


def test_verify_a_run(hub: HubServer, run: Path, parts: dict[str, bytes], called: Zoo) -> None:
    code, out, _ = called("verify", str(run))
    assert (code, out.count("unknown checksum")) == (0, 7)
    hub.repository("me/trees").put(parts)
    called("pull", "hf://me/trees")
    code, out, _ = called("verify", "hf://me/trees")
    assert (code, out.count("\nok"), "unknown" in out) == (0, 8, False)
    folder = zoo_run("hf://me/trees")
    (folder / "fit.json").write_text("{ }")
    (folder / "README.md").unlink()
    code, out, _ = called("verify", "hf://me/trees", "--json")
    wrong = {finding["what"] for finding in json.loads(out) if finding["state"] == "wrong"}
    assert (code, wrong) == (1, {"fit.json", "README.md"})


def zoo_run(name: str) -> Path:
    from zoo.runs.run import Run

    return Run.find(name).folder


def test_cache_lists_and_prunes(hub: HubServer, model: str, called: Zoo, cache: Cache) -> None:
    called("pull", model)
    fetch([f"hf://me/model@{hub.repositories['me/model'].refs['main']}/model.safetensors"])
    code, out, _ = called("cache")
    assert (code, f"2 files, {2 * len(NEW)} B" in out, HUB in out) == (0, True, True)
    record = next(path for path in (cache.root / "facts").rglob("*.json") if "@main" in str(path))
    os.utime(record, (time.time() - 40 * 86_400,) * 2)
    code, out, _ = called("cache", "prune", "--older-than", "30d", "--dry-run")
    assert (code, f"1 files, {len(NEW)} B would go" in out, len(cache.entries())) == (0, True, 2)
    assert "1 files" in called("cache", "prune", "--older-than", "30d")[1]
    assert "0 files" in called("cache", "prune", "--pattern", "pypi://*")[1]
    assert len(json.loads(called("cache", "--json")[1])) == 1
    assert "removed" in called("cache", "prune", "--all")[1]
    assert cache.entries() == []


@pytest.mark.parametrize("words", [(), ("--older-than", "soon"), ("--all", "--pattern", "*")])
def test_prune_wants_to_be_told(called: Zoo, cache: Cache, words: tuple[str, ...]) -> None:
    code, _, errors = called("cache", "prune", *words)
    assert (code, "--" in errors) == (2, True)


def test_weights_of_torchvision_fit_its_detector(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Cache) -> None:
    theirs = ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=None)
    weights = card("ssdlite320").weights[0]
    (tmp_path / "torchvision").mkdir()
    torch.save(theirs.state_dict(), tmp_path / "torchvision" / weights.sources[0].uri.partition("://")[2])
    monkeypatch.setenv("ZOO_MIRROR", str(tmp_path))
    assert fetch_weights(weights)[0].origin == "mirror"
    mine = zoo.create("ssdlite320", classes=3, bands=("red", "green", "blue", "nir"), pretrained=True)
    assert mine.provenance[0].tag == "coco"
    kept = [n for n, v in theirs.state_dict().items() if n.startswith("backbone.") and v.shape[1:2] != (3,)]
    assert len(kept) > 100
    assert all(torch.equal(mine.state_dict()[name], theirs.state_dict()[name]) for name in kept)
    assert torch.allclose(mine.normalise.mean.flatten(), torch.full((4,), 0.5))
