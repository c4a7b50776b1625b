"""How right the answers probably are, by what frozen samples taught; how far that was off; and who is told."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.sites.made import label_all, sign_site
from tools.production import expected as of_windows
from tools.production.collect.bring_back import Inward, bring_back
from tools.production.collect.take_out import Outward, take_out
from tools.production.expected import calibration_of, expected, learn_outcomes, outcomes_of, sentence
from tools.production.labelled_cells import cells_of_labels
from tools.production.policy import part_of
from tools.production.webhook import post
from zoo.errors import ZooError
from zoo.sites import accuracy
from zoo.sites.records.journal import Recorder
from zoo.sites.records.record import Record, new_id
from zoo.sites.site import Site

BEGIN = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site that served 30 pictures, of which 24 were labelled, all drawn at random."""
    made = sign_site(tmp_path_factory.mktemp("site"))
    recorder, names = Recorder(made.folder / "records"), dict[str, str]()
    for number, path in enumerate(sorted((made.folder / "inbox").iterdir())):
        time, label = BEGIN + timedelta(hours=number), path.stem.split("_")[1]
        id_ = new_id()
        path.rename(path.with_name(f"{id_}.png"))
        names[id_] = label
        recorder.put(Record(id_, time, time, made.current(), "north", labels=["circle"], scores=[0.5 + number / 100]))
    recorder.close()
    out = Path(take_out(made, Outward(budget=24, random=1.0))["out"])
    label_all(out, {f"{id_}.png": label for id_, label in names.items()})
    bring_back(made, out, Inward(labels=out, by="anna", new=["ring"]))
    return made


def test_what_is_expected_stands_beside_what_labels_say(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    window = [site.current(), BEGIN, BEGIN + timedelta(days=9)]
    assert expected(site, window) is None
    assert "nobody can say" in sentence(None)
    assert learn_outcomes(site, site.current()) == 24
    assert expected(site, window) is None  # so few say nothing
    for module in (accuracy, of_windows):
        monkeypatch.setattr(module, "FEWEST", 20)
    assert learn_outcomes(site, site.current()) == 24
    path = outcomes_of(site, site.current())
    found = expected(site, window)
    assert found is not None
    assert (found["answers"], found["labels"]) == (30, 24)
    assert 0 <= found["low"] <= found["value"] <= found["high"] <= 1
    assert found["error"] == pytest.approx(found["value"] - found["measured"])
    assert "off by" in sentence(found)
    path.write_text("{}")
    with pytest.raises(ZooError, match="learn it again"):
        calibration_of(site, site.current())


def test_labels_of_served_answers_are_what_thresholds_are_fitted_to(site: Site) -> None:
    cells = cells_of_labels(site, part_of)
    assert sum(len(one.scores) for one in cells.values()) == 24
    assert {place for _, place, _ in cells} == {"north"}
    assert {part for _, _, part in cells} <= {(0, 6), (6, 12), (12, 18), (18, 24)}


class Listening(BaseHTTPRequestHandler):
    heard: ClassVar[list[Any]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.heard.append(json.loads(body))
        self.send_response(500 if self.path == "/no" else 200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def listening() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Listening)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_webhook_is_told_and_who_does_not_listen_is_named(listening: str) -> None:
    post(f"{listening}/yes", {"alarm": True, "p": float("nan")})
    assert Listening.heard[-1] == {"alarm": True, "p": None}
    with pytest.raises(ZooError, match="was not told.*500"):
        post(f"{listening}/no", {})
    with pytest.raises(ZooError, match="is no address"):
        post("file:///etc/passwd", {})
