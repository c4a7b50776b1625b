"""`zoo bundle`: models and recipes with every file they need in one folder, for a machine without a network.

<scheme>/…      the files, where ZOO_MIRROR looks for them: the URI with `://` as `/`
cards/          the cards of the models        recipes/   the recipes
SHA256SUMS      for `sha256sum --check SHA256SUMS` in that folder
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tools.registry.recipes import recipes
from zoo import quantities
from zoo.errors import ZooError, near
from zoo.files import atomic_write, ensure_dir
from zoo.registry.card_roots import card_files
from zoo.registry.cards import Card
from zoo.sources import fetch_files
from zoo.sources.address import parse
from zoo.sources.digest import digest
from zoo.sources.progress import to_stderr
from zoo.weights.files import fetch_weights, named, needed

if TYPE_CHECKING:
    from recipes.kit.module import DataModule

SUMS = "SHA256SUMS"


@dataclass(frozen=True)
class Item:
    """A file that goes into the bundle: where it is now, and its path in there."""

    path: Path
    place: str


def command(
    names: Annotated[list[str], typer.Argument(help="models (NAME or NAME.TAG) and recipes")],
    out: Annotated[Path, typer.Option(help="the folder; what is in it already stays")] = Path("mirror"),
) -> None:
    """Put models and recipes with all they need into a folder, for a machine without a network.

    Example: `zoo bundle satellite_trees --out mirror`; over there `ZOO_MIRROR=mirror python train.py recipes=satellite_trees`
    """
    items = list({item.place: item for name in names for item in items_of(name)}.values())
    sums = bundle(items, out)
    total = quantities.size(sum((out / item.place).stat().st_size for item in items))
    print(f"bundle    {out}: {len(items)} files, {total}; {len(sums)} files in {out / SUMS}")
    print(f"next      ZOO_MIRROR={out.resolve()} zoo verify, on a machine that has the folder")


def items_of(name: str) -> Iterator[Item]:
    """Yield the files that a model or a recipe needs, after fetching them."""
    book = recipes()
    if name in book:
        yield Item(Path(book[name].path), f"recipes/{name}.yaml")
        yield from of_recipe(name)
        return
    known = [*card_files(), *book]
    try:
        model, tag = named(name)
    except ZooError as error:
        raise ZooError(
            f"no model or recipe {name!r}{near(name, known)}; `zoo list` and `zoo recipes` list them"
        ) from error
    yield from of_model(model, tag)


def of_model(name: str, tag: str | None = None, options: dict[str, Any] | None = None) -> Iterator[Item]:
    """Yield the weights that a model loads, its backbone's among them, and the cards."""
    for entry, weights in needed(name, tag, options):
        found, file = fetch_weights(weights)
        yield Item(found.path, place_of(found.uri))
        for path, part in zip(found.parts, file.parts, strict=True):
            yield Item(path, place_of(part.uri))
        yield from of_card(entry)


def of_card(entry: Card) -> Iterator[Item]:
    """Yield the card of a registered model; one made from timm is no file."""
    if entry.path.is_file():
        yield Item(entry.path, f"cards/{entry.path.name}")


def of_recipe(name: str) -> Iterator[Item]:
    """Yield the data of a recipe, and the weights that its model begins with."""
    import zoo
    from configuration.composition import compose
    from configuration.instantiation import data_of

    cfg = compose([f"recipes={name}"])
    settings = {key: value for key, value in cfg.model.items() if key not in ("name", "pretrained")}
    yield from of_card(zoo.card(cfg.model.name))
    if pretrained := cfg.model.pretrained:
        yield from of_model(cfg.model.name, pretrained if isinstance(pretrained, str) else None, settings)
    yield from of_data(data_of(cfg))


def of_data(data: "DataModule") -> Iterator[Item]:
    """Yield the files of the data; data of the user's own have none, which is told."""
    sources = data.sources()
    if not sources:
        to_stderr(f"data {data.name!r} is your own; bring its folder along yourself")
        return
    for source, path in zip(sources, fetch_files(sources), strict=True):
        yield Item(path, place_of(source.uri))


def place_of(uri: str) -> str:
    """Return where a mirror has the file of this address."""
    address = parse(uri)
    if address.scheme == "file":
        raise ZooError(f"{uri} names a file of this machine; a bundle cannot say where it lies on another one")
    return "/".join(address.mirror_parts)


def bundle(items: Sequence[Item], out: Path) -> dict[str, str]:
    """Copy the files into `out`, each whole or not at all, and write the checksums; return those by path.

    The checksums are those of the files that were fetched and checked; what is copied must have them.
    """
    sums = read_sums(out / SUMS)
    for item in items:
        target = out / item.place
        sums[item.place] = digest(item.path)
        if target.exists() and digest(target) == sums[item.place]:
            continue
        ensure_dir(target.parent)
        with atomic_write(target) as part:
            shutil.copyfile(item.path, part)
            if digest(part) != sums[item.place]:
                raise ZooError(f"{target} was not written as it was read; is the disk {out} sound?")
    sums = dict(sorted(sums.items()))
    with atomic_write(out / SUMS) as part:
        part.write_text("".join(f"{sha256}  {place}\n" for place, sha256 in sums.items()), encoding="utf-8")
    return sums


def read_sums(path: Path) -> dict[str, str]:
    """Return the checksums of an earlier bundle in the same folder by path."""
    if not path.exists():
        return {}
    rows = [line.split("  ", 1) for line in path.read_text(encoding="utf-8").splitlines()]
    if any(len(row) != 2 for row in rows):
        raise ZooError(
            f"{path} does not read as lines of `sha256  path`; remove it, or choose another folder with --out"
        )
    return {place: sha256 for sha256, place in rows}
