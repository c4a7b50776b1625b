"""The web application: what is answered at which address, to whom, and what is measured of it."""

import asyncio
import hmac
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tools.production.serve.answers import under_policy
from tools.production.serve.contents import content_of, openapi
from tools.production.serve.measures import Measures
from tools.production.serve.models import Models
from tools.production.serve.refusals import RequestRefusedError
from tools.production.serve.requests import context_of, received
from tools.production.serve.worker import Served, Worker
from zoo.errors import ZooError
from zoo.files import finite
from zoo.sites.extras import extra
from zoo.sites.keeping import is_drawn, keep_input
from zoo.sites.policy import Moment
from zoo.sites.records.journal import Recorder
from zoo.sites.records.record import Record, new_id, scored
from zoo.sites.records.statistics import sketch, statistics
from zoo.sites.settings import Settings

PAGE = Path(__file__).parent / "page.html"
#: Seconds that an answer waits for its record; then it goes out, and says that it is not recorded yet.
ACKNOWLEDGED = 0.05
#: Addresses that need no token: they say nothing of what is answered.
OPEN = ("/", "/healthz", "/readyz")
#: Names of this machine, under which a page of another site cannot reach it.
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass
class Service:
    """What answers, what records, and what counts."""

    models: Models
    settings: Settings
    worker: Worker
    recorder: Recorder | None
    measures: Measures
    root: Path
    token: str | None = None
    host: str = "127.0.0.1"
    inside: int = 0
    ending: bool = False
    #: Why inputs are not kept that should be, "" when all is well.
    unkept: str = ""

    def admit(self) -> None:
        """Refuse a request where too many wait already."""
        if self.ending:
            raise RequestRefusedError(503, "the server ends; ask another", retry=1)
        if self.inside >= self.settings.limits.waiting:
            raise RequestRefusedError(
                429, f"{self.inside} requests wait already (limits.waiting of the site); try again", retry=1
            )

    async def answer(self, request: Any) -> tuple[dict[str, Any], str]:
        """Answer one request; return what is said, and whether it was recorded."""
        self.admit()
        self.inside += 1
        try:
            context = context_of(request.query_params, self.settings.places)
            predictor = self.models.now.predictor
            async with received(request, predictor, self.settings, self.root) as source:
                served = await self.waited(source)
                record = await asyncio.to_thread(record_of, served, context)
                await asyncio.to_thread(self.keep, source, record)
            content = content_of(served, record.id, under_policy(served, context))
            return content, await self.recorded(record)
        finally:
            self.inside -= 1

    async def waited(self, source: Any) -> Served:
        """Wait for an answer as long as the site allows; nobody answers what nobody waits for."""
        done, patience = self.worker.submit(source), self.settings.limits.patience
        try:
            async with asyncio.timeout(patience):
                return await asyncio.wrap_future(done)
        except TimeoutError as error:
            if not done.cancel():
                with suppress(Exception):  # the file of the input stays until the worker has let it go
                    await asyncio.wrap_future(done)
            raise RequestRefusedError(
                503, f"no answer within {patience:g} s (limits.patience of the site)", retry=5
            ) from error

    async def recorded(self, record: Record) -> str:
        """Return the id of a record that is acknowledged; "late" and "lost" where the disk does not follow."""
        if self.recorder is None:
            return "off"
        done = self.recorder.put(record)
        if done is None:
            return "lost"
        try:
            async with asyncio.timeout(ACKNOWLEDGED):
                await asyncio.shield(asyncio.wrap_future(done))
        except TimeoutError:
            return "late"
        return record.id

    def keep(self, source: Any, record: Record) -> None:
        """Keep an input, where the site keeps such; a disk that is full takes no answer away, and is told."""
        share = self.settings.keep.inputs
        if self.models.site is None or not is_drawn(record.id, share):
            return
        try:
            keep_input(self.models.site.folder, source, record.id)
            self.unkept = ""
        except ZooError as error:
            self.unkept = f"inputs cannot be kept: {error}"

    def troubles(self) -> list[str]:
        """Return what is not as it should be."""
        recorder = self.recorder
        said = [self.models.trouble, recorder.trouble if recorder else "", self.unkept]
        said += [f"{recorder.lost} records were lost: the disk did not follow"] if recorder and recorder.lost else []
        said += [] if self.worker.thread.is_alive() else ["the thread that answers has ended"]
        return [one for one in said if one]


