"""Every way out that a message offers is one: a setting that is there, a value that it takes, an option, a command.

What messages offer is read off the source; whether it leads out of what is wrong is tried beside the readers themselves.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import zoo
from configuration import groups
from configuration.check import check_value
from configuration.composition import compose, to_dict
from configuration.signature import settings_of
from recipes.folder.problems import KINDS
from tests.test_design import FILES, ROOT, imported
from tools.cli import COMMANDS, GROUPS, as_command
from zoo.runs.configuration import flat

HOLE = "…"
#: A setting as it is written on a command line, and the value that is offered where one is.
SETTING = re.compile(
    r"(?<![\w./{+-])(\+?(?:data|model|trainer|task|optimizer|callbacks)\.[a-z_]+(?:\.[a-z_]+)*)=([^\s;,)`]*)"
)
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
COMMAND = re.compile(r"`zoo ([^`]+)`")
TRAINING = re.compile(r"(?:python train\.py|zoo train) (task=[^`\n]+)")
#: Files that speak of other programs' options.
OTHERS_PROGRAMS = {
    "zoo/sources/npm.py",
    "zoo/sources/wheel.py",
    "tasks/versions.py",
    "tools/bench/doctor.py",
    "tools/bench/registry.py",
    "tools/bench/serving.py",
    "recipes/imagery/pictures.py",
}
#: Settings that a file offers only where the data have them, which it is told or knows by the kind of problem.
CONDITIONAL = {
    "recipes/kit/table.py": "data that say how tables are read",
    "recipes/kit/text_file.py": "data that say how tables are read",
    "recipes/kit/numbers.py": "series",
    "recipes/series/times.py": "series of the user's own",
    "recipes/series/future.py": "series of the user's own",
    "recipes/kit/split.py": "data whose setting it is that is refused",
    "recipes/imagery/module.py": "data whose setting it is that is refused",
    "recipes/folder/problems.py": "by the kinds of problems, below",
    "recipes/folder/formats/reading.py": "boxes and outlines",
    "recipes/folder/mask_pairs.py": "masks",
    "recipes/folder/keypoints/reading.py": "keypoints",
    "recipes/labelled/module.py": "labels",
    "recipes/series/recognise.py": "words of the data that it names",
}


class Offer(NamedTuple):
    """What a message offers, the file that does, and the value where one is said."""

    word: str
    value: str
    file: str


def messages(path: Path) -> Iterator[str]:
    """Yield the texts of a file without its docstrings; what is put into them is a hole."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)} - {
        id(node) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)
    }
    texts = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if id(node) in inner or id(node) in texts:
            continue
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else HOLE for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@cache
def offers() -> tuple[Offer, ...]:
    """All settings that are offered; one that a text begins with, and its value, is what the user said."""
    found = []
    for path in FILES:
        for text in messages(path):
            for match in SETTING.finditer(text):
                said = match.start() == 0 and match[2].startswith(HOLE)
                if not said:
                    found.append(Offer(match[1], match[2], path.relative_to(ROOT).as_posix()))
    return tuple(dict.fromkeys(found))


@cache
def imports_of(file: str) -> frozenset[str]:
    """Return the files of ours that a file imports, and those that these import."""
    seen, left = set[str](), [file]
    while left:
        current = left.pop()
        if current not in seen and (ROOT / current).exists():
            seen.add(current)
            for name in imported(ROOT / current):
                place = name.replace(".", "/")
                left += [f"{place}.py", f"{place}/__init__.py"]
    return frozenset(seen)


def file_of(target: str) -> str:
    return (
        target.partition(":")[0].replace(".", "/") + ".py"
        if ":" in target
        else file_of(f"{target.rpartition('.')[0]}:")
    )


PAIRS = [(task, data) for task in groups.options("task") for data in groups.data_for(task)]


@cache
def configuration(*words: str) -> dict[str, Any]:
    return to_dict(compose(words))


def wrong(offer: Offer, config: dict[str, Any], annotations: dict[str, Any]) -> list[str]:
    """Return why a setting cannot be what is offered: no key of the configuration has it, or it does not take the value."""
    key, keys = offer.word.removeprefix("+"), flat(config)
    if not offer.word.startswith("+") and not any(one == key or one.startswith(f"{key}.") for one in keys):
        return [f"{offer.file} offers {offer.word}, which is no setting"]
    value, name = offer.value.strip("'\""), key.partition(".")[2]
    if name not in annotations or HOLE in value or not re.fullmatch(r"[a-z_0-9]+", value):
        return []
    read = int(value) if value.isdigit() else {"true": True, "false": False, "null": None}.get(value, value)
    return [f"{offer.file}: {problem}" for problem in check_value(key, read, annotations[name])]


@pytest.mark.parametrize(("task", "data"), PAIRS)
def test_settings_of_data_are_there_where_they_are_offered(task: str, data: str) -> None:
    config = configuration(f"task={task}", f"data={data}")
    target = config["data"]["_target_"]
    told = [
        offer
        for offer in offers()
        if offer.word.startswith(("data.", "+data.")) and offer.file in imports_of(file_of(target))
    ]
    if "root" not in config["data"]:  # of the reader of folders that it uses nothing is said to the user
        told = [offer for offer in told if not offer.file.startswith("recipes/folder/")]
    annotations = dict(settings_of(target).annotations)
    assert [why for o in told if o.file not in CONDITIONAL for why in wrong(o, config, annotations)] == []


def test_what_is_offered_on_a_condition_is_a_setting_of_some_data() -> None:
    every = [configuration(f"task={task}", f"data={data}") for task, data in PAIRS]
    for offer in offers():
        if offer.word.startswith("data.") and offer.word != "data.key" and offer.file in (*CONDITIONAL, *other_files()):
            assert any(
                not wrong(offer, config, dict(settings_of(config["data"]["_target_"]).annotations)) for config in every
            ), offer


