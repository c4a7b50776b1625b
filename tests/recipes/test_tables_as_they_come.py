"""Tables, texts, series and sounds as people bring them: right, or refused with the line and the way out."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from configuration.composition import compose
from configuration.suggestions import suggest
from recipes.kit.numbers import read_numbers
from recipes.kit.split import cut, draw, split_by_hash, twins
from recipes.kit.table import read_table
from recipes.series.user_series import UserSeries
from recipes.speech import wav
from recipes.speech.user_recordings import UserRecordings
from recipes.text.conll import read
from recipes.text.entities import Entities
from tasks.objectives import entities
from tasks.objectives.anomalies import DetectAnomalies
from tasks.objectives.forecast import Forecast, scales
from zoo.errors import ZooError
from zoo.sequence.spoken import likeliest_style, spoken

HINDI = ("नमस्ते", "धन्यवाद", "हिन्दी", "किताब")


def write(path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


def sounds(folder: Path, count: int, suffix: str = ".wav") -> list[str]:
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        soundfile.write(folder / f"{i}{suffix}", 0.3 * np.sin(np.arange(800) / 5), 8000)
    return [f"{i}{suffix}" for i in range(count)]


def recordings(root: Path, objective: str = "transcribe", **settings: Any) -> UserRecordings:
    made = UserRecordings("folder", root=str(root), **{"objective": objective, "sample_rate": 8000, **settings})
    made.setup()
    return made


def series(root: Any, objective: str, columns: dict[str, Any], **settings: Any) -> UserSeries:
    every = ["classify", "tag", "forecast", "detect_anomalies"]
    made = UserSeries("series", root=root, columns=columns, objective=objective, objectives=every, **settings)
    made.setup()
    return made


# tables


def test_a_quote_that_does_not_close_swallows_no_row(tmp_path: Path) -> None:
    rows = [f"{i}.wav\tyes no" for i in range(24)]
    rows[5], rows[15] = '5.wav\t"Yes, he said', '15.wav\tno" she said'
    table = read_table(write(tmp_path / "t.tsv", "path\ttext", *rows))
    assert len(table.rows) == 24
    assert table.words("text")[5] == '"Yes, he said'
    assert "line 7 closes in no field" in table.notes[0]
    rows[15] = '15.wav\tno"'  # now the quotes pair up, over whole rows
    assert len(read_table(write(tmp_path / "t.tsv", "path\ttext", *rows)).rows) == 24


def test_a_quoted_text_may_hold_separators_and_lines(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "text,label", '"one, two', 'three",a', '"say ""hi""",b')
    assert read_table(path).rows == (("one, two\nthree", "a"), ('say "hi"', "b"))
    with pytest.raises(ZooError, match="line 2: a quote opens and does not close"):
        read_table(write(tmp_path / "u.csv", "text,label", '"one, two,a', "three,b"))


def test_a_comma_in_a_text_is_refused_with_its_line(tmp_path: Path) -> None:
    names = sounds(tmp_path, 20)
    manifest = write(tmp_path / "list.csv", "path,text", "0.wav,hello, world", *(f"{name},hello" for name in names[1:]))
    with pytest.raises(ZooError, match="line 2 has 3 columns, its head has 2 .* put quotes around") as refused:
        recordings(manifest)
    assert "data.invalid=drop" in str(refused.value)
    assert len(recordings(manifest, invalid="drop").by_name) == 19
    with pytest.raises(ZooError, match=r"or leave such rows out with data\.invalid=drop"):
        read_table(manifest, invalid="error")
    assert len(read_table(manifest, invalid="drop").rows) == 19


@pytest.mark.parametrize(
    ("words", "separator", "values"),
    [
        (["1,007", "993"], ",", [1007, 993]),
        (["1,007", "993.5"], ";", [1007, 993.5]),
        (["1,5", "0,25"], ";", [1.5, 0.25]),
        (["1.007,5", "2"], ";", [1007.5, 2]),
        (["1,007,000", "NA"], ";", [1007000, np.nan]),
        (["1e-3", "-2"], ",", [0.001, -2]),
    ],
)
def test_thousands_and_decimals_are_settled_over_the_column(
    words: list[str], separator: str, values: list[float]
) -> None:
    found, notes = read_numbers(words, [2, 3], "t", separator)
    np.testing.assert_array_equal(found, values)
    assert bool(notes) == any("," in word for word in words)