def record_of(served: Served, context: Moment) -> Record:
    """Return what an answer leaves behind."""
    found = [scored(one.answer) for one in served.answers]
    return Record(
        id=new_id(),
        time=context.time,
        recorded=datetime.now(UTC),
        version=served.version,
        place=context.place,
        longitude=context.longitude,
        latitude=context.latitude,
        milliseconds=served.milliseconds,
        statistics=statistics(served.seen),
        sketch=sketch(served.seen),
        labels=[label for labels, _ in found for label in labels],
        scores=[score for _, scores in found for score in scores],
    )


def application(service: Service) -> Any:
    """Return the application; while it runs, the pointer of the site is followed."""
    web, routing = extra("starlette.applications"), extra("starlette.routing")
    replies = extra("starlette.responses")

    async def predict(request: Any) -> Any:
        content, recorded = await service.answer(request)
        return replies.JSONResponse(finite(content), headers={"X-Record": recorded})

    async def health(request: Any) -> Any:
        return replies.JSONResponse({"alive": True})

    async def ready(request: Any) -> Any:
        troubles = service.troubles() + (["the server ends"] if service.ending else [])
        status = 200 if service.worker.thread.is_alive() and not service.ending else 503
        return replies.JSONResponse({"version": service.models.now.version, "troubles": troubles}, status)

    async def describe(request: Any) -> Any:
        return replies.JSONResponse(openapi(service.models.now.predictor, service.settings))

    async def metrics(request: Any) -> Any:
        return replies.Response(service.measures.text(service), media_type="text/plain; version=0.0.4; charset=utf-8")

    async def page(request: Any) -> Any:
        return replies.HTMLResponse(PAGE.read_bytes(), headers={"Content-Security-Policy": POLICY})

    handlers: Mapping[str, tuple[str, Callable[[Any], Awaitable[Any]]]] = {
        "/predict": ("POST", predict), "/healthz": ("GET", health), "/readyz": ("GET", ready),
        "/openapi.json": ("GET", describe), "/metrics": ("GET", metrics), "/": ("GET", page),
    }  # fmt: skip
    routes = [
        routing.Route(path, guarded(service, path, handler, replies), methods=[method])
        for path, (method, handler) in handlers.items()
    ]

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        with service.models.followed():
            yield
            service.ending = True
            await asyncio.to_thread(close, service)

    return web.Starlette(routes=routes, lifespan=lifespan)


#: What the page may do: nothing but what it holds itself, and asking this server.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:; connect-src 'self'"
)


def close(service: Service) -> None:
    """Answer what waits, write what was recorded, and end."""
    service.worker.close()
    if service.recorder:
        service.recorder.close()


def guarded(service: Service, path: str, handler: Callable[[Any], Awaitable[Any]], replies: Any) -> Any:
    """Return a handler that refuses strangers, turns refusals into answers, and is counted."""
    disconnected = extra("starlette.requests").ClientDisconnect

    async def handle(request: Any) -> Any:
        with service.measures.timed(path) as measured:
            try:
                refuse_strangers(service, request, path)
                reply = await handler(request)
            except RequestRefusedError as error:
                headers = {"Retry-After": str(error.retry)} if error.retry else {}
                reply = replies.JSONResponse({"error": error.said}, error.status, headers)
            except disconnected:
                reply = replies.JSONResponse({"error": "the body ended before its end"}, 400)
            measured.append(reply.status_code)
            return reply

    return handle


def refuse_strangers(service: Service, request: Any, path: str) -> None:
    """Refuse who has no token, and pages of other sites that a browser on this machine shows."""
    host = urlsplit(f"//{request.headers.get('host', '')}")
    if service.host in LOOPBACK and (host.hostname or "") not in LOOPBACK:
        raise RequestRefusedError(403, f"this server answers to {' and '.join(LOOPBACK)}, not to {host.hostname!r}")
    origin = request.headers.get("origin")
    if origin and urlsplit(origin).netloc != host.netloc:
        raise RequestRefusedError(403, "a page of another site may not ask this server")
    if service.token and path not in OPEN:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {service.token}".encode()):
            raise RequestRefusedError(401, "this server needs the header `Authorization: Bearer TOKEN`")


def temporary() -> "tempfile.TemporaryDirectory[str]":
    """Return a folder that bodies are kept in while they are answered."""
    return tempfile.TemporaryDirectory(prefix="zoo_serve_")
