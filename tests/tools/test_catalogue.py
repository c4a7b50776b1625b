"""The static catalogue: what is on its pages, that they hang together, and how the folder is written."""

import json
import re
import subprocess
import sys
import threading
from html.parser import HTMLParser
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.tools.catalogue_cards import SHA, head, measurement, put, varied, weights
from tools.catalogue import (
    catalogue,
    finished,
    folder,
    lineage,
    links,
    pages,
    pictures,
    prose,
    recipe,
    results,
    scale,
    server,
)
from tools.catalogue.command import command
from tools.registry import recipes as recipe_book
from zoo.errors import ZooError
from zoo.registry.measurements import measurements


@pytest.fixture
def card_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty card_root that is registered."""
    path = tmp_path / "card_root"
    path.mkdir()
    monkeypatch.setenv("ZOO_PATH", str(path))
    return path


def build(runs: Path | None = None) -> dict[str, bytes]:
    return pages.build(catalogue.load(runs))


def page(files: dict[str, bytes], path: str) -> str:
    return files[path].decode()


class Reader(HTMLParser):
    """Collects what a browser would act upon."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.refers: list[str] = []
        self.handlers: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        for key, value in attrs:
            if key in ("href", "src") and tag != "svg":
                self.links.append(value)
            if key == "id":
                self.ids.append(value)
            if key in ("aria-labelledby", "aria-describedby", "for"):
                self.refers += value.split()
            if key.startswith("on") or key == "style":
                self.handlers.append(f"{tag} {key}")


# ---- the pages hang together


def test_every_relative_link_leads_to_a_file_and_every_fragment_to_an_id(card_root: Path) -> None:
    varied(card_root)
    files = build()
    ids = {path: set(Reader(page(files, path)).ids) for path in files if path.endswith(".html")}
    seen = 0
    for path in ids:
        for link in Reader(page(files, path)).links:
            parts = urlsplit(link)
            if parts.scheme:
                assert parts.scheme in ("http", "https"), (path, link)
                continue
            steps = (Path("/") / Path(path).parent / unquote(parts.path)) if parts.path else Path("/") / path
            target = str(Path(*_resolved(steps.parts[1:])))
            assert target in files, (path, link)
            if parts.fragment:
                assert parts.fragment in ids[target], (path, link)
            seen += 1
    assert seen > 100


def _resolved(parts: tuple[str, ...]) -> list[str]:
    kept: list[str] = []
    for part in parts:
        if part == "..":
            kept.pop()  # an IndexError here is a link that leads out of the catalogue
        else:
            kept.append(part)
    return kept


def test_ids_are_unique_and_labels_refer_to_them(card_root: Path) -> None:
    varied(card_root)
    for path, content in build().items():
        if path.endswith(".html"):
            found = Reader(content.decode())
            assert len(found.ids) == len(set(found.ids)), path
            assert set(found.refers) <= set(found.ids), path


def test_no_page_has_scripts_or_styles_of_its_own(card_root: Path) -> None:
    varied(card_root)
    for path, content in build().items():
        if path.endswith(".html"):
            text = content.decode()
            assert "default-src 'none'" in text
            assert "'unsafe" not in text
            assert Reader(text).handlers == []
            assert not re.search(r"<script(?! src| type=\"application/json\")|<style", text), path


def test_a_page_for_each_model_recipe_and_task(card_root: Path) -> None:
    varied(card_root)
    files = build()
    known = catalogue.load(None)
    assert {"alpha", "upon_plinth", "ssd300"} <= set(known.cards)
    assert {f"models/{name}.html" for name in known.cards} <= set(files)
    assert {f"recipes/{name}.html" for name in known.recipes} <= set(files)
    assert {f"tasks/{task}.html" for task in ("detection", "segmentation", "sequence", "backbone")} <= set(files)


