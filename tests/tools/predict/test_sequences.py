"""New sequences are read as the run read its own, and answered as its test answers; tables are whole, or not there."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from rich.console import Console
from rich.progress import Progress

import zoo
from recipes.inference import sequences
from tests.recipes.texts import sentences, topics, write_table
from tests.tools.predict.untrained import RATE, kind, untrained, wave
from tools.predict import tables
from tools.predict.options import Options
from zoo.errors import ZooError
from zoo.inference.load import predictor_of
from zoo.inference.opened import of_run
from zoo.runs.run import Run


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def predict(run: Run, *inputs: Path, out: Path, **options: Any) -> list[str]:
    """Predict inputs and return what failed."""
    given = Options(out=out, **options)
    opened = of_run(run)
    given.refuse_others(tables.TAKES, opened.source)
    predictor = predictor_of(opened, batch=given.batch)
    return tables.predict(predictor, inputs, given, Progress(disable=True), Console(quiet=True))[1]


def objects(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    "name", ["classify recordings", "transcribe", "topics", "translate", "genomics", "classify", "tag"]
)
def test_new_files_are_read_and_answered_as_the_runs_own(name: str, tmp_path: Path) -> None:
    """All samples of the data, read anew from their file, have the same inputs, and the answers of the task."""
    words, path = kind(name, tmp_path)
    run, data = untrained(tmp_path / "run", *words)
    predictor = zoo.load(run.folder)
    files = tables.files_of([path], predictor.endings if path.is_dir() else frozenset())
    files = [file for file in files if file.suffix == ".wav"] if path.is_dir() else files
    new = [one.inputs for file in files for one in predictor.read(file)]
    own = {part: data.dataset(part) for part in ("val", "test")}
    held = [data.collate([split[index]]) for split in own.values() for index in range(len(split))]
    assert held
    for batch in held:
        inputs = batch["inputs"][0]
        same = [index for index, one in enumerate(new) if one.shape == inputs.shape and torch.equal(one, inputs)]
        assert same, f"{batch['names']} is read as another thing"
    out = tmp_path / "answers.jsonl"
    assert predict(run, *files, out=out) == []
    found = objects(out)
    assert len(found) == len(new)
    for batch in held[:4]:
        place = next(
            i
            for i, one in enumerate(new)
            if one.shape == batch["inputs"][0].shape and torch.equal(one, batch["inputs"][0])
        )
        held_batch = {**batch, "bands": data.bands}
        said = predictor.decode(held_batch, predictor.answer(held_batch))[0].facts()
        key = {"transcribe": "text", "translate": "text", "tag": "tags"}.get(name, "label")
        assert found[place][key] == said[key]
        if key == "label":
            assert found[place]["probability"] == pytest.approx(said["probability"], rel=1e-4)
            assert sum(found[place]["probabilities"].values()) == pytest.approx(1, abs=1e-4)


def test_batches_and_order_change_nothing(tmp_path: Path) -> None:
    words, path = kind("topics", tmp_path)
    run, _ = untrained(tmp_path / "run", *words)
    for batch in (1, 7):
        predict(run, path, out=tmp_path / f"{batch}.jsonl", batch=batch)
    one, seven = objects(tmp_path / "1.jsonl"), objects(tmp_path / "7.jsonl")
    assert [row["label"] for row in one] == [row["label"] for row in seven]
    np.testing.assert_allclose([row["probability"] for row in one], [row["probability"] for row in seven], rtol=1e-4)
    assert one[3]["input"] == f"{path}:5"
    assert one[3]["source"] == topics(60)[3][0]


def test_batches_are_bounded_by_their_steps() -> None:
    from recipes.kit.inference_sample import InferenceSample

    lengths = [10, 10, 3_000_000, 3_000_000, 10, 5_000_000]
    placed = (sequences.Placed("", InferenceSample("", torch.zeros(1, 1).expand(n, 1))) for n in lengths)
    assert [[len(one.new.inputs) for one in group] for group in sequences.batches(placed, 2)] == [
        [10, 10], [3_000_000], [3_000_000], [10], [5_000_000],
    ]  # fmt: skip


def test_entities_of_sentences_in_any_form(tmp_path: Path) -> None:
    words, _ = kind("entities", tmp_path)
    run, data = untrained(tmp_path / "run", *words)
    told = [[word for word, _ in row] for row in sentences(3, 7)]
    (tmp_path / "plain.txt").write_text("\n".join(" ".join(row) for row in told) + "\n")
    (tmp_path / "words.conll").write_text("\n\n".join("\n".join(row) for row in told) + "\n")
    write_table(tmp_path / "table.csv", [("sentence",), *[(" ".join(row),) for row in told]])
    said = []
    for name in ("plain.txt", "words.conll", "table.csv"):
        assert predict(run, tmp_path / name, out=tmp_path / f"{name}.jsonl") == []
        found = objects(tmp_path / f"{name}.jsonl")
        assert [row["words"] for row in found] == told
        assert all(len(row["tags"]) == len(row["words"]) for row in found)
        assert {tag for row in found for tag in row["tags"]} <= set(data.classes)
        for entity in (one for row in found for one in [*row["entities"]]):
            assert entity["type"] in ("person", "place")
        said.append([row["tags"] for row in found])
    assert said[0] == said[1] == said[2]
    predict(run, tmp_path / "plain.txt", out=tmp_path / "steps.csv")
    steps = rows(tmp_path / "steps.csv")
    assert [row["word"] for row in steps] == [word for row in told for word in row]
    assert [row["tag"] for row in steps] == [tag for row in said[0] for tag in row]
    (tmp_path / "labelled.txt").write_text("Anna\tB-person\n")
    with pytest.raises(ZooError, match="labelled.txt, line 1 has a tab: call the file .conll"):
        predict(run, tmp_path / "labelled.txt", out=tmp_path / "no.csv")


def test_forecasts_go_by_the_last_steps(tmp_path: Path) -> None:
    words, path = kind("forecast", tmp_path)
    run, _ = untrained(tmp_path / "run", *words)
    assert predict(run, path, out=tmp_path / "f.jsonl") == []
    found = objects(tmp_path / "f.jsonl")
    assert [row["input"] for row in found] == [f"{path}:{machine}" for machine in "ABCDEF"]
    assert found[0]["levels"] == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    assert {row["after"] for row in found} == {"59"}
    for row in found:
        quantiles = np.array([row["forecast"][band] for band in ("x", "y")])
        assert quantiles.shape == (2, 2, 9)
        assert (np.diff(quantiles, axis=-1) > 0).all()
    lines = path.read_text().splitlines()
    last = [line for line in lines[1:] if int(line.split(";")[0]) >= 50]
    (tmp_path / "last.csv").write_text("\n".join([lines[0], *last]))
    predict(run, tmp_path / "last.csv", out=tmp_path / "l.jsonl")
    for row, other in zip(found, objects(tmp_path / "l.jsonl"), strict=True):
        assert row["forecast"] == other["forecast"], "steps before the window have no say"
    predict(run, path, out=tmp_path / "f.csv")
    table = rows(tmp_path / "f.csv")
    assert len(table) == 6 * 2 * 2
    assert list(table[0]) == ["input", "after", "band", "step", "time", *(f"q0.{i}" for i in range(1, 10))]
    assert [row["time"] for row in table[:2]] == found[0]["times"] == ["60", "61"]
    assert float(table[1]["q0.5"]) == found[0]["forecast"]["x"][1][4]
    (tmp_path / "short.csv").write_text("\n".join(lines[:6]))
    with pytest.raises(ZooError, match="series 'A' has 5 steps, and the run forecasts from the last 10"):
        predict(run, tmp_path / "short.csv", out=tmp_path / "no.csv")
    assert not (tmp_path / "no.csv").exists()


def test_anomalies_by_the_threshold_that_was_learnt(tmp_path: Path) -> None:
    words, path = kind("detect_anomalies", tmp_path)
    run, _ = untrained(tmp_path / "run", *words, learnt={"threshold": 2.5})
    assert predict(run, path, out=tmp_path / "a.jsonl") == []
    for row in objects(tmp_path / "a.jsonl"):
        assert row["threshold"] == 2.5
        assert row["anomalous"] == [int(score >= 2.5) for score in row["scores"]]
        assert len(row["scores"]) == len(row["times"]) == 60
    predict(run, path, out=tmp_path / "a.csv")
    assert list(rows(tmp_path / "a.csv")[0]) == ["input", "step", "time", "score", "anomalous"]


def test_gaps_are_filled_as_in_training(tmp_path: Path) -> None:
    words, _ = kind("tag", tmp_path)
    run, data = untrained(tmp_path / "run", *words)
    assert data.bands == ("x", "y", "x known")
    mean = data.fitted()["masking"]["mean"][0]
    (tmp_path / "new.csv").write_text("hour;machine;x;y\n0;N;;1\n1;N;5;2\n")
    steps = next(zoo.load(run.folder).read(tmp_path / "new.csv")).inputs
    np.testing.assert_allclose(steps.numpy(), [[mean, 1, 0], [5, 2, 1]], rtol=1e-6)
    (tmp_path / "new.csv").write_text("hour;machine;x;y\n0;N;1;1\n1;N;5;\n")
    with pytest.raises(ZooError, match="series 'N' has no value at step 1 of 'y', which was always known in training"):
        predict(run, tmp_path / "new.csv", out=tmp_path / "no.csv")
    (tmp_path / "new.csv").write_text("hour;machine;x\n0;N;1\n")
    with pytest.raises(ZooError, match="has no column 'y'"):
        predict(run, tmp_path / "new.csv", out=tmp_path / "no.csv")


def test_dna_in_fasta_and_in_lines(tmp_path: Path) -> None:
    words, _ = kind("genomics", tmp_path)
    run, _ = untrained(tmp_path / "run", *words)
    (tmp_path / "a.fasta").write_text(">one the first\nACGTNacgt\nACGTN\n\n>two\nAAAAAAAAAA\n")
    (tmp_path / "b.txt").write_text("name;bases\none;ACGTNacgtACGTN\ntwo;AAAAAAAAAA\n")
    (tmp_path / "c.txt").write_text("ACGTNACGTACGTN\naaaaaaaaaa\n")
    every = []
    for name in ("a.fasta", "b.txt", "c.txt"):
        assert predict(run, tmp_path / name, out=tmp_path / f"{name}.jsonl") == []
        every.append(objects(tmp_path / f"{name}.jsonl"))
    assert [row["input"].rpartition(":")[2] for found in every for row in found] == ["one", "two"] * 2 + [
        "line 1",
        "line 2",
    ]
    assert [row["probability"] for row in every[0]] == [row["probability"] for row in every[1]]
    assert [row["probability"] for row in every[0]] == [row["probability"] for row in every[2]], "case means nothing"
    for text, said in (
        ("ACG\nAC-T\n", "line 2: '-' is no code"),
        (">x\n>y\nA\n", "line 1: x has no bases"),
        ("\n", "no sequence"),
    ):
        (tmp_path / "bad.fa").write_text(text)
        with pytest.raises(ZooError, match=said):
            predict(run, tmp_path / "bad.fa", out=tmp_path / "no.csv")


def test_recordings_that_cannot_be_answered_are_named_and_the_others_answered(tmp_path: Path) -> None:
    words, _ = kind("classify recordings", tmp_path)
    run, _ = untrained(tmp_path / "run", *words)
    new = tmp_path / "new" / "deep"
    new.mkdir(parents=True)
    stereo = np.stack([wave(0.5), wave(0.5, 1)], axis=1)
    soundfile.write(new / "a.flac", stereo, 96000, subtype="PCM_24")
    soundfile.write(new / "b.wav", np.zeros(4000), RATE)
    (new / "c.wav").write_bytes(b"RIFF no wav")
    (new / "d.wav").write_bytes(b"")
    soundfile.write(new / "e.wav", np.full(400, 0.1), 2)  # 200 s
    failed = predict(run, tmp_path / "new", out=tmp_path / "said.csv")
    for failure, said in zip(
        failed, ("b.wav is silent", "c.wav cannot be read", "d.wav is empty", "e.wav lasts 200 s"), strict=True
    ):
        assert said in failure
    assert "zoo listen" in failed[-1]
    found = rows(tmp_path / "said.csv")
    assert [row["input"] for row in found] == [str(new / "a.flac")]
    assert float(found[0]["p/a"]) + float(found[0]["p/b"]) == pytest.approx(1, abs=1e-4)
    with pytest.raises(ZooError, match="b.wav is silent"):
        predict(run, new / "b.wav", out=tmp_path / "none.csv")
    assert not (tmp_path / "none.csv").exists()
    assert not list(tmp_path.glob(".*part"))


def test_what_cannot_be_is_said_before_anything_is_heard(tmp_path: Path) -> None:
    words, path = kind("topics", tmp_path)
    run, _ = untrained(tmp_path / "run", *words)
    (tmp_path / "empty").mkdir()
    for given, options, said in (
        (tmp_path / "empty", {}, r"holds nothing that the run reads; looked for .csv, .tsv, .txt"),
        (path, {"tile": 64}, "--tile has no say in the answers of run .*; it takes --out, --batch, --backend, --force"),
        (path, {"polygons": Path("x.gpkg")}, "--polygons has no say in"),
    ):
        with pytest.raises(ZooError, match=said):
            predict(run, given, out=tmp_path / "out.csv", **options)
    with pytest.raises(ZooError, match="answers are written as .csv or .jsonl"):
        predict(run, path, out=tmp_path / "out.gpkg")
    predict(run, path, out=tmp_path / "folder")
    assert len(rows(tmp_path / "folder" / "answers.csv")) == 60
    with pytest.raises(
        ZooError, match=r"answers.csv is there already; choose another name, or replace it with --force"
    ):
        predict(run, path, out=tmp_path / "folder")
    predict(run, path, path, out=tmp_path / "folder", force=True)
    assert len(rows(tmp_path / "folder" / "answers.csv")) == 120
    for text, said in (
        ("id,text\n1,a\n2,\n", "line 3: there is no text"),
        ("words\na\n", "has no column called text"),
    ):
        (tmp_path / "bad.csv").write_text(text)
        with pytest.raises(ZooError, match=said):
            predict(run, tmp_path / "bad.csv", out=tmp_path / "no.csv")
