"""Cards: what is read, what is refused and how that is said, and the blocks that tools write."""

from pathlib import Path

import pytest

import zoo
from tests.zoo.conftest import CARD, Writer
from zoo.errors import ZooError
from zoo.registry.card_roots import ROOT
from zoo.registry.cards import Measured, parse, read, write_measured

RESULT = Measured(
    recipe="satellite_trees",
    data="satellite: trees # not a comment",
    metric="test/map_50",
    value=0.57,
    spread=(0.55, 0.6),
    seeds=(0, 1, 2),
    hardware="a processor",
    threads=2,
    precision="bf16-mixed",
    seconds=600,
    date="2026-11-22",
)


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
        (("parameters: 1234", "measured: [{recipe: r}]"), ["measured.0.value", "missing"]),
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


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_result_is_written_and_the_rest_stays_byte_for_byte(write_card: Writer, newline: str, mark: str) -> None:
    path = write_card()
    text = mark + CARD.format(name="tiny").replace("task:", "# a remark\ntask:").replace("\n", newline)
    path.write_bytes(text.encode())
    write_measured(path, RESULT)
    write_measured(path, RESULT.model_copy(update={"value": 1e-07, "spread": None}))
    card = write_measured(path, RESULT.model_copy(update={"metric": "test/ap"}))
    assert card == read(path)
    assert [(block.metric, block.value) for block in card.measured] == [("test/map_50", 1e-07), ("test/ap", 0.57)]
    written = path.read_bytes().decode()
    begin, end = written.index("measured:"), written.index(f"---{newline}{newline}#")
    assert written[:begin] + written[end:] == text
    assert written.count("\n") == written.count(newline)
    assert not list(path.parent.glob(".*"))


def test_a_result_is_replaced_where_it_stands(write_card: Writer) -> None:
    path = write_card(change=("parameters: 1234", "measured: []\nparameters: 1234"))
    write_measured(path, RESULT)
    before, _, after = path.read_text(encoding="utf-8").partition("measured:")
    write_measured(path, RESULT.model_copy(update={"value": 0.6}))
    assert path.read_text(encoding="utf-8") == before + "measured:" + after.replace("0.57", "0.6").replace(
        read_checksum(after), read(path).measured[0].checksum
    )


def read_checksum(text: str) -> str:
    return text.split('checksum: "')[1].split('"')[0]


@pytest.mark.parametrize(
    "change", [("value: 0.57", "value: 0.99"), ('metric: "test', 'metric: "val'), ("[0, 1", "[0, 7")]
)
def test_a_result_changed_by_hand_is_found(write_card: Writer, change: tuple[str, str]) -> None:
    path = write_card()
    write_measured(path, RESULT)
    text = path.read_text(encoding="utf-8")
    assert change[0] in text
    path.write_text(text.replace(*change), encoding="utf-8")
    with pytest.raises(
        ZooError, match=r"measured\.0: its checksum '[0-9a-f]+' does not fit.*zoo reproduce satellite_trees"
    ):
        read(path)


def test_a_result_copied_from_another_card_is_found(write_card: Writer) -> None:
    path = write_card()
    write_measured(path, RESULT)
    copied = path.read_text(encoding="utf-8").replace("name: tiny", "name: other")
    with pytest.raises(ZooError, match="checksum"):
        parse(copied, Path("other.md"))


def test_a_card_without_its_weights_says_so(write_card: Writer) -> None:
    card = read(write_card())
    assert card.weights_named().tag == "first"
    with pytest.raises(ZooError, match="no weights 'second' for tiny; it has first"):
        card.weights_named("second")
