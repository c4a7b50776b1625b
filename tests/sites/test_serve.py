"""What is served is what the predictor says; what is too large, too slow or malformed is refused; no request is lost."""

import contextlib
import http.client
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import uvicorn
from PIL import Image

import zoo
from tests.sites.made import finished, site
from tools.bench import made
from tools.production.serve import models as served_models
from tools.production.serve.application import Service, application
from tools.production.serve.measures import Measures
from tools.production.serve.models import Models
from tools.production.serve.worker import Worker
from zoo.sites.records.journal import Recorder
from zoo.sites.records.table import connect
from zoo.sites.settings import Limits, Place, Settings
from zoo.sites.site import Site


class Reply(NamedTuple):
    status: int
    content: Any
    headers: Any


class Running:
    """A server in a thread, and a client of it."""

    def __init__(self, name: Path, root: Path, token: str | None = None, **changed: Any) -> None:
        models = Models(str(name))
        facts = models.now.predictor.metadata
        plain = Settings(task=facts.task, classes=facts.classes, bands=facts.bands)
        settings = (models.site.settings if models.site else plain).model_copy(update=changed)
        recorder = Recorder(name / "records") if models.site else None
        self.service = Service(models, settings, Worker(models, settings.limits), recorder, Measures(), root, token)
        config = uvicorn.Config(application(self.service), port=0, log_level="error", lifespan="on")
        self.socket = config.bind_socket()
        self.port = self.socket.getsockname()[1]
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.socket]})
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            given = {name.replace("_", "-"): value for name, value in headers.items()}
            if isinstance(body, dict):
                body, given = json.dumps(body), {"Content-Type": "application/json", **given}
            connection.request(method, path, body, given)
            reply = connection.getresponse()
            content = reply.read()
            text = reply.headers.get("content-type", "")
            return Reply(reply.status, json.loads(content) if "json" in text else content.decode(), reply.headers)

    def close(self) -> None:
        self.server.should_exit = True
        self.thread.join()
        self.socket.close()


@contextlib.contextmanager
def running(name: Path, root: Path, **changed: Any) -> Iterator[Running]:
    root.mkdir(exist_ok=True)
    made_ = Running(name, root, **changed)
    try:
        yield made_
    finally:
        made_.close()
        assert not list(root.iterdir()), "what was sent is not kept"


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return site(tmp_path_factory.mktemp("texts")).folder


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("detector") / "run"
    made.run(folder, "detection", 3)
    return folder


@pytest.fixture
def served(texts: Path, tmp_path: Path) -> Iterator[Running]:
    places = {"north": Place(longitude=10, latitude=50)}
    with running(texts, tmp_path / "bodies", places=places, limits=Limits(bytes=2000)) as found:
        yield found


def png(width: int = 96, height: int = 64) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)).save(file, "PNG")
    return file.getvalue()


def test_a_text_is_answered_recorded_and_counted(served: Running, texts: Path) -> None:
    reply = served.ask("POST", "/predict?place=north&time=2026-01-31T12:00:00%2B01:00", {"text": "the market rose"})
    assert reply.status == 200
    found = zoo.load(texts / "models" / Site(texts).current())("the market rose")
    said = reply.content["answers"][0]
    assert said["answer"]["label"] == found.label
    assert said["answer"]["probability"] == pytest.approx(found.probability)
    number = reply.headers["X-Record"]
    assert number == reply.content["record"]
    rows = connect(texts / "records").execute(
        f"SELECT place, longitude, labels[1], time, statistics['length'] > 0 FROM records WHERE id = '{number}'"
    )
    place, longitude, label, taken, known = rows.fetchone()
    assert (place, longitude, label, known) == ("north", 10.0, found.label, True)
    assert (taken.hour, taken.day) == (11, 31)
    metrics = served.ask("GET", "/metrics").content
    assert re.search(r'zoo_requests_total\{path="/predict",status="200"\} [1-9]', metrics)
    assert served.ask("GET", "/readyz").content == {"version": Site(texts).current(), "troubles": []}
    assert served.ask("GET", "/openapi.json").content["x-places"] == ["north"]
    assert "Drop a file" in served.ask("GET", "/").content


