"""The table of tasks: a record makes a task, its names are known without reading it, and what it names is imported late."""

import subprocess
import sys
from pathlib import Path

import pytest

from zoo.errors import ZooError
from zoo.registry import index
from zoo.registry.tasks import BACKBONE, kinds, names, task, tasks

RECORD = """from zoo.registry.tasks import Task

TASK = Task({name!r}, "Knit.", "other", "sock", "needle", "knitting.module:Knitting", "knitting.probe:probe")
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in ZOO_PATH with a task of its own; modules of it are forgotten."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "knitting"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setenv("ZOO_PATH", str(tmp_path / "root"))
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "root" / "knitting"
    folder.mkdir(parents=True)
    (folder / "task.py").write_text(RECORD.format(name="knitting"), encoding="utf-8")
    return folder


def test_a_record_in_zoo_path_is_a_task_and_names_code_of_its_own(root: Path) -> None:
    (root / "probe.py").write_text("def probe():\n    return 'knit'\n", encoding="utf-8")
    assert "knitting" in names()
    assert kinds()[-1] == BACKBONE
    assert (task("knitting").sample, task("knitting").load("probe")()) == ("sock", "knit")
    with pytest.raises(ZooError, match=r"no module 'knitting.module'"):
        task("knitting").load("module")


def test_a_task_is_called_as_its_folder(root: Path) -> None:
    (root / "task.py").write_text(RECORD.format(name="crochet"), encoding="utf-8")
    assert "knitting" in names(), "no record is read for its name"
    with pytest.raises(ZooError, match=r"task.py: TASK must be a Task named 'knitting'"):
        task("knitting")


def test_two_tasks_of_one_name_are_refused_with_both_places(root: Path) -> None:
    (root.parent / "detection").mkdir()
    (root.parent / "detection" / "task.py").write_text(RECORD.format(name="detection"), encoding="utf-8")
    with pytest.raises(ZooError, match=rf"two tasks are named 'detection': in .* and {root.parent}; rename one"):
        names()


def test_an_unknown_task_is_refused_with_near_names() -> None:
    with pytest.raises(ZooError, match="no task 'segmentaton'; did you mean segmentation"):
        task("segmentaton")


def test_a_card_that_waited_for_its_task_is_whole_when_it_comes(root: Path) -> None:
    """The index keeps what it read of a card, and the task is no part of that file."""
    text = (Path(__file__).parents[1] / "made_up_task" / "counting" / "dot_counter.md").read_text(encoding="utf-8")
    text = text.replace("task: counting", "task: knitting").replace("name: dot_counter", "name: needle")
    (root / "needle.md").write_text(text, encoding="utf-8")
    (root / "task.py").rename(root / "later.py")
    assert "'knitting'" in index.load().broken[0]
    (root / "later.py").rename(root / "task.py")
    assert index.load().entries["needle"].task == "knitting"


@pytest.mark.parametrize("name", names())
def test_what_a_record_names_is_there(name: str) -> None:
    record = tasks()[name]
    for field in ("module", "probe", "predictor", "exporter", "files", "claims"):
        if getattr(record, field):
            record.load(field)
    for one in record.objectives.values():
        assert callable(record.resolve(one.module or one.decoder))
        assert callable(record.resolve(one.probe))
    assert record.next_command.format(run="RUN", new="NEW").startswith("zoo predict RUN ")


def test_records_are_read_without_torch() -> None:
    program = (
        "import sys; from zoo.registry.tasks import tasks; assert len(tasks()) > 2; assert 'torch' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
