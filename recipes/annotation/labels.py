"""Labels of whole inputs, and of the steps of sequences: a table, or choices of Label Studio."""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from recipes.annotation.annotator import Annotator, Marked, Outcome, Truth
from recipes.annotation.bands import bands_of
from recipes.annotation.whole import whole_folder
from recipes.imagery.scene import Scene
from recipes.kit.module import DataModule
from recipes.kit.table import read_table
from zoo.errors import ZooError
from zoo.inference.answers import Answer, Label, Tags

TABLE, TASKS = "labels.csv", "tasks.json"
#: Between the classes of one input.
SEPARATOR = "|"


class Labels(Annotator):
    """One class an input, several, or one a step."""

    formats = ("csv", "labelstudio")
    by_sample = True

    def truth(self, answer: Answer) -> Truth:
        """Return the classes of an answer, and how probable they are."""
        if isinstance(answer, Label):
            return {"classes": [one for one in answer.label.split(SEPARATOR) if one], "scores": [answer.probability]}
        if isinstance(answer, Tags):
            scores = {} if answer.probabilities is None else {"scores": [float(p) for p in answer.probabilities]}
            return {"classes": list(answer.tags), "steps": True, **scores}
        raise ZooError(f"an answer of the kind {type(answer).__name__} has no labels, and cannot be marked")

    def uncertainty(self, answer: Answer) -> float:
        """Return the mean of entropy and of one less the margin, each from 0 to 1; of steps their mean doubt."""
        if isinstance(answer, Tags):
            return float("nan") if answer.probabilities is None else float(1 - np.mean(answer.probabilities))
        if not isinstance(answer, Label):
            return float("nan")
        shares = np.sort(np.array(list(answer.probabilities.values()), float))[::-1]
        entropy = -(shares * np.log(np.maximum(shares, 1e-12))).sum() / np.log(max(2, len(shares)))
        margin = shares[0] - shares[1] if len(shares) > 1 else shares[0]
        return float(np.clip((entropy + 1 - margin) / 2, 0, 1))

    def names(self, truth: Truth) -> list[str]:
        """Return the classes."""
        return list(truth["classes"])

    def agreement(self, one: Truth, other: Truth) -> float:
        """Return the share of the classes of either that both have; of steps the share of those alike."""
        first, second = one["classes"], other["classes"]
        if one.get("steps") or other.get("steps"):
            same = [a == b for a, b in zip(first, second, strict=False)]
            return sum(same) / max(1, len(first), len(second))
        either = {*first, *second}
        return len({*first} & {*second}) / len(either) if either else 1.0

    def outcomes(self, said: Truth, truth: Truth) -> tuple[list[Outcome], list[str]]:
        """Return each label that was said; nothing is missed, since there always is one."""
        labels, scores, true = said["classes"], said.get("scores", []), truth["classes"]
        if said.get("steps") and len(scores) == len(labels) == len(true):
            rows = zip(labels, scores, true, strict=True)
            return [Outcome(label, float(score), label == one) for label, score, one in rows], []
        score = float(scores[0]) if len(scores) else float("nan")
        return [Outcome(SEPARATOR.join(labels), score, sorted(labels) == sorted(true))], []

    def sample(self, data: DataModule[Any], path: Path, truth: Truth, task: Mapping[str, Any]) -> Any:
        """Return a file with its one class as the data module has such."""
        if len(truth["classes"]) != 1:
            raise ZooError(
                f"{path} has {len(truth['classes'])} classes, and one is learnt: {SEPARATOR.join(truth['classes'])}"
            )
        sample = data.labelled(path, data.classes.index(truth["classes"][0]))
        return replace(sample, bands=bands_of(data, path)) if isinstance(sample, Scene) else sample

    def write(self, marked: Sequence[Marked], classes: Sequence[str], format: str, out: Path) -> None:
        """Write the files, and `labels.csv` with an empty column to fill in, or `tasks.json` with predictions."""
        with whole_folder(out) as part:
            (part / "files").mkdir(parents=True)
            for one in marked:
                shutil.copyfile(one.path, part / "files" / one.path.name)
            if self.known_format(format) == "csv":
                (part / TABLE).write_text(table_of(marked), encoding="utf-8")
            else:
                (part / TASKS).write_text(json.dumps(tasks_of(marked), ensure_ascii=False, indent=1), encoding="utf-8")
            (part / "classes.txt").write_text("".join(f"{name}\n" for name in classes), encoding="utf-8")

    def read(self, folder: Path, format: str | None, classes: Sequence[str]) -> dict[str, Truth]:
        """Return the classes of each file that has some."""
        if (tasks := folder / TASKS).exists() and format in (None, "labelstudio"):
            return dict(labels_in_tasks(tasks))
        path = folder / TABLE
        if not path.exists():
            raise ZooError(f"{folder} has neither {TABLE} nor {TASKS}; put what was labelled there under its name")
        table = read_table(path)
        files = table.words(table.column("file", ("file",), "column file"))
        labels = table.words(table.column("label", ("label",), "column label"))
        found: dict[str, Truth] = {}
        for name, label, line in zip(files, labels, table.lines, strict=True):
            if Path(name).name in found:
                raise ZooError(f"{path}, line {line}: {name} is there twice; one row says all of its classes: a|b")
            if label:
                found[Path(name).name] = {"classes": [one.strip() for one in label.split(SEPARATOR)]}
        return found


def table_of(marked: Sequence[Marked]) -> str:
    """Return a table with a row for each file: what the model says, and an empty cell for what is true."""
    import csv
    from io import StringIO

    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["file", "label", "said", "score", "version"])
    for one in marked:
        scores = one.truth.get("scores") or [float("nan")]
        said = SEPARATOR.join(one.truth["classes"])
        writer.writerow([f"files/{one.path.name}", "", said, f"{np.mean(scores):.4f}", one.version])
    return text.getvalue()


def tasks_of(marked: Sequence[Marked]) -> list[dict[str, Any]]:
    """Return files as tasks of Label Studio: what the model says is a prediction."""
    return [
        {
            "id": number,
            "data": {"file": f"files/{one.path.name}"},
            "annotations": [],
            "predictions": [
                {
                    "model_version": one.version,
                    "score": float(np.mean(one.truth.get("scores") or [0.0])),
                    "result": [choices(one.truth["classes"])],
                }
            ],
        }
        for number, one in enumerate(marked, 1)
    ]


def choices(labels: Sequence[str]) -> dict[str, Any]:
    """Return labels as a region of Label Studio."""
    return {"type": "choices", "from_name": "label", "to_name": "file", "value": {"choices": list(labels)}}


def labels_in_tasks(path: Path) -> Iterator[tuple[str, Truth]]:
    """Yield the files that a person annotated, and their classes."""
    try:
        tasks = json.loads(path.read_text(encoding="utf-8"))
        for task in tasks:
            done = [one for one in task.get("annotations", []) if not one.get("was_cancelled")]
            chosen = [one for one in (done[-1]["result"] if done else []) if one.get("type") == "choices"]
            if chosen:
                yield file_of(task["data"]), {"classes": [str(name) for name in chosen[-1]["value"]["choices"]]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ZooError(f"{path} is no list of tasks as Label Studio exports it ({error!r})") from error


def file_of(data: Mapping[str, Any]) -> str:
    """Return the name of the file that a task is about."""
    return Path(str(data["file"])).name
