"""Backends: the trained model answers by the fastest form that agrees with it, which is made once and kept beside it.

The forms of a run lie in its folder `exports/`, those of published weights in the cache, named by the weights and the versions
that they are of; other weights or versions make new ones. What cannot be exported, or does not agree, answers by PyTorch, and
that is said. Of published weights a form is made only where a backend is named: one answer is there sooner than a form.
"""

import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from zoo.errors import ZooError, one_of
from zoo.exports.formats import FORMATS
from zoo.files import write_json
from zoo.files.paths import cache_root
from zoo.hardware.tuned import Subject, Winner, recall, subject
from zoo.inference.exported import export, of_export
from zoo.inference.opened import Opened

#: By the formats that they run; `auto` is the fastest that is there and agrees, `torch` what trained.
BACKENDS: Mapping[str, str] = {"auto": ".xml", "torch": "", "openvino": ".xml", "onnxruntime": ".onnx"}
#: Names a backend for all that opens a model without naming one: the tests, which answer with what trained.
VARIABLE = "ZOO_BACKEND"
FOLDER = "exports"
#: What the forms that are kept are called: weights, and the settings that their graphs depend on.
OURS = re.compile(r"[0-9a-f]{16}-[0-9a-f]{8}\.")
#: Settings of the data that say what inputs look like, by which answers take their time.
LOOKS = ("tile", "overlap", "resize", "size", "sample_rate", "window", "horizon")
#: What an export depends on beside the weights.
PACKAGES = ("task-zoo", "torch", "openvino", "onnxruntime")


def default() -> str:
    """Return the backend where none is named: that of the environment, else `auto`."""
    return one_of(VARIABLE, os.environ.get(VARIABLE) or "auto", BACKENDS)


def answering(
    opened: Opened,
    backend: str | None = None,
    changed: Mapping[str, Any] | None = None,
    say: Callable[[str], object] = lambda text: None,
) -> Opened:
    """Return what answers for what was opened by a backend; with options of the model `changed`, what trained does.

    `say` is told when a form is made, which takes a while. Where `auto` cannot, `notes` say why; where a backend that was
    named cannot, it is a ZooError. Where `zoo tune` measured what was opened on this machine, `auto` is what won.
    """
    if opened.runtime != "PyTorch":
        return as_it_is(opened, one_of("--backend", backend or "auto", BACKENDS))
    name = one_of("--backend", backend or default(), BACKENDS)
    winner = recall(subject_of(opened)) if name == "auto" else None
    if winner is None:
        return by_name(opened, name, dict(changed or {}), say, named=name != "auto")
    return as_tuned(by_name(opened, winner.settings.backend or name, dict(changed or {}), say, named=False), winner)


def subject_of(opened: Opened) -> Subject:
    """Return what `zoo tune` measures the answers of: the model, its options, and what its inputs look like."""
    looks = {key: opened.data[key] for key in LOOKS if key in opened.data}
    return subject("answers", opened.model, opened.options, {**looks, "bands": list(opened.bands)})


def as_tuned(opened: Opened, winner: Winner) -> Opened:
    """Return what was opened with the settings that won; those that the run sets by itself stay as they are.

    Where PyTorch answers in the place of the form that won, nothing was measured of it.
    """
    if winner.settings.backend not in (None, "torch") and opened.runtime == "PyTorch":
        return opened
    used = winner.unset({**opened.trainer, **opened.fixed})
    return replace(opened, tuned=winner, notes=(*opened.notes, *filter(None, [winner.why(used)])))


def by_name(opened: Opened, name: str, changed: Mapping[str, Any], say: Callable[[str], object], named: bool) -> Opened:
    """Return what answers by a backend; one that cannot is refused where the user `named` it, else PyTorch answers."""
    if not (suffix := BACKENDS[name]):
        return opened
    try:
        return kept(opened, suffix, changed, say, make=opened.published is None or name != "auto")
    except ZooError as error:
        if named:
            raise
        return replace(opened, notes=(f"answers by PyTorch: {error}",))


def as_it_is(opened: Opened, name: str) -> Opened:
    """Return an exported file; a backend that does not run it is refused."""
    if name != "auto" and opened.weights is not None and opened.weights.suffix.lower() != BACKENDS[name]:
        raise ZooError(f"--backend {name} does not run {opened.weights}; leave it out, or name the run")
    return opened


def kept(
    opened: Opened, suffix: str, changed: Mapping[str, Any], say: Callable[[str], object], make: bool = True
) -> Opened:
    """Return the export that is kept of the weights, made now where there is none of them, or refused."""
    other = {key: value for key, value in changed.items() if opened.options.get(key) != value}
    if other:
        raise ZooError(
            f"{', '.join(f'{key}={value}' for key, value in other.items())} is asked for, which no export has"
        )
    folder = folder_of(opened)
    if find_spec(FORMATS[suffix].needs) is None:
        raise ZooError(f"{FORMATS[suffix].needs} is not installed: pip install {FORMATS[suffix].needs}")
    path = folder / f"{key_of(opened)}{suffix}"
    refused = path.with_suffix(f"{suffix}.refused.json")
    if refused.exists():
        raise ZooError(refusal(refused))
    if path.exists():
        try:
            return of_kept(opened, path)
        except ZooError:
            say(f"{path} was cut or edited, and is made anew")
    if not make:
        raise ZooError("--backend openvino makes a faster form, once, and keeps it")
    say("the fastest form of these weights is made now, once, and compared with them; --backend torch does without")
    return made(opened, path, refused)


def folder_of(opened: Opened) -> Path:
    """Return the folder in which the forms of what was opened are kept."""
    if opened.weights is not None:
        return opened.weights.parent / FOLDER
    if opened.published is not None:
        return cache_root() / FOLDER / f"{opened.model}-{opened.published.tag}"
    raise ZooError(f"{opened.source} has no folder in which an export could be kept; `zoo export` writes one")


def of_kept(opened: Opened, path: Path) -> Opened:
    """Open a kept export as what it was made of."""
    found = of_export(path)
    return replace(found, source=opened.source, config=opened.config, notes=(f"answers by {found.runtime} ({path})",))


def made(opened: Opened, path: Path, refused: Path) -> Opened:
    """Make the export of what was opened, and take away those of other weights or versions."""
    began = time.monotonic()
    try:
        list(export(opened, path, force=True))
    except ZooError as error:
        if path.parent.is_dir():
            write_json(refused, {"refused": str(error)})
        raise
    for left in path.parent.iterdir():
        if OURS.match(left.name) and not left.name.startswith(path.stem):
            left.unlink()
    found = of_kept(opened, path)
    return replace(found, notes=(f"{found.notes[0]}, made now in {time.monotonic() - began:.0f} s and kept",))


def refusal(path: Path) -> str:
    """Return why no export could be made of weights, as it was kept."""
    import json

    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["refused"])
    except (ValueError, KeyError, TypeError) as error:
        raise ZooError(f"{path} is not what zoo wrote there ({error}); delete it") from error


def key_of(opened: Opened) -> str:
    """Return the name of an export: the weights, the versions, and the settings that the graph depends on."""
    import hashlib
    import json

    versions = {name: version(name) for name in PACKAGES if find_spec(name.replace("-", "_")) or name == "task-zoo"}
    settings = json.dumps([versions, opened.options, opened.data.get("tile")], sort_keys=True, default=str)
    weights = opened.digest
    if opened.published is not None:
        weights = hashlib.sha256(opened.published.model_dump_json().encode()).hexdigest()[:16]
    return f"{weights}-{hashlib.sha256(settings.encode()).hexdigest()[:8]}"
