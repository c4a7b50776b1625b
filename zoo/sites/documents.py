"""Documents that a person writes for a site, read as data: plain YAML, held against a schema."""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from zoo.errors import ZooError
from zoo.errors.validation_messages import explain
from zoo.runs.inspection import read_plain

Document = TypeVar("Document", bound=BaseModel)


def read_document(path: Path, schema: type[Document]) -> Document:
    """Read YAML without tags and aliases, and hold it against `schema`; errors name the file and the field or the line."""
    content = read_plain(path)
    if not isinstance(content, dict):
        raise ZooError(f"{path} must be a mapping of {', '.join(schema.model_fields)}; it is {type(content).__name__}")
    try:
        return schema.model_validate(content)
    except ValidationError as error:
        raise ZooError(f"{path}: {explain(error, schema)}") from error
