"""Addresses: each scheme taken apart, and no text at all that leads out of the cache or the mirror."""

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from zoo.errors import ZooError
from zoo.sources.address import Address, below, check_path, parse
from zoo.sources.cache import Cache

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("uri", "root", "revision", "path"),
    [
        ("hf://me/model@v1/sub/model.safetensors", "me/model", "v1", "sub/model.safetensors"),
        ("hf://me/model/model.safetensors", "me/model", "main", "model.safetensors"),
        ("hf://datasets/me/data@v1/a.csv", "datasets/me/data", "v1", "a.csv"),
        ("timm://resnet50.a1_in1k", "resnet50.a1_in1k", "", ""),
        ("torchvision://ResNet50_Weights.IMAGENET1K_V1", "ResNet50_Weights.IMAGENET1K_V1", "", ""),
        ("pypi://deepforest==2.1.0/deepforest/data/a.png", "deepforest", "2.1.0", "deepforest/data/a.png"),
        ("github://numenta/NAB@ea702d7/data/a b.csv", "numenta/NAB", "ea702d7", "data/a b.csv"),
        ("https://host:8080/a/b.pth?x=1", "host:8080", "x=1", "a/b.pth"),
        ("file:///data/a.csv", "", "", "data/a.csv"),
    ],
)
def test_parts(uri: str, root: str, revision: str, path: str) -> None:
    assert parse(uri) == Address(uri, uri.split(":", maxsplit=1)[0], root, revision, path)


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("hff://me/model@v1/a", "did you mean hf"),
        ("model.safetensors", "no known scheme"),
        ("pypi://deepforest/a.png", "pypi://package==version/path"),
        ("pypi://--index-url==1/a.png", "pypi://package==version/path"),
        ("pypi://deepforest==2.1.0", "pypi://package==version/path"),
        ("github://numenta/NAB/a.csv", "github://owner/repo@commit/path"),
        ("file://data/a.csv", "file:///absolute/path"),
        ("hf://me/model@v1/../a", "lead out"),
        ("hf://me/model@../a", "lead out"),
        ("hf://me/model@a%2F..%2Fb/a", "lead out"),
        ("pypi://deepforest==2.1.0//etc/passwd", "lead out"),
        ("github://numenta/NAB@ea702d7/C:/a.csv", "lead out"),
        ("github://numenta/NAB@ea702d7/a\\b", "lead out"),
        ("github://numenta/NAB@ea702d7/a\0b", "lead out"),
        ("https://host/a/%2e%2e/b", "lead out"),
        ("file:///a/%2e%2e/b", "lead out"),
        ("file:///a/../b", "lead out"),
    ],
)
def test_refused(uri: str, told: str) -> None:
    with pytest.raises(ZooError, match=told.replace("?", r"\?")) as caught:
        parse(uri)
    assert repr(uri) in str(caught.value)


_HEADS = ["hf://me/model@v1/", "pypi://a==1/", "github://a/b@c/", "https://host/", "https://host/a?", "hf://me/model@"]
_PIECES = st.sampled_from(
    ["..", ".", "/", "\\", "a", "%2e", "%2F", "%5c", "\0", "C:", "?", "#", "@", " ", "é", ":", "*"]
)


@example("https://host/a?", "/..")
@settings(max_examples=500)
@given(st.sampled_from(_HEADS), st.lists(_PIECES, max_size=8).map("".join))
def test_no_text_leads_out_of_the_cache(head: str, tail: str) -> None:
    try:
        address = parse(head + tail)
    except ZooError:
        return
    root = Path("/cache")
    inside = PurePosixPath(Cache(root).path(address)).relative_to(root / "files")
    assert ".." not in inside.parts
    assert not set("\\\0:?*") & set(str(inside))
    assert ".." not in address.mirror_parts


def test_two_addresses_never_share_a_place() -> None:
    uris = [
        "https://h/a?b",
        "https://h/a",
        "https://h/a%3Fb",
        "https://h/c/a?b",
        "github://a/b@c/ab:d",
        "github://a/b@c/ab%3Ad",
    ]
    assert len({parse(uri).cache_parts for uri in uris}) == len(uris)


def test_only_commits_of_the_hub_are_fixed() -> None:
    assert parse(f"hf://me/model@{COMMIT}/a").fixed
    assert not parse("hf://me/model@main/a").fixed
    assert parse("github://a/b@c/d").fixed


@pytest.mark.parametrize("base", ["github://a/b@c", "github://a/b@c/data/", "https://host/data", "pypi://a==1/a"])
def test_files_below_a_folder_lie_below_its_place(base: str) -> None:
    folder = parse(base, folder=True)
    place = Cache(Path("/cache"))
    assert place.path(below(folder, "é x/b+c.csv")) == place.path(folder) / "é x" / "b+c.csv"


@pytest.mark.parametrize("path", ["../a", "/a", "a//b", "a:b", "a?b", "", "a%3Ab"])
def test_no_odd_name_below_a_folder(path: str) -> None:
    with pytest.raises(ZooError):
        below(parse("github://a/b@c", folder=True), path)


def test_check_path_returns_the_parts() -> None:
    assert check_path("a/b c/d", "x") == ("a", "b c", "d")
