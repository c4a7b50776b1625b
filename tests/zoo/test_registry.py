"""The registry: card_roots, names, and which code a card may name."""

import sys
from pathlib import Path

import pytest

import zoo
from tests.zoo.conftest import Writer
from zoo.registry import index
from zoo.registry.card_roots import _installed, card_roots
from zoo.registry.cards import read
from zoo.registry.models import builder

CODE = "def build(classes, bands, **options):\n    return ('built', classes, bands, options)\n"


@pytest.fixture(autouse=True)
def _forget_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("tiny_code", "other_code", "acme_models", "acme_models.tiny_code"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def test_a_folder_in_zoo_path_adds_a_model_with_its_code(write_card: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_card(code=CODE)
    monkeypatch.setenv("ZOO_PATH", str(path.parent))
    before = list(sys.path)
    assert zoo.card("tiny", "detection").path == path
    assert "tiny" in zoo.cards()
    assert builder(zoo.card("tiny"))(3, 4) == ("built", 3, 4, {})
    assert sys.path == before


def test_a_readme_is_no_card(write_card: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_card()
    path.with_name("README.md").write_text("hello", encoding="utf-8")
    monkeypatch.setenv("ZOO_PATH", str(path.parent))
    assert "tiny" in zoo.cards()


def test_a_name_that_is_there_twice_names_both_files(write_card: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_card("ssd300")
    monkeypatch.setenv("ZOO_PATH", str(path.parent))
    with pytest.raises(zoo.ZooError) as raised:
        zoo.card("kestrel_nano")
    assert str(path) in str(raised.value)
    assert str(Path("zoo", "detection", "ssd300.md")) in str(raised.value)


def test_a_card_is_named_as_its_file(write_card: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_card(change=("name: tiny", "name: huge"))
    monkeypatch.setenv("ZOO_PATH", str(path.parent))
    with pytest.raises(zoo.ZooError, match="calls itself 'huge'"):
        zoo.card("tiny")
    assert zoo.card("ssd300").name == "ssd300"  # a broken card hides no other


def test_a_missing_folder_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOO_PATH", "/no/such/folder")
    with pytest.raises(zoo.ZooError, match="ZOO_PATH names '/no/such/folder'"):
        zoo.cards()


@pytest.mark.parametrize("name", ["tiny", "ssd300"])
def test_a_card_from_elsewhere_names_no_code(write_card: Writer, name: str, tmp_path: Path) -> None:
    mark = tmp_path / "executed"
    downloaded = write_card(name, folder="downloads", code=f"open({str(mark)!r}, 'w')\n{CODE}")
    with pytest.raises(zoo.ZooError, match="is not registered, so its build"):
        builder(read(downloaded))
    assert not mark.exists()


@pytest.mark.parametrize("build", ["os:system", "zoo.runs.run:is_run", "json.tool:main"])
def test_a_card_names_code_of_its_own_root_only(
    write_card: Writer, monkeypatch: pytest.MonkeyPatch, build: str
) -> None:
    path = write_card(change=("build: tiny_code:build", f"build: {build}"))
    monkeypatch.setenv("ZOO_PATH", str(path.parent))
    with pytest.raises(zoo.ZooError, match="outside"):
        builder(zoo.card("tiny"))


def test_missing_code_is_said(write_card: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_card(code="x = 1\n")
    write_card("other")
    monkeypatch.setenv("ZOO_PATH", str(path.parent))
    with pytest.raises(zoo.ZooError, match="has no function 'build'"):
        builder(zoo.card("tiny"))
    with pytest.raises(zoo.ZooError, match="no module 'other_code'"):
        builder(zoo.card("other"))


def test_an_installed_package_adds_models(write_card: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_card(change=("tiny_code:build", "acme_models.tiny_code:build"), folder="site/acme_models", code=CODE)
    path.with_name("__init__.py").touch()
    facts = tmp_path / "site" / "acme-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n", encoding="utf-8")
    (facts / "entry_points.txt").write_text("[zoo.models]\nacme = acme_models\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    _installed.cache_clear()
    assert [card_root.package for card_root in card_roots()] == ["zoo", "acme_models"]
    assert builder(zoo.card("tiny"))(1, 2)[:3] == ("built", 1, 2)


def test_a_lost_user_is_helped() -> None:
    with pytest.raises(
        zoo.ZooError, match=r"no model 'ssd30' for task detection; did you mean ssd300.*zoo list --task"
    ):
        zoo.card("ssd30", "detection")
    with pytest.raises(zoo.ZooError, match="is for task detection, not segmentation"):
        zoo.card("ssd300", "segmentation")


def test_the_index_follows_the_cards(write_card: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_card()
    monkeypatch.setenv("ZOO_PATH", str(path.parent))
    cold = index.load()
    assert index.load() == cold
    assert (cold.entries["tiny"].parameters, cold.entries["tiny"].commercial) == (1234, "no")
    write_card(change=("parameters: 1234", "parameters: 99999"))
    assert index.load().entries["tiny"].parameters == 99999
    write_card(change=("task: detection", "task: guessing"))
    assert "tiny" not in index.load().entries
    assert str(path) in index.load().broken[0]
    path.unlink()
    assert "tiny" not in index.load().entries
    assert index.load().broken == ()


def test_a_damaged_index_and_a_closed_cache_are_ignored(
    write_card: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = index.load()
    for kept in (tmp_path / "cache" / "index").iterdir():
        kept.write_bytes(kept.read_bytes()[:100])
    assert index.load() == whole
    (tmp_path / "file").touch()
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "file"))
    assert index.load() == whole


def test_timm_says_where_its_weights_come_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path))
    card = zoo.card("timm/resnet18")
    assert card.parameters == 11_689_512  # torchvision's documentation of resnet18 says the same
    first = card.weights_named()
    assert (first.tag, first.trained_on, first.licence) == ("a1_in1k", "ImageNet-1k", "Apache-2.0")
    assert first.sources[0].uri == "hf://timm/resnet18.a1_in1k@main/model.safetensors"
    assert first.preprocessing.mean == (0.485, 0.456, 0.406)
    semi = zoo.card("timm/resnet18.fb_ssl_yfcc100m_ft_in1k")
    assert semi.licences.weights == "CC-BY-NC-4.0"
    assert semi.weights_named().initialised_from == "weights trained on YFCC-100M"
    assert card.paper.title == "unknown"
    with pytest.raises(zoo.ZooError, match="timm has no model 'resnet19'; did you mean resnet18"):
        zoo.card("timm/resnet19")
    with pytest.raises(zoo.ZooError, match="no weights 'best' for 'resnet18'; it has a1_in1k"):
        zoo.card("timm/resnet18.best")


def test_the_list_of_timm_is_the_same_from_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from zoo.registry import timm_cards

    monkeypatch.setenv("ZOO_CACHE", str(tmp_path))
    fresh = timm_cards.entries()
    monkeypatch.setattr(timm_cards, "_rows", lambda: pytest.fail("asked timm again"))
    assert len(fresh) > 1000
    assert [entry.name for entry in timm_cards.entries()] == [entry.name for entry in fresh]