def test_commas_that_could_be_either_are_refused_or_said() -> None:
    with pytest.raises(ZooError, match="line 2: '1,007' may be 1007 or 1.007; say data.decimal=point or"):
        read_numbers(["1,007", "2,026"], [2, 3], "t", ";", "auto")
    with pytest.raises(ZooError, match="may be 1007 or 1.007; write it with a point, or without"):
        read_numbers(["1,007", "2,026"], [2, 3], "t", ";")  # of data without such a setting
    assert read_numbers(["1,007", "2,026"], [2, 3], "t", ";", "comma")[0].tolist() == [1.007, 2.026]
    with pytest.raises(ZooError, match="line 3: '1,00,7' is no number"):
        read_numbers(["1,007", "1,00,7"], [2, 3], "t")


# splits


def test_rare_classes_reach_the_test_where_they_can(tmp_path: Path) -> None:
    rows = [f"{one},{step + one},{'fault' if one >= 18 else 'ok'}" for one in range(20) for step in range(6)]
    path = str(write(tmp_path / "s.csv", "id,v,label", *rows))
    data = series(path, "classify", {"values": ["v"], "series": "id", "label": "label"})
    assert {s.label for s in data.split.parts["test"]} == {0, 1}
    assert data.profile().notes[1] == "val holds nothing of fault, and its figures say nothing of this"


