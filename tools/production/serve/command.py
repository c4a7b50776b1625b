"""`zoo serve RUN|SITE`: answers over HTTP."""

import os
import socket
from pathlib import Path
from typing import Annotated, Any

import typer

from tools.production.serve.application import LOOPBACK, Service, application, temporary
from tools.production.serve.measures import Measures
from tools.production.serve.models import Models
from tools.production.serve.worker import Worker
from zoo.errors import ZooError
from zoo.sites.extras import extra
from zoo.sites.records.journal import Recorder
from zoo.sites.records.table import compact
from zoo.sites.settings import Settings

#: Where the token is, which has no place on a command line that others can list.
TOKEN = "ZOO_SERVE_TOKEN"
#: Connections that wait to be taken.
BACKLOG = 2048


def command(
    name: Annotated[str, typer.Argument(help="a site, a run, or a model with whole weights")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any that is free")] = 8000,
    host: Annotated[str, typer.Option(help="another than this machine alone needs ZOO_SERVE_TOKEN")] = LOOPBACK[0],
    folder: Annotated[Path | None, typer.Option(help="of a run: a folder below which files may be named")] = None,
) -> None:
    """Answer images, recordings, texts and series over HTTP, and record what was answered where NAME is a site.

    The address itself is a page to drop a file on. POST the bytes of a file to /predict?name=picture.jpg, or JSON:
    {"text": "…"}, {"path": "scene.tif"} below the folder that the site allows, {"values": [[…], …]}. /openapi.json describes
    it, /metrics is for Prometheus, /healthz and /readyz for who watches. Where more than limits.waiting requests wait, one
    more is answered 429 at once.

    SIGTERM lets what was accepted be answered. The header X-Record is the record's number once the system has it,
    late or lost where the disk does not follow.

    Examples: `zoo serve street`, then `curl --data-binary @new.jpg 'localhost:8000/predict?name=new.jpg&place=north'`; for a
    network `ZOO_SERVE_TOKEN=… zoo serve street --host 0.0.0.0`.
    """
    token = os.environ.get(TOKEN, "").strip() or None
    if host not in LOOPBACK and not token:
        raise ZooError(f"--host {host} lets others in: set {TOKEN} to a token that they must send, or leave out --host")
    uvicorn = extra("uvicorn")
    models = Models(name)
    if models.site and folder:
        raise ZooError(
            f"--folder is for a run; a site has it in its settings: folder: in {models.site.folder}/site.yaml"
        )
    settings = models.site.settings if models.site else settings_of(models, folder)
    recorder = None
    if models.site:
        extra("pyarrow")
        compact(models.site.folder / "records")
        recorder = Recorder(models.site.folder / "records")
    with temporary() as root:
        service = Service(
            models, settings, Worker(models, settings.limits), recorder, Measures(), Path(root), token, host
        )
        run(uvicorn, service, port)


def settings_of(models: Models, folder: Path | None) -> Settings:
    """Return settings for a run that stands alone."""
    facts = models.now.predictor.metadata
    if folder and not folder.is_dir():
        raise ZooError(f"--folder {folder} is no folder")
    return Settings(task=facts.task, classes=facts.classes, bands=facts.bands, folder=str(folder) if folder else None)


def run(uvicorn: Any, service: Service, port: int) -> None:
    """Serve until a signal comes; the port is taken first."""
    config = uvicorn.Config(
        application(service), log_level="warning", access_log=False,
        lifespan="on", server_header=False, timeout_graceful_shutdown=int(service.settings.limits.patience) + 5,
    )  # fmt: skip
    with bound(service.host, port) as listening:
        address = f"http://{service.host}:{listening.getsockname()[1]}/"
        print(f"{address} answers with version {service.models.now.version}; Ctrl-C ends", flush=True)
        uvicorn.Server(config).run(sockets=[listening])


def bound(host: str, port: int) -> socket.socket:
    """Return a socket that listens: who connects from now on waits until the loop runs."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise ZooError(
            f"--port {port} cannot be taken on {host} ({error.strerror}); name another, or 0 for any"
        ) from error