def test_generation_does_not_import_torch(card_root: Path) -> None:
    put(card_root, head("alpha", options={"backbone": "timm/resnet18"}))
    code = (
        "import sys; from tools.catalogue import catalogue, command, pages; pages.build(catalogue.load(None));"
        " print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


# ---- nothing in a card is markup

EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'</title></script>"


def test_html_in_a_card_is_text_wherever_it_stands(card_root: Path) -> None:
    evil = head(
        "alpha",
        summary=EVIL,
        domains=[EVIL],
        options={"backbone": EVIL},
        paper={"title": EVIL, "authors": EVIL, "year": 2020, "url": f"https://example.org/{EVIL.replace(' ', '')}"},
        source={"url": "https://example.org", "licence": "MIT", "follows": EVIL},
        not_for=[EVIL],
        adapts={EVIL: EVIL},
        measured=[measurement("alpha", 0.5, hardware=EVIL, data=EVIL, metric=EVIL, precision=EVIL)],
        weights=[weights(EVIL, trained_on=EVIL, initialised_from=EVIL)],
    )
    evil["designed_for"] = {**evil["designed_for"], "data": EVIL, "bands": [EVIL], "scenes": EVIL}
    put(card_root, evil, text=f"# Title\n\n{EVIL}\n\n## {EVIL}\n\n![{EVIL}](https://example.org/x.png)\n")
    files = build()
    for path in ("index.html", "models/alpha.html", "tasks/detection.html"):
        found = Reader(page(files, path))
        assert "img" not in found.tags, path
        assert found.handlers == [], path
        assert found.tags.count("script") == (3 if path == "index.html" else 1), path
        assert found.tags.count("title") >= 1
        assert "&lt;script&gt;" in page(files, path), path


def test_the_data_of_the_overview_cannot_close_its_element(card_root: Path) -> None:
    put(card_root, head("alpha", summary=f"<!--{EVIL}"))
    text = page(build(), "index.html")
    inside = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert inside
    assert "<" not in inside[1]
    rows = {row["name"]: row for row in json.loads(inside[1])}
    assert rows["alpha"]["summary"] == f"<!--{EVIL}"


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        " javascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "//example.org/x",
        "https://",
        "https://good.example@evil.example/",
        "https://example.org/\njavascript:x",
        "https://[::1",
        "pypi://package==1.0/file",
        "ftp://example.org",
    ],
)
def test_what_is_no_web_address_is_not_linked(address: str) -> None:
    assert links.link(address) is None
    assert "<a" not in links.linked(address)
    assert "<a" not in prose.html(f"[text]({address})")


def test_a_quote_in_an_address_ends_no_attribute() -> None:
    address = 'https://example.org/"onmouseover=x'
    assert links.link(address) is None
    assert Reader(prose.html(f"[text]({address})")).links == ["https://example.org/%22onmouseover=x"]


@pytest.mark.parametrize(
    ("address", "leads_to"),
    [
        ("https://example.org/a?b=c&d", "https://example.org/a?b=c&d"),
        ("doi:10.3390/rs11111309", "https://doi.org/10.3390/rs11111309"),
        ("10.3390/rs11111309", "https://doi.org/10.3390/rs11111309"),
        ("hf://timm/a.b@main/model.safetensors", "https://huggingface.co/timm/a.b/blob/main/model.safetensors"),
        ("hf://timm/a.b", "https://huggingface.co/timm/a.b"),
        ("github://o/r@abc/d/e.pth", "https://github.com/o/r/blob/abc/d/e.pth"),
    ],
)
def test_what_is_a_web_address_is_linked(address: str, leads_to: str) -> None:
    assert links.link(address) == leads_to


@given(st.text() | st.from_regex(r"(https?|hf|doi|github|javascript)://.*"))
def test_a_link_is_https_or_http_and_ends_no_attribute(text: str) -> None:
    found = links.link(text)
    assert found is None or re.fullmatch(r"https?://[^\s\"'<>]+", found)
    assert links.linkified(text).striptags().split() == _escaped(text)


def _escaped(text: str) -> list[str]:
    from markupsafe import escape

    return escape(text).striptags().split()