def test_no_split_is_empty_that_could_hold_something() -> None:
    assert cut([1, 1, 1], (0.98, 0.01, 0.01)) == ["train", "val", "test"]
    assert sorted(cut([1, 1], (0.7, 0.15, 0.15))) == ["test", "train"]
    assert cut([500, *[10] * 20], (0.7, 0.15, 0.15))[0] == "train"
    drawn = draw(list(range(100)), (0.7, 0.1, 0.2), 0, lambda item: item // 10)
    assert {part: len(items) for part, items in drawn.items()} == {"train": 70, "val": 10, "test": 20}
    assert drawn == draw(list(range(100)), (0.7, 0.1, 0.2), 0, lambda item: item // 10)
    shares = [split_by_hash(str(i), (0.7, 0.1, 0.2)) for i in range(1000)]
    assert 640 < shares.count("train") < 760


# texts


def test_scripts_keep_their_marks(tmp_path: Path) -> None:
    assert likeliest_style(HINDI) == "letters"
    assert [spoken(word, "letters") for word in HINDI] == list(HINDI)
    assert spoken("Cafe\u0301, d'accord!", "letters") == "café d'accord"
    assert likeliest_style(["It's 5 o'clock"]) == "english"
    names = sounds(tmp_path, 24)
    lines = [f"{name},{HINDI[i % 4]}" for i, name in enumerate(names)]
    data = recordings(write(tmp_path / "list.csv", "path,text", *lines), unknown="drop")
    assert "्" in data.classes
    assert any("style letters" in note for note in data.profile().notes)


def test_conll_u_is_known(tmp_path: Path) -> None:
    lines = [
        "# text = Don't go",
        "1-2\tDon't\t_\t_\t_\t_\t_\t_\t_\t_",
        "1\tDo\tdo\tAUX\tVB\t_\t3\taux\t_\t_",
        "2\tn't\tnot\tPART\tRB\t_\t3\tadvmod\t_\t_",
        "2.1\tx\t_\t_\t_\t_\t_\t_\t_\t_",
        "3\tgo\tgo\tVERB\tVB\t_\t0\troot\t_\t_",
    ]
    (sentence,), notes = read(write(tmp_path / "a.conllu", *lines))
    assert (sentence.words, sentence.labels) == (("Do", "n't", "go"), ("AUX", "PART", "VERB"))
    assert "CoNLL-U" in notes[0]


@pytest.mark.parametrize("positions", ["BIES", "BILU", "BMES", "BIIB"], ids=["BIOES", "BILOU", "BMES", "BIO"])
def test_entities_are_the_same_in_every_scheme(tmp_path: Path, positions: str) -> None:
    begin, inside, end, only = positions
    words = [
        ("Ann", f"{only}-per"), ("saw", "O"), ("New", f"{begin}-place"), ("York", f"{inside}-place"),
        ("City", f"{end}-place"), ("Rome", f"{only}-place"), ("Los", f"{begin}-place"), ("Angeles", f"{end}-place"),
    ]  # fmt: skip
    for part in ("train", "dev", "test"):
        sentences = [[f"{part}{i}\tO", *(f"{word}\t{label}" for word, label in words), ""] for i in range(3)]
        write(tmp_path / f"{part}.txt", *(line for sentence in sentences for line in sentence))
    data = Entities("entities", root=str(tmp_path), objectives=["tag"])
    data.setup()
    spans = [("per", 1, 1), ("place", 3, 5), ("place", 6, 6), ("place", 7, 8)]
    for text in data.split.every():
        assert [tuple(entity) for entity in entities.read([data.classes[tag] for tag in text.tags])] == spans
    assert any("are read as BIO" in note for note in data.split.notes) == (end != "I")


@pytest.mark.parametrize(
    ("labels", "classes", "said"),
    [
        (("O", "NAME", "NAME"), ("O", "NAME"), "no B- and I- before them"),
        (("O", "B-NAME", "E-NAME"), ("O", "B-NAME", "I-NAME"), "scheme with E are read as BIO"),
        (("O", "S-NAME", "O"), ("O", "B-NAME"), "scheme with S are read as BIO"),
        (("O", "B-NAME", "I-NAME"), ("O", "B-NAME", "I-NAME"), None),
    ],
)
def test_schemes_of_entities_are_read_or_said(
    tmp_path: Path, labels: tuple[str, ...], classes: tuple[str, ...], said: str | None
) -> None:
    for part in ("train", "dev", "test"):
        words = [f"{part}{i}\t{label}" for i, label in enumerate(labels)]
        write(tmp_path / f"{part}.txt", *words, "", *words)
    data = Entities("entities", root=str(tmp_path), objectives=["tag"])
    data.setup()
    assert data.classes == classes
    assert any(said in note for note in data.split.notes) if said else not any("BIO" in n for n in data.split.notes)


# series


def test_counters_keep_their_differences(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    values = 412_000_000 + np.cumsum(2 + random.normal(size=400))
    path = str(write(tmp_path / "s.csv", "t,v", *(f"{t},{value:.1f}" for t, value in enumerate(values))))
    data = series(path, "forecast", {"values": ["v"], "time": "t"}, window=48, horizon=4)
    train = data.split.parts["train"][0].values[:, 0].astype(np.float64)
    np.testing.assert_allclose(np.diff(train), np.diff(np.round(values, 1))[: len(train) - 1], atol=1e-3)
    assert "is taken off its values" in data.profile().notes[-1]
    again = series(path, "forecast", {"values": ["v"], "time": "t"}, window=48, horizon=4)
    again.restore(json.loads(json.dumps(data.fitted())))
    (new,) = again.inference_samples(Path(path))
    assert new.offsets == data.offsets
    batch = {"bands": ("v",), "offsets": [new.offsets], "times_ahead": [new.times_ahead], "times": [new.times]}
    (answer,) = Forecast().answers(torch.ones(1, 4, 1, 3), batch)
    assert answer.forecast["v"][0][0] == new.offsets[0] + 1
    assert [line["time"] for line in answer.lines()] == ["400", "401", "402", "403"]


def test_small_values_are_left_as_they_are(tmp_path: Path) -> None:
    path = str(write(tmp_path / "s.csv", "v", *(f"{i % 7}" for i in range(100))))
    data = series(path, "forecast", {"values": ["v"]}, window=8, horizon=2)
    assert data.offsets == (0.0,)
    assert data.fitted() == {}


def test_a_forecast_knows_four_horizons_unless_told(tmp_path: Path) -> None:
    path = str(write(tmp_path / "s.csv", "v", *(f"{1000 + 5 * (-1) ** i}" for i in range(300))))
    data = series(path, "forecast", {"values": ["v"]}, horizon=6)
    assert {len(one.values) for part in ("val", "test") for one in data.split.parts[part]} == {24 + 6}
    batch = data.collate(list(data.split.parts["test"]))
    assert float(scales(batch).max()) == 10, "the unit of errors is the change of the past, not the size of its values"
    assert series(path, "forecast", {"values": ["v"]}, horizon=6, season=12).loading.window == 48
    with pytest.raises(ZooError, match=r"data.window=12 must be more than data.season=12.*data.window=48 would do"):
        series(path, "forecast", {"values": ["v"]}, horizon=6, season=12, window=12)


def test_short_series_are_named(tmp_path: Path) -> None:
    rows = [f"{name},{t},{t}" for name, steps in (("a", 200), ("b", 10), ("c", 5)) for t in range(steps)]
    path = str(write(tmp_path / "s.csv", "unique_id,ds,y", *rows))
    data = series(path, "forecast", {"values": ["y"], "time": "ds", "series": "unique_id"}, window=20, horizon=4)
    assert any("2 series are in no split" in note and "b (10 steps), c (5 steps)" in note for note in data.split.notes)


def test_several_files_are_one_data_set_with_a_reference_period(tmp_path: Path) -> None:
    for name in ("pump", "fan"):
        write(tmp_path / f"{name}.csv", "v;bad", *(f"{t % 5};{int(t > 80)}" for t in range(100)))
    columns = {"values": ["v"], "label": "bad"}
    data = series(str(tmp_path), "detect_anomalies", columns, fit=30)
    assert {part: [len(s.values) for s in every] for part, every in data.split.parts.items()} == {
        "train": [20, 20], "val": [30, 30], "test": [100, 100],
    }  # fmt: skip
    assert [s.name for s in data.split.parts["test"]] == ["fan", "pump"]
    test = data.split.parts["test"][0].steps
    assert test is not None
    assert (test[:30] < 0).all()
    assert (test[30:] >= 0).all()
    with pytest.raises(ZooError, match=r"series 'fan' has 100 steps, and data.fit=100 would leave none"):
        series([str(tmp_path / "fan.csv"), str(tmp_path / "pump.csv")], "detect_anomalies", columns, fit=100)
    with pytest.raises(ZooError, match="a folder without a table of series"):
        series(str(sounds(tmp_path / "x", 1) and tmp_path / "x"), "detect_anomalies", columns)


def scored(scores: list[float], anomalous: list[bool]) -> dict[str, Any]:
    T = len(scores)
    return {
        "inputs": torch.zeros(1, T, 1), "lengths": torch.tensor([T]), "names": ["a"],
        "anomalous": torch.tensor([anomalous]), "scores": torch.tensor([scores]),
    }  # fmt: skip


def test_a_threshold_that_says_nothing_alarms_nothing() -> None:
    objective, flat = DetectAnomalies(), scored([0.0] * 100, [False] * 100)
    objective.update(flat["scores"], flat)
    with pytest.warns(UserWarning, match="only what exceeds it is an alarm"):
        objective.compute()
    (answer,) = objective.answers(flat["scores"], flat)
    assert sum(answer.anomalous) == 0
    spike = scored([0.0] * 99 + [3.0], [False] * 99 + [True])
    assert objective.answers(spike["scores"], spike)[0].anomalous[-1] == 1


def test_false_alarms_and_misses_stand_beside_f1() -> None:
    objective, normal = DetectAnomalies(quantile=0.8), scored([float(i) for i in range(100)], [False] * 100)
    objective.update(normal["scores"], normal)
    objective.compute()  # the threshold is 79.2
    objective.on_data(None, "test")
    test = scored([0.0] * 60 + [90.0] * 20 + [0.0] * 5 + [90.0] * 15, [False] * 80 + [True] * 20)
    objective.update(test["scores"], test)
    found = objective.compute()
    assert found["miss_rate"] == pytest.approx(5 / 20)
    assert found["false_alarm_rate"] == pytest.approx(20 / 65)  # the first 15 % are not judged


# sounds


def test_channels_that_cancel_out_are_heard(tmp_path: Path) -> None:
    wave = 0.3 * np.sin(np.arange(8000) / 5)
    soundfile.write(tmp_path / "anti.wav", np.stack([wave, -0.9 * wave], axis=1), 8000)
    soundfile.write(tmp_path / "half.wav", np.stack([wave, -wave], axis=1), 8000)
    assert not wav.is_silent(wav.read(tmp_path / "half.wav"))
    np.testing.assert_allclose(wav.read(tmp_path / "half.wav"), wave, atol=1e-3)
    together = np.concatenate(list(wav.blocks(tmp_path / "half.wav", 8000, 0.25)))
    np.testing.assert_allclose(together, wav.read(tmp_path / "half.wav"), atol=1e-6)
    np.testing.assert_allclose(wav.read(tmp_path / "anti.wav"), 0.05 * wave, atol=1e-3)


@pytest.mark.parametrize(
    ("names", "suffix"),
    [
        ({"path": "audio_filepath", "text": "text", "duration": "duration"}, ".json"),
        ({"path": "path", "text": "sentence", "speaker": "client_id"}, ".tsv"),
        ({"path": "wav_filename", "text": "transcript"}, ".csv"),
    ],
)
def test_usual_names_of_columns_are_known(tmp_path: Path, names: dict[str, str], suffix: str) -> None:
    files = sounds(tmp_path / "clips", 24)
    rows = [
        {"path": file, "text": ("yes no", "no")[i % 2], "speaker": f"s{i % 12}", "duration": "0.1"}
        for i, file in enumerate(files)
    ]
    named = [{names[key]: row[key] for key in names} for row in rows]
    if suffix == ".json":
        path = write(tmp_path / "list.json", *(json.dumps(row) for row in named))
    else:
        mark = "\t" if suffix == ".tsv" else ","
        path = write(tmp_path / f"list{suffix}", mark.join(named[0]), *(mark.join(row.values()) for row in named))
    data = recordings(path, unknown="drop")
    assert sum(map(len, data.split.parts.values())) == 24
    assert set("".join(r.text for r in data.split.every())) == set("yes no")
    assert "speaker" not in names or {r.speaker for r in data.split.every()} == {f"s{i}" for i in range(12)}


def test_common_voice_says_its_splits(tmp_path: Path) -> None:
    files = sounds(tmp_path / "clips", 12)
    for number, part in enumerate(("train", "dev", "test")):
        rows = [f"s{part}\t{file}\tyes" for file in files[number * 4 : number * 4 + 4]]
        write(tmp_path / f"{part}.tsv", "client_id\tpath\tsentence", *rows)
    write(tmp_path / "validated.tsv", "client_id\tpath\tsentence", *(f"s\t{file}\tyes" for file in files))
    data = recordings(tmp_path)
    assert {part: len(rows) for part, rows in data.split.parts.items()} == {"train": 4, "val": 4, "test": 4}


def test_librispeech_and_kaldi_are_known(tmp_path: Path) -> None:
    for part, speaker in (("train-clean", "19"), ("dev-clean", "26"), ("test-clean", "32")):
        folder = tmp_path / "libri" / part / speaker / "198"
        sounds(folder, 2, ".flac")
        for i in range(2):
            (folder / f"{i}.flac").rename(folder / f"{speaker}-198-000{i}.flac")
        write(folder / f"{speaker}-198.trans.txt", *(f"{speaker}-198-000{i} NORTHANGER ABBEY" for i in range(2)))
    data = recordings(tmp_path / "libri")
    assert {part: {r.speaker for r in rows} for part, rows in data.split.parts.items()} == {
        "train": {"19"}, "val": {"26"}, "test": {"32"},
    }  # fmt: skip
    kaldi = tmp_path / "kaldi"
    files = sounds(kaldi, 24)
    write(kaldi / "wav.scp", *(f"u{i} {file}" for i, file in enumerate(files)))
    write(kaldi / "text", *(f"u{i} yes no" for i in range(24)))
    write(kaldi / "utt2spk", *(f"u{i} s{i % 12}" for i in range(24)))
    data = recordings(kaldi)
    assert {r.text for r in data.split.every()} == {"yes no"}
    write(kaldi / "wav.scp", "u0 sox 0.wav -t wav - |")
    with pytest.raises(ZooError, match=r"wav.scp, line 1: .* is a command; write its recordings to files"):
        recordings(kaldi)


def kaldi_recipe(root: Path) -> dict[str, list[str]]:
    """Write a recipe of Kaldi: data folders for each split, whose paths are those from the recipe's own folder."""
    files, parts = sounds(root / "wav", 12), {"train": range(6), "dev": range(6, 9), "test": range(9, 12)}
    for part, numbers in {**parts, "train/split2/1": range(3), "everything": range(12)}.items():
        folder = root / "data" / part
        folder.mkdir(parents=True, exist_ok=True)
        write(folder / "wav.scp", *(f"u{i} wav/{files[i]}" for i in numbers))
        write(folder / "text", *(f"u{i} yes no" for i in numbers))
        write(folder / "utt2spk", *(f"u{i} {part}{i}" for i in numbers))
    return {part: [files[i] for i in numbers] for part, numbers in parts.items()}


def test_a_recipe_of_kaldi_says_its_splits(tmp_path: Path) -> None:
    parts = kaldi_recipe(tmp_path)
    split = recordings(tmp_path).split
    found = {part: sorted(one.path.name for one in rows) for part, rows in split.parts.items()}
    assert found == {"train": parts["train"], "val": parts["dev"], "test": sorted(parts["test"])}
    assert "not read: data/everything; data.root=FOLDER reads one alone" in split.notes


def test_a_recording_in_two_lists_is_refused(tmp_path: Path) -> None:
    kaldi_recipe(tmp_path / "kaldi")
    write(tmp_path / "kaldi/data/dev/wav.scp", "u0 wav/0.wav")
    write(tmp_path / "kaldi/data/dev/text", "u0 yes")
    with pytest.raises(ZooError, match=r"wav/0\.wav is listed twice, in val and in train"):
        recordings(tmp_path / "kaldi")
    (tmp_path / "nemo").mkdir()
    for part in ("train", "test"):
        files = sounds(tmp_path / "nemo", 6)
        rows = [json.dumps({"audio_filepath": file, "text": "yes"}) for file in files[part == "test" :]]
        write(tmp_path / "nemo" / f"{part}_manifest.json", *rows)
    with pytest.raises(ZooError, match=r"1\.wav is listed twice, in test and in train"):
        recordings(tmp_path / "nemo")


def test_recordings_with_texts_are_transcribed_by_themselves(tmp_path: Path) -> None:
    rows = [f"{file},yes no" for file in sounds(tmp_path, 60)]
    words = ["task=sequence", "data=folder", f"data.root={write(tmp_path / 'list.csv', 'path,text', *rows)}"]
    assert suggest(words) == {
        "task.objective": "transcribe", "model": "deep_speech2", "augment": "speech_sentences",
        "trainer.max_epochs": "40", "trainer.check_val_every_n_epoch": "5",
    }  # fmt: skip
    cfg = compose(words)
    assert (cfg.data.objective, cfg.model.name, cfg.trainer.max_epochs) == ("transcribe", "deep_speech2", 40)
    assert "model" not in suggest([*words, "model=conformer_s"])
    assert suggest([*words, "task.objective=transcribe"]) == {}
    labelled = write(tmp_path / "labels.csv", "path,text,label", "0.wav,yes,a")
    assert suggest(["task=sequence", "data=folder", f"data.root={labelled}"]) == {}


def test_names_of_classes_that_are_one_but_for_their_spelling_are_refused(tmp_path: Path) -> None:
    assert list(twins(["a", "A", "0", "0.0", "b"])) == ["'a' and 'A'", "'0' and '0.0'"]
    rows = [f"{one},{step + one},{('ok', 'OK', 'bad')[one % 3]}" for one in range(20) for step in range(6)]
    path = str(write(tmp_path / "s.csv", "id,v,label", *rows))
    with pytest.raises(ZooError, match="'OK' and 'ok' are classes of one name"):
        series(path, "classify", {"values": ["v"], "series": "id", "label": "label"})


def test_numbers_that_stand_for_no_value_are_noted(tmp_path: Path) -> None:
    rows = [f"{-9999 if step in (3, 30) else step % 7}" for step in range(200)]
    data = series(str(write(tmp_path / "s.csv", "v", *rows)), "forecast", {"values": ["v"]}, horizon=5)
    assert any("v is -9999 in 2 steps, which often stands for no value" in note for note in data.split.notes)
