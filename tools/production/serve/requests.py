"""A request: its body is an input, or JSON that names one; the address says where and when it was taken."""

import asyncio
import json
import math
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from tools.production.serve.refusals import RequestRefusedError
from zoo.errors import ZooError, near
from zoo.inference.predictor import Predictor
from zoo.sites.policy import Moment
from zoo.sites.records.record import time_of
from zoo.sites.settings import Place, Settings

#: What an address may say.
KNOWN = ("name", "place", "time", "longitude", "latitude")
#: What JSON may say, one of it.
INPUTS = ("text", "path", "values")


def context_of(query: Mapping[str, str], places: Mapping[str, Place]) -> Moment:
    """Read where and when; a place is one of the site, if that lists any."""
    for key in query:
        if key not in KNOWN:
            raise RequestRefusedError(400, f"unknown parameter {key!r}{near(key, KNOWN)}; known are {', '.join(KNOWN)}")
    place = query.get("place", "")
    if place and places and place not in places:
        raise RequestRefusedError(
            400, f"place={place!r} is not of this site{near(place, places)}; it lists {', '.join(places)}"
        )
    known = places.get(place, Place())
    try:
        time = time_of(query["time"]) if "time" in query else datetime.now(UTC)
    except ZooError as error:
        raise RequestRefusedError(400, str(error)) from error
    longitude, latitude = (degrees(query, name, most) for name, most in (("longitude", 180), ("latitude", 90)))
    if (longitude is None) != (latitude is None):
        raise RequestRefusedError(400, "longitude and latitude are given together, or not at all")
    if longitude is None:
        longitude, latitude = known.longitude, known.latitude
    return Moment(time, place, longitude, latitude)


def degrees(query: Mapping[str, str], name: str, most: float) -> float | None:
    """Read an angle of WGS 84."""
    if name not in query:
        return None
    try:
        value = float(query[name])
    except ValueError:
        value = math.nan
    if not abs(value) <= most:
        raise RequestRefusedError(400, f"{name}={query[name]!r} must be degrees from {-most:g} to {most:g}")
    return value


@asynccontextmanager
async def received(request: Any, predictor: Predictor[Any], settings: Settings, root: Path) -> AsyncIterator[Any]:
    """Give the input of a request as a predictor takes it; a body is kept as a file in `root` meanwhile."""
    limits = settings.limits
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and int(length) > limits.bytes:
        raise too_large(limits.bytes)
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    with tempfile.TemporaryDirectory(dir=root) as folder:
        if kind == "application/json":
            body = b"".join([part async for part in parts(request, limits.bytes, limits.patience)])
            yield named(body, predictor, settings, Path(folder))
            return
        path = Path(folder) / f"input{ending_of(request.query_params.get('name', ''), predictor)}"
        with path.open("wb") as file:
            async for part in parts(request, limits.bytes, limits.patience):
                file.write(part)
        if not path.stat().st_size:
            raise RequestRefusedError(400, "the body is empty; send the bytes of a file, or JSON")
        yield path


async def parts(request: Any, most: int, patience: float) -> AsyncIterator[bytes]:
    """Yield a body as it comes, if it is no larger than `most` bytes and takes no longer than `patience` seconds."""
    size = 0
    try:
        async with asyncio.timeout(patience):
            async for part in request.stream():
                size += len(part)
                if size > most:
                    raise too_large(most)
                yield part
    except TimeoutError as error:
        raise RequestRefusedError(
            408, f"the body took longer than {patience:g} s to arrive (limits.patience of the site)"
        ) from error


def too_large(most: int) -> RequestRefusedError:
    """Return what is said of a body that is too large."""
    return RequestRefusedError(413, f"the body is larger than {most} bytes (limits.bytes of the site)")


def ending_of(name: str, predictor: Predictor[Any]) -> str:
    """Return the ending of the file that a body is; one that the model does not read is refused."""
    known = ", ".join(sorted(predictor.endings))
    if not predictor.endings:
        raise RequestRefusedError(415, 'this model reads no files; send JSON: {"values": [[…], …]}, a row a step')
    ending = PurePosixPath(name).suffix.lower()
    if ending not in predictor.endings:
        raise RequestRefusedError(
            415, f"name={name!r} does not end as a file that this model reads; it reads {known}: ?name=input.…"
        )
    return ending


def named(body: bytes, predictor: Predictor[Any], settings: Settings, folder: Path) -> Any:
    """Return the input that JSON names: a `text`, `values`, or a `path` below the folder that the site allows."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RequestRefusedError(400, f"the body is no JSON: {error}") from error
    if not isinstance(content, dict) or len(content) != 1 or next(iter(content)) not in INPUTS:
        raise RequestRefusedError(400, f"JSON must be an object with one of {', '.join(INPUTS)}")
    name, value = next(iter(content.items()))
    if name == "text":
        return text_of(value, predictor, folder)
    return path_of(value, settings) if name == "path" else values_of(value)


def text_of(value: Any, predictor: Predictor[Any], folder: Path) -> Path:
    """Return a file that holds a text in one line, so that no words are taken for the name of a file."""
    if not isinstance(value, str) or not value.strip():
        raise RequestRefusedError(400, "text must be words")
    if ".txt" not in predictor.endings:
        raise RequestRefusedError(
            415, f"this model reads no text; it reads {', '.join(sorted(predictor.endings)) or 'values'}"
        )
    path = folder / "text.txt"
    try:
        path.write_text(" ".join(value.split()) + "\n", encoding="utf-8")
    except UnicodeEncodeError as error:
        raise RequestRefusedError(400, f"text holds half of a sign, which no file can: {error}") from error
    return path


def values_of(value: Any) -> np.ndarray:
    """Return values (T, F), or pixels (C, H, W)."""
    try:
        values = np.asarray(value, np.float32)
    except (ValueError, TypeError, OverflowError) as error:
        raise RequestRefusedError(400, f"values must be numbers in rows of one length: {error}") from error
    if values.ndim not in (1, 2, 3) or not values.size or not np.isfinite(values).all():
        raise RequestRefusedError(
            400, f"values of shape {values.shape} are no input; give (T, F) or (C, H, W), finite and not empty"
        )
    return values


def path_of(value: Any, settings: Settings) -> Path:
    """Return a file below the folder that the site allows, whatever dots and links there are on the way."""
    if settings.folder is None:
        raise RequestRefusedError(
            403, "this server opens no paths; `folder:` in site.yaml names the folder below which it may"
        )
    root = Path(settings.folder).resolve()
    if not isinstance(value, str) or not value or "\0" in value:
        raise RequestRefusedError(400, "path must be the name of a file below the folder of the site")
    try:
        path = (root / value).resolve()
        if not path.is_relative_to(root) or not path.is_file():
            raise RequestRefusedError(404, f"path {value!r} is no file below the folder of the site")
    except OSError as error:
        raise RequestRefusedError(404, f"path {value!r} is no file below the folder of the site") from error
    return path
