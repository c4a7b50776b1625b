"""`zoo data convert` and `zoo data profile` on the command line: exit codes, sentences, and what is printed."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from recipes.folder.formats.reading import read_annotations
from recipes.folder.tree import Tree
from tests.recipes.folder import tiny
from tools.cli import main
from tools.data.convert import Choices, convert
from zoo.errors import ZooError
from zoo.profile import Profile


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as done:
        main([str(word) for word in words])
    return done.value.code, *capsys.readouterr()


def test_a_data_set_is_converted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tiny.make(tmp_path / "in", "coco")
    code, out, _ = run(
        capsys, "data", "convert", tmp_path / "in", "--to", "dota", "--out", tmp_path / "out", "--lossy", "--json"
    )
    facts = json.loads(out)
    assert code == 0
    assert (facts["source_format"], facts["format"], facts["images"], facts["objects"]) == ("coco", "dota", 6, 12)
    assert facts["lost"] == {"spaces": ["'red car'", "'blue truck'"]}
    assert read_annotations(Tree(tmp_path / "out"), None).classes == ("red_car", "blue_truck")


def test_what_a_format_cannot_carry_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tiny.make(tmp_path / "in", "coco")
    code, _, error = run(capsys, "data", "convert", tmp_path / "in", "--to", "dota", "--out", tmp_path / "out")
    assert code == 2
    assert "--to dota cannot carry all of it" in error
    assert "'red car'" in error
    assert "--lossy" in error
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"to": "yolov9"}, "--to yolov9 is not known.*did you mean yolo"),
        ({"to": "voc", "from_": "cocoa"}, "--from cocoa is not known.*did you mean coco"),
        ({"to": "voc", "images": "move"}, "images='move' is not known"),
        ({"to": "voc", "on_error": "warn"}, "--on-error warn is not known"),
    ],
)
def test_unknown_words_are_told(tmp_path: Path, options: dict[str, str], sentence: str) -> None:
    tiny.make(tmp_path / "in", "coco", images=1)
    with pytest.raises(ZooError, match=sentence):
        convert(tmp_path / "in", options.pop("to"), tmp_path / "out", Choices(**options))


def test_the_output_may_not_lie_in_the_source(tmp_path: Path) -> None:
    tiny.make(tmp_path, "coco", images=1)
    with pytest.raises(ZooError, match="lies in .* where it would be read"):
        convert(tmp_path, "voc", tmp_path / "out")


def test_what_cannot_be_read_stops_or_is_left_out(tmp_path: Path) -> None:
    truth = tiny.make(tmp_path / "in", "voc")
    truth[0].boxes[0] = (9, 9, 9, 30)
    truth[1].boxes[0] = (50, 2, 80, 9)  # over the edge: it is written as it is
    tiny.write(tmp_path / "in", "voc", truth, ("red car", "blue truck"))
    (tmp_path / "in/JPEGImages/image_002.png").write_bytes(b"")
    with pytest.raises(ZooError, match=r"image_002.png: 0 bytes.*also 1 box has no area.*--on-error skip"):
        convert(tmp_path / "in", "coco", tmp_path / "out")
    done = convert(tmp_path / "in", "coco", tmp_path / "out", Choices(on_error="skip"))
    assert (done.images, done.objects) == (5, 9)
    assert {kind: len(those) for kind, those in done.left_out.items()} == {"image": 1, "flat": 1}
    boxes = {image.path.name: image.boxes for image in read_annotations(Tree(tmp_path / "out"), None).images}
    np.testing.assert_allclose(boxes["image_001.png"][0], (50, 2, 80, 9))


@pytest.mark.parametrize("words", [["FOLDER"], ["task=detection", "data=folder", "data.root=FOLDER"]])
def test_a_profile_is_printed_and_written(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "my images"
    tiny.make(root, "coco")
    named = [word.replace("FOLDER", f"'{root}'" if "=" in word else str(root)) for word in words]
    code, out, _ = run(capsys, "data", "profile", *named, "--out", tmp_path / "profile.json", "--json")
    assert code == 0
    assert json.loads(out)["classes"] == {"red car": 4, "blue truck": 4}
    assert Profile.load(tmp_path / "profile.json").samples == 4


def test_a_folder_of_recordings_is_one_of_sequences(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for index in range(40):
        path = tmp_path / ("yes" if index % 2 else "no") / f"take {index}.wav"
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, 0.3 * np.sin(np.arange(400 + index) / 5), 8000)
    code, out, _ = run(capsys, "data", "profile", tmp_path, "--json")
    facts = json.loads(out)
    assert (code, facts["task"], facts["sample_rate"], set(facts["classes"])) == (0, "sequence", 8000, {"no", "yes"})


def test_two_data_sets_are_no_profile(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, error = run(capsys, "data", "profile", tmp_path, "data=satellite")
    assert code == 2
    assert "names more than one data set" in error
