"""timm:// and torchvision://: names looked up in the installed libraries."""

import hashlib
from types import SimpleNamespace

import pytest

from tests.sources.conftest import files_below
from tests.sources.hub_server import HubServer
from zoo.errors import ZooError
from zoo.sources import fetch, names
from zoo.sources.address import parse
from zoo.sources.cache import Cache
from zoo.sources.failure import SourceFailedError

CONTENT = b"not really weights" * 1000


def test_timm_through_its_hub_repository(hub: HubServer) -> None:
    commit = hub.repository("timm/resnet18.a1_in1k").put({"model.safetensors": CONTENT})
    found = fetch(["timm://resnet18.a1_in1k"], sha256=hashlib.sha256(CONTENT).hexdigest())
    assert (found.path.read_bytes(), found.uri, found.revision) == (CONTENT, "timm://resnet18.a1_in1k", commit)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("resnet18.nothing", "Invalid pretrained tag"),
        ("resnet17x.a1", "timm has no model 'resnet17x.a1'"),
        ("test_vit.nothing", "Invalid pretrained tag"),
    ],
)
def test_what_timm_does_not_know(hub: HubServer, name: str, told: str) -> None:
    with pytest.raises(ZooError, match=told):
        fetch([f"timm://{name}"])
    assert hub.requests == []


@pytest.mark.parametrize("name", ["ResNet50_Weights.IMAGENET1K_V2", "resnet50.IMAGENET1K_V2"])
def test_torchvision_tells_the_file_and_how_its_hash_begins(name: str) -> None:
    address, start = names.behind_torchvision(parse(f"torchvision://{name}"))
    assert (address.scheme, address.path.rsplit("/", 1)[-1], start) == ("https", "resnet50-11ad3fa6.pth", "11ad3fa6")


@pytest.mark.parametrize("name", ["ResNet50_Weights.NOTHING", "resnet50.NOTHING", "nothing.DEFAULT", "No_Weights.X"])
def test_what_torchvision_does_not_know(name: str) -> None:
    with pytest.raises(SourceFailedError, match=f"torchvision has no weights '{name}'"):
        names.behind_torchvision(parse(f"torchvision://{name}"))


def test_torchvision_files_are_checked_by_the_hash_in_their_name(
    web: HubServer, monkeypatch: pytest.MonkeyPatch, cache: Cache
) -> None:
    uri, sha256 = "torchvision://ResNet18_Weights.IMAGENET1K_V1", hashlib.sha256(CONTENT).hexdigest()
    web.files |= {f"/resnet18-{sha256[:8]}.pth": CONTENT, "/resnet18-00000000.pth": CONTENT}
    weight = SimpleNamespace(url=f"{web.url}/resnet18-00000000.pth")
    monkeypatch.setattr("torchvision.models.get_weight", lambda name: weight)
    with pytest.raises(ZooError, match="should have a sha256 that begins with 00000000"):
        fetch([uri], sha256=sha256)
    assert [path for path in files_below(cache.root) if not path.startswith("locks")] == []
    weight.url = f"{web.url}/resnet18-{sha256[:8]}.pth"
    assert fetch([uri], sha256=sha256).path.read_bytes() == CONTENT
