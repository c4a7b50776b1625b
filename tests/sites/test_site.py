"""A site holds what it was given: versions by their hash, a pointer that is whole, decisions that cannot be changed."""

import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.sites.made import finished, site
from tools.cli import main
from zoo.errors import ZooError
from zoo.sites.decisions import BEGIN
from zoo.sites.settings import Settings
from zoo.sites.site import Site


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs and a site of the first."""
    folder = tmp_path_factory.mktemp("kept")
    site(folder)
    finished(folder / "other", seed=1)
    return folder


@pytest.fixture
def opened(kept: Path, tmp_path: Path) -> Site:
    shutil.copytree(kept / "site", tmp_path / "site")
    return Site(tmp_path / "site")


def test_a_site_is_made_looked_at_and_given_a_challenger(
    kept: Path, opened: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    first = opened.current()
    with pytest.raises(SystemExit) as ended:
        main(["site", "add", str(opened.folder), str(kept / "other")])
    assert ended.value.code == 0
    with pytest.raises(SystemExit):
        main(["site", "show", str(opened.folder), "--json"])
    facts = json.loads(capsys.readouterr().out.partition("\n")[2])
    assert facts["current"] == first
    assert len(facts["versions"]) == 2
    assert [made["kind"] for made in facts["decisions"]] == ["create", "add"]
    assert facts["decisions"][0]["previous"] == BEGIN
    assert opened.versions.run(first).load_model() is not None


def test_the_same_run_is_the_same_version(kept: Path, opened: Site) -> None:
    with opened.lock():
        assert opened.add(opened.versions.run(opened.current())) == opened.current()
    assert len(opened.versions.names()) == 1


def test_only_what_is_whole_and_of_the_site_comes_in(opened: Site, kept: Path, tmp_path: Path) -> None:
    other = finished(tmp_path / "tags", "entities")
    with pytest.raises(ZooError, match="has classes .*; the site .* is for"):
        opened.add(other)
    shutil.copytree(kept / "other", tmp_path / "unfinished")
    (tmp_path / "unfinished" / "metrics.json").unlink()
    with pytest.raises(ZooError, match="did not finish"):
        opened.add(type(other)(tmp_path / "unfinished"))
    shutil.copytree(kept / "other", tmp_path / "pickled")
    (tmp_path / "pickled" / "weights.safetensors").write_bytes(b"\x80\x04cos\nsystem\n(S'touch hacked'\ntR.")
    with pytest.raises(ZooError, match="damaged"):
        opened.add(type(other)(tmp_path / "pickled"))
    shutil.copytree(kept / "other", tmp_path / "linked")
    (tmp_path / "linked" / "README.md").symlink_to(kept / "other" / "config.yaml")
    with pytest.raises(ZooError, match="is a link"):
        opened.add(type(other)(tmp_path / "linked"))
    assert len(opened.versions.names()) == 1
    assert not list(opened.versions.folder.glob(".*"))
    with pytest.raises(ZooError, match="is there already and not empty"):
        Site.create(opened.folder, other)
    with pytest.raises(ZooError, match="is no site"):
        Site(tmp_path)


def test_a_version_that_was_changed_is_refused(opened: Site) -> None:
    path = opened.versions.folder / opened.current() / "metrics.json"
    path.chmod(0o600)
    path.write_text("{}")
    with pytest.raises(ZooError, match="was changed"):
        opened.check()


@pytest.mark.parametrize("harm", ["edit", "remove", "insert", "sign"])
def test_a_history_that_was_changed_is_refused(opened: Site, harm: str, tmp_path: Path) -> None:
    with opened.lock():
        for number in range(3):
            opened.decisions.add("note", {"said": number})
    opened.check()
    path = opened.decisions.files()[1]
    if harm == "edit":
        path.write_text(path.read_text().replace('"said": 0', '"said": 9'))
    elif harm == "remove":
        path.unlink()
    elif harm == "insert":
        shutil.copy(path, path.with_name("000009.json"))
    else:
        opened.decisions.key.private.unlink()
        opened.decisions.key.make()
    with pytest.raises(ZooError, match="decision .*(changed|should be number|another)"):
        opened.check()


def test_the_last_decision_that_was_taken_away_is_missed(opened: Site, kept: Path) -> None:
    with opened.lock():
        other = opened.add(type(opened.versions.run(opened.current()))(kept / "other"))
        opened.serve(other, "promote", {})
    assert opened.current() == other
    opened.decisions.files()[-1].unlink()
    with pytest.raises(ZooError, match="what was decided last is"):
        opened.check()


def test_a_kill_between_decision_and_switch_is_brought_to_its_end(opened: Site, kept: Path) -> None:
    with opened.lock():
        other = opened.add(type(opened.versions.run(opened.current()))(kept / "other"))
        opened.decisions.add("promote", {"serving": other})
    assert opened.current() != other
    with opened.lock():
        assert opened.current() == other


def test_two_at_once_leave_one_history(opened: Site) -> None:
    def decide() -> None:
        mine = Site(opened.folder)
        for _ in range(5):
            with mine.lock():
                mine.decisions.add("note", {})

    threads = [threading.Thread(target=decide) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened.decisions.all()) == 16


SWITCHING = """
import sys
from pathlib import Path
from zoo.sites.site import Site
site = Site(Path(sys.argv[1]))
first, second = site.versions.names()
while True:
    with site.lock():
        site.serve(second if site.current() == first else first, "promote", {})
    print("switched", flush=True)
"""


@pytest.mark.parametrize("kills", [2, pytest.param(100, marks=pytest.mark.kills)])
def test_kills_leave_a_valid_pointer_and_a_whole_history(opened: Site, kept: Path, kills: int) -> None:
    with opened.lock():
        opened.add(type(opened.versions.run(opened.current()))(kept / "other"))
    rng = random.Random(0)
    for _ in range(kills):
        command = [sys.executable, "-c", SWITCHING, str(opened.folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(rng.uniform(0, 0.03))  # somewhere within a switch
            process.kill()
        assert opened.current() in opened.versions.names()
        with opened.lock():
            opened.check()
    assert len(opened.decisions.files()) > kills


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("timezone: Mars/Olympus", "no time zone"),
        ("limts: {}", "unknown key 'limts'; did you mean limits"),
        ("limits: {bytes: 0}", "limits.bytes"),
        ("places: {north: {longitude: 200}}", "places.north.longitude"),
        ("folder: !!python/object/apply:os.system [ls]", "the tag"),
        ("task: telepathy", "no task"),
    ],
)
def test_what_is_wrong_in_site_yaml_is_named(opened: Site, change: str, said: str) -> None:
    path = opened.folder / "site.yaml"
    name = change.partition(":")[0]
    lines = path.read_text().splitlines()
    if name == "task":
        lines = [line for line in lines if not line.startswith(name)]
    else:
        lines = lines[: next((i for i, line in enumerate(lines) if line.startswith(name)), len(lines))]
    path.write_text("\n".join([*lines, change]))
    with pytest.raises(ZooError, match=said):
        Settings.load(path)
