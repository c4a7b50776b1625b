"""`zoo bench pull`: both ways bring the same bytes from its own server, and the figures are of this machine."""

import json
from pathlib import Path

import pytest

from tests.tools.hub.conftest import Zoo
from tools.bench import pull as bench_pull
from zoo.sources.digest import digest


def test_both_ways_bring_the_file(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(bytes(range(256)) * 5000)
    with bench_pull.serve(source) as url:
        for way in (bench_pull.by_client, bench_pull.by_zoo):
            way(url, tmp_path / way.__name__)
            found = [path for path in (tmp_path / way.__name__).rglob(bench_pull.FILE) if path.is_file()]
            assert [digest(path) for path in found] == [digest(source)]


def test_figures(called: Zoo) -> None:
    code, out, errors = called("bench", "pull", "--size", "100kB", "--rounds", "1", "--json")
    assert code == 0, errors
    figures = json.loads(out)
    assert figures["bytes"] == 100_000
    bare, ours = figures["ways"].values()
    assert ours["speed"] == pytest.approx(ours["a_second"] / bare["a_second"])


@pytest.mark.parametrize("size", ["200", "0MB", "big"])
def test_a_size_that_is_none(called: Zoo, size: str) -> None:
    assert called("bench", "pull", "--size", size)[0] == 2