@pytest.mark.parametrize(
    ("query", "body", "status", "said"),
    [
        ("", {"text": ""}, 400, "text must be words"),
        ("", {"txt": "a"}, 400, "one of text, path, values"),
        ("", b"", 415, "does not end as a file"),
        ("?name=a.exe", b"MZ", 415, "does not end as a file"),
        ("?name=a.txt", b"", 400, "the body is empty"),
        ("?place=nroth", {"text": "a"}, 400, "did you mean north"),
        ("?plce=north", {"text": "a"}, 400, "did you mean place"),
        ("?time=today", {"text": "a"}, 400, "is no time"),
        ("?longitude=400&latitude=1", {"text": "a"}, 400, "must be degrees from -180 to 180"),
        ("?longitude=nan&latitude=1", {"text": "a"}, 400, "must be degrees"),
        ("?longitude=4", {"text": "a"}, 400, "given together"),
        ("", {"path": "/etc/passwd"}, 403, "opens no paths"),
        ("", {"values": [[1, 2], [3]]}, 400, "rows of one length"),
        ("", {"values": [[1e999]]}, 400, "finite"),
        ("", {"values": [["1; DROP"]]}, 400, "must be numbers"),
        ("", {"text": "a " * 5000}, 413, "larger than 2000 bytes"),
        ("?name=a.txt", b"a " * 5000, 413, "larger than 2000 bytes"),
    ],
)
def test_what_is_malformed_is_refused_with_the_way_out(
    served: Running, query: str, body: Any, status: int, said: str
) -> None:
    reply = served.ask("POST", f"/predict{query}", body)
    assert (reply.status, said in reply.content["error"]) == (status, True), reply.content


def test_json_that_is_none_and_texts_that_are_paths(served: Running) -> None:
    for body in (b"{", b"[" * 900, b"\xff\xfe"):
        reply = served.ask("POST", "/predict", body, Content_Type="application/json")
        assert reply.status == 400
    reply = served.ask("POST", "/predict", {"text": "/etc/passwd"})
    assert reply.status == 200, "words, not a file"
    assert served.ask("POST", "/predict", b'{"text": "\\ud800"}', Content_Type="application/json").status == 400
    assert served.ask("GET", "/predict").status == 405
    assert served.ask("GET", "/../etc/passwd").status == 404


def test_strangers_are_refused(texts: Path, tmp_path: Path) -> None:
    with running(texts, tmp_path / "bodies", token="open sesame") as found:
        ask = {"text": "a"}
        assert found.ask("POST", "/predict", ask).status == 401
        assert found.ask("POST", "/predict", ask, Authorization="Bearer open").status == 401
        assert found.ask("POST", "/predict", ask, Authorization="Bearer open sesame").status == 200
        assert found.ask("GET", "/metrics").status == 401
        assert found.ask("GET", "/healthz").status == 200
        bearer = {"Authorization": "Bearer open sesame"}
        assert found.ask("POST", "/predict", ask, Origin="http://evil.example", **bearer).status == 403
        assert found.ask("POST", "/predict", ask, Host="evil.example", **bearer).status == 403


def test_a_picture_is_answered_and_what_expands_is_not(detector: Path, tmp_path: Path) -> None:
    inside, outside = tmp_path / "allowed", tmp_path / "secret.png"
    inside.mkdir()
    (inside / "scene.png").write_bytes(png())
    outside.write_bytes(png())
    (inside / "link.png").symlink_to(outside)
    with running(detector, tmp_path / "bodies", folder=str(inside), limits=Limits(pixels=10_000)) as found:
        reply = found.ask("POST", "/predict?name=a.png", png())
        assert reply.status == 200
        assert reply.headers["X-Record"] == "off"
        (tmp_path / "a.png").write_bytes(png())
        own = zoo.load(detector)(tmp_path / "a.png")
        assert reply.content["answers"][0]["answer"]["boxes"] == pytest.approx(own.boxes)
        assert found.ask("POST", "/predict", {"path": "scene.png"}).content["answers"] == reply.content["answers"]
        for path in ("../secret.png", "/etc/passwd", "link.png", "nothing.png", ".", "a\0b", "x" * 5000, 7):
            assert found.ask("POST", "/predict", {"path": path}).status in (400, 404), path
        reply = found.ask("POST", "/predict?name=bomb.png", png(200, 100))
        assert (reply.status, "limits.pixels" in reply.content["error"]) == (413, True)
        for name, body in (("a.png", png()[:80]), ("a.jpg", b"GIF89a nonsense"), ("a.tif", b"II*\0" + b"\xff" * 60)):
            reply = found.ask("POST", f"/predict?name={name}", body)
            assert reply.status == 422, name
            assert "zoo_serve" not in reply.content["error"]
            assert str(tmp_path) not in reply.content["error"]
        assert found.ask("POST", "/predict?name=a.png", png()).status == 200, "it goes on"