def other_files() -> list[str]:
    """Return the files that no data module imports, and that speak of data: the fit check, tasks, models, commands."""
    return [path.relative_to(ROOT).as_posix() for path in FILES if path.relative_to(ROOT).parts[0] != "recipes"]


@pytest.mark.parametrize("task", groups.options("task"))
def test_settings_of_a_run_are_there_where_they_are_offered(task: str) -> None:
    config = configuration(f"task={task}", f"data={groups.data_for(task)[0]}")
    shared = [offer for offer in offers() if offer.word.startswith(("trainer.", "optimizer.", "callbacks."))]
    assert [
        why for offer in shared if offer.word != "trainer.limit_train_batches" for why in wrong(offer, config, {})
    ] == []


@pytest.mark.parametrize(
    "name", sorted(name for name, card in zoo.cards().items() if card.build and card.task != "backbone")
)
def test_options_of_a_model_are_there_where_its_code_offers_them(name: str) -> None:
    card = zoo.card(name)
    known = {*card.options, "pretrained"}
    mine = [offer for offer in offers() if offer.file == file_of(card.build) and offer.word.startswith("model.")]
    assert [offer for offer in mine if offer.word.removeprefix("model.") not in known] == []


def test_options_of_models_that_others_offer_are_those_of_some_model() -> None:
    known = {key for card in zoo.cards().values() for key in card.options} | {"pretrained"}
    told = [offer for offer in offers() if offer.word.startswith("model.")]
    assert [offer for offer in told if offer.word.split(".")[1] not in known] == []


def test_settings_of_a_task_are_there_where_they_are_offered() -> None:
    keys = {
        task: flat(configuration(f"task={task}", f"data={groups.data_for(task)[0]}")) for task in groups.options("task")
    }
    for offer in offers():
        if offer.word.startswith("task.") and not offer.word.startswith("task.objective_options"):
            mine = [task for task in keys if offer.file in (f"tasks/{task}.py",) or f"/{task}/" in offer.file] or list(
                keys
            )
            assert any(key.startswith(offer.word) for task in mine for key in keys[task]), offer


RAISING = ("Problem", "problem")
#: Files that a reader asks for what kind of folder it is, and not what is wrong with it.
ASKED_FOR_THE_KIND = {
    "detection": ("recipes/folder/mask_pairs.py",),
    "segmentation": (),
    "classification": (
        "recipes/folder/mask_pairs.py",
        "recipes/folder/formats/",
        "recipes/folder/annotation_builder.py",
    ),
}


def kinds_raised(file: str) -> set[str]:
    """Return the kinds of problems with folders that a file names where it raises them."""
    calls = [
        node for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
    ]
    names = [(getattr(call.func, "attr", getattr(call.func, "id", "")), call.args[:1]) for call in calls]
    first = [argument for name, arguments in names if name in RAISING for argument in arguments]
    return {str(node.value) for node in first if isinstance(node, ast.Constant)} & KINDS.keys()


@pytest.mark.parametrize("task", ASKED_FOR_THE_KIND)
def test_what_is_wrong_with_a_folder_has_a_way_out_that_its_reader_takes(task: str) -> None:
    config = configuration(f"task={task}", "data=folder")
    target = config["data"]["_target_"]
    files = [file for file in imports_of(file_of(target)) if file.startswith("recipes/folder/")]
    kinds = {kind for file in files if not file.startswith(ASKED_FOR_THE_KIND[task]) for kind in kinds_raised(file)}
    assert len(kinds) > 5
    annotations = dict(settings_of(target).annotations)
    told = [Offer(match[1], match[2], kind) for kind in sorted(kinds) for match in SETTING.finditer(KINDS[kind].remedy)]
    assert [why for offer in told for why in wrong(offer, config, annotations)] == []


@cache
def options_of(target: str) -> frozenset[str]:
    """Return the options that a command takes."""
    module, _, function = target.partition(":")
    command: Any = as_command(getattr(__import__(module, fromlist=[function]), function))
    names = [name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)]
    return frozenset(names) | {"--help", "--json"}


def test_options_of_commands_are_there_where_they_are_offered() -> None:
    texts = [(path.relative_to(ROOT).as_posix(), text) for path in FILES for text in messages(path)]
    told = {
        (file, option)
        for file, text in texts
        for option in OPTION.findall(COMMAND.sub("", text))
        if file not in OTHERS_PROGRAMS
    }
    known = {option for target, _ in COMMANDS.values() for option in options_of(target)}
    hydra = {"--cfg", "--multirun", "--help", "--version"}
    assert sorted((file, option) for file, option in told if option not in known | hydra) == []


def commands() -> list[tuple[str, str]]:
    """Return the commands that are offered, with the files that do."""
    texts = [(path.relative_to(ROOT).as_posix(), text) for path in FILES for text in messages(path)]
    return sorted(
        {(match[1], file) for file, text in texts for match in COMMAND.finditer(text)}
        - {(HOLE, file) for file, _ in texts}
    )


@pytest.mark.parametrize(("said", "file"), commands())
def test_commands_that_are_offered_are_there(said: str, file: str) -> None:
    words = said.split()
    if words[0].isupper() or words[0].startswith((HOLE, "-")):
        return
    called = next((" ".join(words[:n]) for n in (2, 1) if " ".join(words[:n]) in {**COMMANDS, **GROUPS}), None)
    assert called is not None, f"{file} offers `zoo {said}`"
    options = [word.partition("=")[0] for word in words if word.startswith("--")]
    if called in COMMANDS:
        assert set(options) <= options_of(COMMANDS[called][0]), f"{file} offers `zoo {said}`"
