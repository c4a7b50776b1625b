"""Cards: what is read, what is refused and how that is said."""

from pathlib import Path

import pytest

import zoo
from tests.zoo.conftest import CARD, Writer
from zoo.errors import ZooError
from zoo.registry.card_roots import ROOT
from zoo.registry.cards import parse, read


@pytest.mark.parametrize("name", zoo.cards())
def test_every_registered_card_lies_with_its_task_and_code(name: str) -> None:
    card = zoo.card(name)
    assert card.path == ROOT / card.task / f"{name}.md"
    module = card.build.split(":")[0].split(".")
    assert ROOT.parent.joinpath(*module).with_suffix(".py").is_file()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("summary:", "sumary:"), ["field 'summary' is missing", "unknown key 'sumary'", "did you mean summary"]),
        (("uri:", "url:"), ["weights.0.sources.0.url", "known are uri, sha256, bytes, layout"]),
        (("code: MIT", "code: MIT-3"), ["licences.code", "did you mean", "https://spdx.org/licenses", "'unknown'"]),
        (("task: detection", "task: detect"), ["'task'", "did you mean detection", "segmentation, sequence, backbone"]),
        (("geometry: box\n", "geometry: boxes\n"), ["designed_for.geometry", "'rotated_box'", "'boxes'"]),
        (("year: 2020", "year: soon"), ["paper.year", "'soon'", "unknown"]),
        (("size: [300, 300]", "size: [300, 0]"), ["designed_for.size.1", "greater than or equal to 1"]),
        (("dtype: uint8", "objects_per_image: [9, 1]"), ["objects_per_image", "[smallest, largest]"]),
        (("mean: [0.5, 0.5, 0.5]", "mean: [0.5]"), ["weights.0.preprocessing", "3 bands", "1"]),
        (("parameters: 1234", "parameters: .inf"), ["parameters", "finite"]),
        (("parameters: 1234", "path: x"), ["unknown key 'path'"]),
        (("uri: \"hf://", "uri: \"ftp://"), ["weights.0.sources.0.uri", "hf|timm"]),
        (("parameters: 1234", "measured: []"), ["unknown key 'measured'"]),
    ],
)  # fmt: skip
def test_a_wrong_card_is_refused_with_file_field_and_way_out(
    write_card: Writer, change: tuple[str, str], said: list[str]
) -> None:
    path = write_card(change=change)
    with pytest.raises(ZooError) as raised:
        read(path)
    for part in (str(path), *said):
        assert part in str(raised.value)
    assert "\n" not in str(raised.value)


def test_licences_are_spelled_as_spdx_does(write_card: Writer) -> None:
    card = read(write_card(change=("code: MIT", "code: apache-2.0")))
    assert card.licences.code == "Apache-2.0"


def test_two_weights_of_one_tag_are_refused() -> None:
    begin, end = CARD.index("  - tag"), CARD.index("parameters:")
    twice = CARD[:end] + CARD[begin:end] + CARD[end:]
    with pytest.raises(ZooError, match="'first' is there twice"):
        parse(twice.format(name="tiny"), Path("tiny.md"))


def test_a_card_without_its_weights_says_so(write_card: Writer) -> None:
    card = read(write_card())
    assert card.weights_named().tag == "first"
    with pytest.raises(ZooError, match="no weights 'second' for tiny; it has first"):
        card.weights_named("second")
