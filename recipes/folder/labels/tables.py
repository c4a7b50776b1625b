"""Tables of names and labels: a column of images and one of labels, or a column of 0 and 1 for each class."""

from collections.abc import Iterator, Mapping
from posixpath import dirname

from recipes.folder.labels.found import Found, Labelled
from recipes.folder.labels.options import LabelOptions
from recipes.folder.tree import Tree, join, split_of, split_of_folder
from recipes.kit.split import NAMES
from recipes.kit.table import Table, read_table
from zoo.errors import ZooError, near

IMAGE = (
    "image", "image_path", "image_id", "image_name", "file", "filename", "file_name", "path", "filepath", "img", "name", "id",
)  # fmt: skip
LABEL = ("label", "labels", "class", "classes", "category", "target", "tag", "tags", "grade", "diagnosis", "level")
SPLIT = ("split", "subset", "set", "partition", "fold")
GROUP = ("group", "patient", "patient_id", "site", "module", "flight")
BOX = ("xmin", "x_min", "xtl", "x1", "bbox")
#: What a program writes where there is no label.
NOTHING = {"", "nan"}
TRUTH = {"0": False, "1": True, "0.0": False, "1.0": True, "false": False, "true": True}


def tables_of(tree: Tree, options: LabelOptions) -> list[Table]:
    """Return the tables of a folder that name images and their labels."""
    if options.table is not None:
        rel = tree.file(options.table)
        if rel is None:
            known = tree.ending(".csv", ".tsv", ".txt")
            raise ZooError(
                f"data.table={options.table} is not below {tree.root}{near(options.table, known)}; name a file of it"
            )
        return [table_of(tree, rel, options)]
    found = (table_of(tree, rel, options) for rel in tree.ending(".csv", ".tsv") if len(tree.text(rel).split("\n")) > 1)
    return [table for table in found if speaks(table, options)]


def table_of(tree: Tree, rel: str, options: LabelOptions) -> Table:
    """Read one table as the options say."""
    return read_table(tree.path(rel), options.separator, options.encoding, options.invalid)


def speaks(table: Table, options: LabelOptions) -> bool:
    """Tell whether a table names images and labels, and no boxes."""
    columns = {name.lower() for name in table.columns}
    image = bool(columns & set(IMAGE)) or options.image_column in table.columns
    label = bool(columns & set(LABEL)) or options.label_column in table.columns or bool(class_columns(table))
    label = label or only_other(table) is not None
    return image and label and not columns & set(BOX)


def only_other(table: Table) -> str | None:
    """Return the one column beside those of images, splits and groups, which is the label whatever it is called."""
    others = [name for name in table.columns if name.lower() not in {*IMAGE, *SPLIT, *GROUP}]
    return others[0] if len(others) == 1 and others[0] and len(others) < len(table.columns) else None


def class_columns(table: Table) -> list[str]:
    """Return the columns that hold nothing but 0 and 1: a class each, where they are two or more."""
    names = (name for name in table.columns if name.lower() not in {*IMAGE, *LABEL, *SPLIT, *GROUP})
    found = [name for name in names if all(word.lower() in TRUTH for word in table.words(name))]
    return found if len(found) > 1 else []


def read(tree: Tree, tables: list[Table], options: LabelOptions, several: bool) -> Found:
    """Read every row; images without one are told too. Where `several`, an image may show any number of classes."""
    found = Found()
    for table in tables:
        read_one(tree, table, options, found, several)
    for rel in tree.images:
        if rel not in found.images:
            found.problem("unlabelled", rel, "no table names it")
    return found


def read_one(tree: Tree, table: Table, options: LabelOptions, found: Found, several: bool) -> None:
    """Read the rows of one table into what is found."""
    place = table.path.relative_to(tree.root).as_posix()
    images = table.words(table.column(options.image_column, IMAGE, "data.image_column"))
    found.notes += table.notes
    split = column_of(table, options.split_column, SPLIT)
    group = column_of(table, options.group_column, GROUP)
    for row, labels in enumerate(labels_of(table, options, found)):
        where = f"{place}, line {table.lines[row]}"
        rel = located(tree, images[row], dirname(place), where, found)
        told = NAMES.get(split[row].lower()) if split else split_of(place) or split_of_folder(rel or "")
        if split and told is None:
            found.problem("malformed", where, f"the split {split[row]!r} is not train, val or test")
        if rel is not None:
            add(found, rel, Labelled(labels, where, told, group[row] if group else None), several)


def column_of(table: Table, named: str | None, usual: tuple[str, ...]) -> list[str] | None:
    """Return a column that is named, or one of a usual name, where there is one."""
    if named is None and not {name.lower() for name in table.columns} & set(usual):
        return None
    return table.words(table.column(named, usual, ""))


def labels_of(table: Table, options: LabelOptions, found: Found) -> Iterator[tuple[str, ...]]:
    """Yield the labels of each row."""
    usual = {name.lower() for name in table.columns} & set(LABEL)
    columns = [] if usual or options.label_column else class_columns(table)
    if columns:
        found.classes = tuple(dict.fromkeys((*found.classes, *columns)))
        for words in zip(*(table.words(name) for name in columns), strict=True):
            yield tuple(name for name, word in zip(columns, words, strict=True) if TRUTH[word.lower()])
        return
    named = options.label_column or (None if usual else only_other(table))
    if named and not options.label_column:
        found.notes.append(
            f"{table.path.name}: column {named!r} is taken as the label; data.label_column=NAME says another"
        )
    for word in table.words(table.column(named, LABEL, "data.label_column")):
        parts = (part.strip() for part in word.split(options.label_separator))
        yield tuple(part for part in parts if part.lower() not in NOTHING)


def located(tree: Tree, name: str, folder: str, where: str, found: Found) -> str | None:
    """Return the image that a row means; None after noting why there is none."""
    if join(folder, name) is None:
        found.problem("path", where, f"{name!r}")
        return None
    candidates = tree.image_candidates(name, [folder, join(folder, "images") or "", split_of(where) or ""])
    candidates = candidates or tree.called(name)
    if len(candidates) != 1:
        what = f"can be {' or '.join(candidates[:3])}; write the folder too" if candidates else "is not there"
        found.problem("malformed" if candidates else "orphan", where, f"image {name!r} {what}")
        return None
    return candidates[0]


def add(found: Found, rel: str, new: Labelled, several: bool) -> None:
    """Add the labels of a row; an image that another row names otherwise is a problem, unless it may show several classes."""
    known: Mapping[str, Labelled] = found.images
    if rel not in known:
        found.images[rel] = new
        return
    old = known[rel]
    if old.split != new.split:
        found.problem(
            "leak", rel, f"{old.split or 'no split'} in {old.where} and {new.split or 'no split'} in {new.where}"
        )
    if old.labels != new.labels and not several:
        found.problem(
            "several", rel, f"{' '.join(old.labels)!r} in {old.where}, {' '.join(new.labels)!r} in {new.where}"
        )
    old.labels = tuple(dict.fromkeys((*old.labels, *new.labels)))