def test_one_too_many_is_told_at_once_and_later_is_answered(
    texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tools.production.serve import worker

    going, answer = threading.Event(), worker.served

    def slow(*given: Any) -> Any:
        going.wait(20)
        return answer(*given)

    monkeypatch.setattr(worker, "served", slow)
    with running(texts, tmp_path / "bodies", limits=Limits(waiting=2)) as found:
        replies: list[Reply] = []
        threads = [
            threading.Thread(target=lambda: replies.append(found.ask("POST", "/predict", {"text": "a b"})))
            for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        while found.service.inside < 2:
            time.sleep(0.01)
        began = time.perf_counter()
        reply = found.ask("POST", "/predict", {"text": "a b"})
        assert time.perf_counter() - began < 0.5
        assert (reply.status, reply.headers["Retry-After"]) == (429, "1")
        going.set()
        for thread in threads:
            thread.join()
        assert [reply.status for reply in replies] == [200, 200]
        assert found.ask("POST", "/predict", {"text": "a b"}).status == 200


def test_who_sends_slowly_and_what_takes_long_is_ended(
    texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tools.production.serve import worker

    with running(texts, tmp_path / "bodies", limits=Limits(patience=0.3)) as found:
        with socket.create_connection(("127.0.0.1", found.port)) as slow:
            head = "POST /predict?name=a.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nab"
            slow.sendall(head.encode())
            assert slow.recv(100).startswith(b"HTTP/1.1 408")
        with socket.create_connection(("127.0.0.1", found.port)) as gone:
            gone.sendall(head.encode())
        answer = worker.served
        monkeypatch.setattr(worker, "served", lambda *given: (time.sleep(0.6), answer(*given))[1])
        reply = found.ask("POST", "/predict", {"text": "a"})
        assert (reply.status, "limits.patience" in reply.content["error"]) == (503, True)
        monkeypatch.setattr(worker, "served", answer)
        assert found.ask("POST", "/predict", {"text": "a"}).status == 200


def test_a_new_pointer_is_taken_up_and_no_request_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served_models, "LOOK", 0.05)
    opened = site(tmp_path)
    first = opened.current()
    with opened.lock():
        second = opened.add(finished(tmp_path / "other", seed=1))
    seen: list[tuple[int, str]] = []
    with running(opened.folder, tmp_path / "bodies") as found:
        ended = threading.Event()

        def load() -> None:
            while not ended.is_set():
                reply = found.ask("POST", "/predict", {"text": "the market"})
                seen.append((reply.status, reply.content.get("version", "")))

        thread = threading.Thread(target=load)
        thread.start()
        while not seen:
            time.sleep(0.01)
        with opened.lock():
            opened.serve(second, "promote", {})
        until = time.monotonic() + 30
        while seen[-1][1] != second and time.monotonic() < until:
            time.sleep(0.02)
        opened.pointer.path.write_text("nonsense\n")
        while not found.service.troubles():
            time.sleep(0.02)
        ended.set()
        thread.join()
        assert found.ask("POST", "/predict", {"text": "a"}).content["version"] == second
        assert "nonsense" in found.ask("GET", "/readyz").content["troubles"][0]
    assert {status for status, _ in seen} == {200}
    versions = [version for _, version in seen]
    assert versions == sorted(versions, key=[first, second].index), "the old one, then the new one"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_an_end_keeps_what_was_acknowledged(texts: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "tools.cli", "serve", str(texts), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        port = int(re.findall(r":(\d+)/", line)[0])
        kept, failed = [], []

        def load() -> None:
            while True:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
                try:
                    with contextlib.closing(connection):
                        connection.request("POST", "/predict", '{"text": "a b"}', {"Content-Type": "application/json"})
                        reply = connection.getresponse()
                        content = json.loads(reply.read())
                    (kept if reply.status == 200 else failed).append((reply.headers["X-Record"], content))
                except (OSError, http.client.HTTPException):
                    return

        thread = threading.Thread(target=load)
        thread.start()
        while len(kept) < 5:
            time.sleep(0.02)
        process.send_signal(number)
        thread.join()
        assert process.wait(30) == (143 if number == signal.SIGTERM else -9)
    numbers = {number_ for number_, _ in kept} - {"late", "lost"}
    found = [row[0] for row in connect(texts / "records").execute("SELECT id FROM records").fetchall()]
    assert numbers
    assert numbers <= set(found)
    assert len(found) == len(set(found))
    assert all(content.get("error", "").startswith("the server ends") for _, content in failed)


def test_others_are_let_in_with_a_token_only(texts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tools.cli import main

    for words, said in (
        (["--host", "0.0.0.0"], "set ZOO_SERVE_TOKEN"),
        (["--folder", "."], "a site has it in its settings"),
    ):
        with pytest.raises(SystemExit) as ended:
            main(["serve", str(texts), *words])
        assert ended.value.code == 2
        assert said in capsys.readouterr().err
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(SystemExit) as ended:
        main(["serve", str(texts), "--port", str(taken.getsockname()[1])])
    assert ended.value.code == 2
    assert "cannot be taken" in capsys.readouterr().err
