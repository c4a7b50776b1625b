"""What is said in answers: objects as JSON, a mask as PNG; and how the server describes itself (OpenAPI 3.1)."""

import base64
import io
from collections.abc import Sequence
from typing import Any

from tools.production.serve.answers import Decided
from tools.production.serve.requests import INPUTS, KNOWN
from tools.production.serve.worker import Served
from zoo.inference.answers import Answer, Mask
from zoo.inference.predictor import Predictor
from zoo.sites.settings import Settings


def content_of(served: Served, record: str, decided: Sequence[Decided]) -> dict[str, Any]:
    """Return the answers to an input as JSON knows them; `accepted` tells of a label whether it reaches its threshold."""
    return {
        "record": record,
        "version": served.version,
        "milliseconds": round(served.milliseconds, 3),
        "answers": [
            {
                "summary": one.answer.summary(),
                "kind": type(one.answer).__name__,
                **facts_of(one.answer),
                **({} if one.accepted is None else {"accepted": one.accepted}),
            }
            for one in decided
        ],
    }


def facts_of(answer: Answer) -> dict[str, Any]:
    """Return the fields of an answer; of a mask the pixels of each class, and itself."""
    if not isinstance(answer, Mask):
        return {"answer": answer.facts()}
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(answer.mask).save(file, "PNG")
    png = f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
    return {"answer": {"pixels": answer.facts(), "classes": list(answer.classes), "mask": png}}


def openapi(predictor: Predictor[Any], settings: Settings) -> dict[str, Any]:
    """Return the description of the server."""
    facts, limits = predictor.metadata, settings.limits
    refusals = {
        "400": "malformed", "401": "no token", "403": "not allowed", "408": "too slow", "413": "too large",
        "415": "of a type that the model does not read", "422": "cannot be answered", "429": "too many wait",
        "503": "no answer in time, or the server ends",
    }  # fmt: skip
    error = {"type": "object", "properties": {"error": {"type": "string"}}}
    replies = {
        code: {"description": said, "content": {"application/json": {"schema": error}}}
        for code, said in refusals.items()
    }
    parameters = [{"name": name, "in": "query", "required": False, "schema": {"type": "string"}} for name in KNOWN]
    one = {name: {"type": "string"} for name in INPUTS} | {"values": {"type": "array", "items": {}}}
    body: dict[str, Any] = {"application/json": {"schema": {"type": "object", "properties": one, "maxProperties": 1}}}
    if predictor.endings:
        body["application/octet-stream"] = {"schema": {"type": "string", "format": "binary"}}
    answers = {"description": "the answers", "content": {"application/json": {"schema": {"type": "object"}}}}
    plain = {"get": {"responses": {"200": {"description": "ok"}}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": f"{facts.model}: {facts.task}", "version": "1", "description": facts.source.split("/")[-1]},
        "x-endings": sorted(predictor.endings),
        "x-classes": list(facts.classes),
        "x-bands": list(facts.bands),
        "x-limits": limits.model_dump(),
        "x-places": sorted(settings.places),
        "paths": {
            "/predict": {
                "post": {
                    "summary": "Answer one input.",
                    "parameters": parameters,
                    "requestBody": {"required": True, "content": body},
                    "responses": {"200": answers, **replies},
                }
            },
            **dict.fromkeys(("/healthz", "/readyz", "/metrics"), plain),
        },
    }
