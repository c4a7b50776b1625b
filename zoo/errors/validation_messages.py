"""What pydantic found wrong with a record that a person wrote, in sentences that name the way out."""

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from zoo.errors import near


def explain(error: ValidationError, root: type[BaseModel]) -> str:
    """Say what pydantic found wrong, one clause a field, with the value that was given and what is allowed."""
    clauses = []
    for detail in error.errors(include_url=False):
        place = detail["loc"]
        field = ".".join(str(part) for part in place)
        if detail["type"] == "extra_forbidden":
            known = keys(model_at(root, place[:-1]))
            clauses.append(f"unknown key {field!r}{near(str(place[-1]), known)}; known are {', '.join(known)}")
        elif detail["type"] == "missing":
            meaning = model_at(root, place[:-1]).model_fields[str(place[-1])].description
            clauses.append(f"field {field!r} is missing" + (f" ({meaning})" if meaning else ""))
        else:
            said = detail["msg"].removeprefix("Value error, ")
            clauses.append(f"field {field!r}: {said} (given: {str(detail['input'])[:80]!r})" if field else said)
    return "; ".join(clauses)


def model_at(root: type[BaseModel], place: tuple[int | str, ...]) -> type[BaseModel]:
    """Return the model that describes the part of a `root` at `place`, such as ("weights", 0, "preprocessing")."""
    model = root
    for part in place:
        if part in model.model_fields:
            model = next(inner_models(model.model_fields[str(part)].annotation), model)
    return model


def inner_models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models within an annotation such as `tuple[Weights, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from inner_models(inner)


def keys(model: type[BaseModel]) -> list[str]:
    """Return the keys that `model` takes from outside."""
    return [name for name, field in model.model_fields.items() if field.exclude is not True]