def test_prose_keeps_what_markdown_is_for() -> None:
    html = prose.html(
        "# Title\n\n## Part\n\n*a* [b](https://example.org) <b>c</b>\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    )
    assert "Title" not in html
    assert "<h3>Part</h3>" in html
    assert '<a href="https://example.org" rel="noopener noreferrer external">b</a>' in html
    assert "&lt;b&gt;c&lt;/b&gt;" in html
    assert "<td>2</td>" in html


# ---- what a model's page says


def test_a_page_tells_provenance_licences_weights_and_results(card_root: Path) -> None:
    measured = [measurement("alpha", 0.6123, 125.0)]
    nc = {"code": "MIT", "weights": "CC-BY-NC-4.0", "data": "unknown"}
    figures = [{"name": "mAP", "value": 0.4, "data": "D", "split": "val", "measured_by": "M", "source": "doi:10.1/x"}]
    put(
        card_root,
        head("alpha", measured=measured, licences=nc, weights=[weights("one", metrics=figures)], parameters=1_234_567),
    )
    text = page(build(), "models/alpha.html")
    for said in (
        "A Paper",
        "https://example.org/paper",
        "64 × 64 px",
        "Objects that are too small.",
        "1.23 M",
        "CC-BY-NC-4.0: not for commercial use",
        '<span class="use use-no">not allowed</span>',
        SHA,
        "1.23 MB",
        "0.6123",
        "0.6023 – 0.6223",
        "2 min 5 s",
        "Some Processor",
        "bf16-mixed",
        "2026-01-31",
        "the numbers are made",
        "Published elsewhere",
    ):
        assert said in text, said
    assert "javascript" not in text


def test_a_model_without_results_says_so(card_root: Path) -> None:
    put(card_root, head("alpha"))
    assert "Nothing has been measured for this model yet" in page(build(), "models/alpha.html")


def test_commands_are_only_those_that_exist(card_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(card_root, head("alpha", weights=[weights("one")]))
    card = catalogue.load(None).cards["alpha"]
    known = catalogue.load(None)
    monkeypatch.setattr(pages.cli, "COMMANDS", {})
    assert not [line for _, line in pages.commands(card, known) if line.startswith("zoo")]
    monkeypatch.setattr(pages.cli, "COMMANDS", {"show": ("", ""), "pull": ("", "")})
    lines = [line for _, line in pages.commands(card, known)]
    assert {"zoo show alpha", "zoo pull alpha"} <= set(lines)
    assert any(line.startswith("python train.py task=detection data=") for line in lines)


def test_lineage_goes_from_data_over_weights_and_backbone_to_the_recipe(card_root: Path) -> None:
    varied(card_root)
    (card_root / "recipes").mkdir()
    (card_root / "recipes" / "upon.yaml").write_text(
        "# @package _global_\n# What it is.\n# command: python train.py recipes=upon\ndefaults:\n"
        "  - override /task: detection\n  - override /data: satellite\n  - override /model: upon_plinth\n"
    )
    known = catalogue.load(None)
    graph = lineage.of(known.cards["upon_plinth"], known)
    edges = {(a.kind, a.label, b.kind, b.label) for a, b in graph.edges}
    assert edges == {
        ("data", "Some Data", "weights", "plinth · in1k"),
        ("initial weights", "Other Weights", "weights", "plinth · in1k"),
        ("weights", "plinth · in1k", "backbone", "plinth"),
        ("backbone", "plinth", "model", "upon_plinth"),
        ("model", "upon_plinth", "recipe", "upon"),
    }
    text = page(build(), "models/upon_plinth.html")
    assert '<a href="../models/plinth.html">' in text
    assert '<a href="../recipes/upon.html">' in text
    assert "upon_plinth" in page(build(), "models/plinth.html")


# ---- results


def test_the_overview_shows_the_best_result_on_what_most_models_share(card_root: Path) -> None:
    both = [
        measurement("alpha", 0.99, data="rare"),
        measurement("alpha", 0.5),
        measurement("alpha", 0.6, experiment="other"),
    ]
    put(card_root, head("alpha", measured=both))
    put(card_root, head("beta", measured=[measurement("beta", 0.7)]))
    put(
        card_root,
        head(
            "gamma",
            measured=[
                measurement("gamma", 0.2, metric="test/wer"),
                measurement("gamma", 0.3, metric="test/wer", data="d"),
            ],
        ),
    )
    cards = [catalogue.load(None).cards[name] for name in ("alpha", "beta", "gamma")]
    found = results.headlines(cards)
    assert {name: (one.block.value, rank) for name, (one, rank) in found.items()} == {
        "beta": (0.7, 0),
        "alpha": (0.6, 1),
        "gamma": (0.3, 2),
    }


COSTS = st.lists(st.tuples(st.floats(1, 1e6), st.floats(-1, 1)), min_size=1, max_size=30)


@given(COSTS)
def test_nothing_beats_a_point_of_the_frontier_and_every_other_point_is_beaten(
    points: list[tuple[float, float]],
) -> None:
    front = results.frontier(points)
    for point in points:
        beaten = any(a[0] <= point[0] and a[1] >= point[1] and a != point for a in points)
        assert (point in front) != beaten


@given(st.lists(st.floats(1e-6, 1e9), min_size=1, max_size=20))
def test_a_scale_holds_its_values_and_keeps_their_order(values: list[float]) -> None:
    for make in (scale.of, scale.of_times):
        found = make(values, 50, 700, 6)
        places = [found(value) for value in sorted(values)]
        assert places == sorted(places)
        assert places[0] >= 50
        assert places[-1] <= 700
        assert all(49.9 <= found(tick) <= 700.1 for tick in found.ticks)
        assert found.ticks or found.stretch == "log"


def test_a_task_with_results_has_charts_and_one_without_says_so(card_root: Path) -> None:
    varied(card_root)
    put(card_root, head("epsilon", task="segmentation"))
    files = build()
    text = page(files, "tasks/detection.html")
    assert "map_50 on satellite against time of the whole run" in text
    assert "map_50 on satellite against parameters" in text
    assert text.count('class="point s0 leading"') >= 4  # alpha is cheaper, beta better; in two widths
    if not any(measurements(card) for card in catalogue.load(None).by_task["segmentation"]):
        assert "Nothing has been measured for this task yet" in page(files, "tasks/segmentation.html")
    assert "Nothing has been measured for this task yet" in page(files, "tasks/backbone.html")


def test_times_of_different_machines_have_their_own_frontiers(card_root: Path) -> None:
    slow = measurement("alpha", 0.5, 5000, hardware="Old Processor", data="only_here")
    put(card_root, head("alpha", measured=[slow]))
    put(card_root, head("beta", measured=[measurement("beta", 0.7, 10, data="only_here")]))
    groups = pages.charts([catalogue.load(None).cards[name] for name in ("alpha", "beta")])
    drawn = groups[0]["charts"][0][0][1]
    assert [point.leading for point in drawn.points] == [True, True]
    assert len(drawn.lines) == 2


@given(st.lists(st.integers(0, 1000).map(lambda n: n / 1000), min_size=1, max_size=20))
def test_a_scale_of_scores_holds_shares_and_keeps_their_order(values: list[float]) -> None:
    found = scale.of_scores(values, 300, 14, 6)
    places = [found(value) for value in sorted(values)]
    assert places == sorted(places, reverse=True)
    assert 13.9 <= places[-1] <= places[0] <= 300.1
    assert len(found.ticks) >= 2
    assert all(13.9 <= found(tick) <= 300.1 for tick in found.ticks)


def test_the_best_of_scores_far_apart_are_told_apart(card_root: Path) -> None:
    for name, value, seconds in (("alpha", 0.97, 378.0), ("beta", 0.93, 812.0), ("gamma", 0.002, 1311.0)):
        put(card_root, head(name, measured=[measurement(name, value, seconds, spread=None, data="only_here")]))
    cards = [catalogue.load(None).cards[name] for name in ("alpha", "beta", "gamma")]
    drawn = pages.charts(cards)[0]["charts"][0][0][1]
    assert [text for _, text in drawn.yticks] == ["0.01", "0.05", "0.2", "0.5", "0.8", "0.9", "0.95", "0.98"]
    assert [text for _, text in drawn.xticks] == ["5 min", "10 min", "15 min", "20 min", "25 min"]
    heights = {point.result.card.name: point.y for point in drawn.points}
    assert heights["beta"] - heights["alpha"] > 15


def test_models_are_compared_within_a_comparison(card_root: Path) -> None:
    for name in ("alpha", "beta"):
        rows = [measurement(name, 0.5, data="only_here", experiment=budget) for budget in ("cars_3m", "cars_10m")]
        put(card_root, head(name, measured=rows))
    (card_root / "comparisons.json").write_text('{"cars_3m": "zoo a", "cars_10m": "zoo b"}')
    found = pages.charts([catalogue.load(None).cards[name] for name in ("alpha", "beta")])
    assert [group["place"] for group in found] == ["only_here, cars_10m", "only_here, cars_3m"]
    assert [len(group["results"]) for group in found] == [2, 2]


# ---- runs


def run(root: Path, name: str, model: str = "alpha", **metrics: Any) -> Path:
    path = root / name
    (path / "plots").mkdir(parents=True)
    config = {"model": {"name": model}, "data": {"name": "satellite"}, "task": {"name": "detection"}}
    (path / "config.yaml").write_text(json.dumps({**config, "trainer": {"max_epochs": 3}}))
    if metrics:
        (path / "metrics.json").write_text(json.dumps(metrics))
    Image.new("RGB", (3000, 1000), "red").save(path / "plots" / "scene_a.png")
    return path


def test_the_newest_finished_run_is_shown_with_bounded_pictures(card_root: Path, tmp_path: Path) -> None:
    put(card_root, head("alpha"))
    runs = tmp_path / "runs"
    run(runs, "detection-satellite-alpha/2026-01-01_00-00-00", **{"test/map": 0.111})
    run(runs, "detection-satellite-alpha/2026-01-02_00-00-00", **{"test/map": 0.2222, "seed": "<b>7</b>"})
    run(runs, "detection-satellite-alpha/2026-01-03_00-00-00")  # not finished
    run(runs, "reproduce-satellite_trees/2026-01-01_00-00-00-seed0", model="other", **{"test/map": 0.3333})
    files = build(runs)
    text = page(files, "models/alpha.html")
    assert "0.2222" in text
    assert "0.111" not in text
    assert "&lt;b&gt;7&lt;/b&gt;" in text
    assert "0.3333" in page(files, "recipes/satellite_trees.html")
    name = "pictures/detection-satellite-alpha/2026-01-02_00-00-00/scene_a.jpg"
    assert f'src="../{name}"' in text
    assert len(files[name]) < 100_000


def test_a_recipe_finds_the_runs_that_it_composes(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "# @package _global_\n# Two lines\n# of words.\n# paper: Someone, https://example.org\n# minutes: 3\n"
        "defaults:\n  - override /task: detection\n  - override /data: satellite\n  - override /model: alpha\n\n"
        "trainer:\n  max_epochs: 3\nseed: 5\n"
    )
    one = recipe.of(recipe_book.read(path))
    assert (one.what, one.header["minutes"], one.model) == ("Two lines of words.", "3", "alpha")
    assert one.delta.startswith("defaults:")
    config = {"task": {"name": "detection"}, "data": {"name": "satellite"}, "model": {"name": "alpha"}, "seed": 0}
    assert one.composes({**config, "trainer": {"max_epochs": 3}})
    assert not one.composes({**config, "trainer": {"max_epochs": 4}})


@pytest.mark.parametrize("content", ["{", "[1]", '"text"'])
def test_a_broken_run_is_named(tmp_path: Path, content: str) -> None:
    path = run(tmp_path, "a/b", **{"test/map": 1.0})
    (path / "metrics.json").write_text(content)
    with pytest.raises(ZooError, match=r"metrics\.json.*take the run out of --runs"):
        finished.read(path)


def test_a_picture_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    with pytest.raises(ZooError, match=r"picture .*a\.png cannot be read"):
        pictures.bounded(tmp_path / "a.png")


def test_a_missing_folder_of_runs_is_named(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match="--runs .* is no folder"):
        catalogue.load(tmp_path / "none")


# ---- the folder


def test_the_same_input_gives_the_same_bytes_and_check_says_so(
    card_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    varied(card_root)
    out = tmp_path / "catalogue"
    command(out)
    first = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    command(out, check=True)
    assert "up to date" in capsys.readouterr().out
    command(out)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == first
    assert [path.name for path in tmp_path.iterdir()] != []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["card_root", "catalogue"]  # nothing temporary is left


def test_check_finds_what_changed_what_is_missing_and_what_is_too_much(
    card_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(card_root, head("alpha"))
    out = tmp_path / "catalogue"
    command(out)
    capsys.readouterr()
    (out / "index.html").write_text("changed")
    (out / "about.html").unlink()
    (out / "more.txt").write_text("")
    with pytest.raises(typer.Exit) as left:
        command(out, check=True)
    assert left.value.exit_code == 1
    said = capsys.readouterr().out
    for part in ("index.html differs", "about.html is missing", "more.txt does not belong there"):
        assert part in said
    put(card_root, head("beta"))
    assert "models/beta.html is missing" in folder.differences(out, build())


def test_check_of_nothing_fails(card_root: Path, tmp_path: Path) -> None:
    with pytest.raises(typer.Exit):
        command(tmp_path / "none", check=True)
    assert not (tmp_path / "none").exists()


def test_a_folder_that_is_not_ours_is_refused_and_stays(tmp_path: Path) -> None:
    out = tmp_path / "home"
    out.mkdir()
    (out / "thesis.txt").write_text("years of work")
    with pytest.raises(ZooError, match="thesis.txt"):
        folder.write(out, {"index.html": b"x"})
    assert (out / "thesis.txt").read_text() == "years of work"
    (out / "thesis.txt").unlink()
    folder.write(out, {"index.html": b"x", "models/a.html": b"y"})
    (out / "CNAME").write_text("example.org")
    with pytest.raises(ZooError, match="CNAME"):
        folder.write(out, {"index.html": b"z"})
    assert (out / "index.html").read_bytes() == b"x"
    (out / "CNAME").unlink()
    folder.write(out, {"index.html": b"z"})
    assert not (out / "models").exists()


def test_a_file_and_a_forged_manifest_are_no_site(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ZooError, match="is a file"):
        folder.write(tmp_path / "file", {})
    out = tmp_path / "other"
    out.mkdir()
    (out / "catalogue.json").write_text('{"files": {}}')
    with pytest.raises(ZooError, match=r"catalogue\.json"):
        folder.write(out, {})


def test_a_failed_write_leaves_the_old_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "catalogue"
    folder.write(out, {"index.html": b"old"})

    def full(self: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ZooError, match="No space left"):
        folder.write(out, {"index.html": b"new"})
    assert (out / "index.html").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["catalogue"]


def test_a_failed_swap_puts_the_old_site_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "catalogue"
    folder.write(out, {"index.html": b"old"})
    move = Path.replace

    def refuse(self: Path, target: Path) -> Path:
        if self.name.endswith(".part"):
            raise OSError(16, "Device or resource busy")
        return move(self, target)

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(ZooError, match="busy"):
        folder.write(out, {"index.html": b"new"})
    assert (out / "index.html").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["catalogue"]


def test_the_server_gives_the_pages_to_this_machine_alone_and_lists_nothing(tmp_path: Path) -> None:
    folder.write(tmp_path / "catalogue", {"index.html": b"hello", "models/a.html": b"x"})
    (tmp_path / "secret.txt").write_text("secret")
    with server.bound(tmp_path / "catalogue", 0) as bound:
        threading.Thread(target=bound.serve_forever, daemon=True).start()
        host, port = bound.server_address[:2]
        assert host == "127.0.0.1"
        assert fetch(port, "/") == (200, b"hello")
        assert fetch(port, "/models/")[0] == 404
        assert fetch(port, "/../secret.txt")[0] == 404
        with pytest.raises(ZooError, match=f"--port {port} cannot be taken"):
            server.bound(tmp_path, int(port))
        bound.shutdown()


def fetch(port: Any, path: str) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content


def test_check_and_serve_exclude_each_other(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match="--check"):
        command(tmp_path / "catalogue", check=True, serve=True)
