"""GeoJSON: polygons on the map, laid over the images they belong to.

The format: https://www.rfc-editor.org/rfc/rfc7946. A file is about the image that its member `image` names, or a feature's
property of this name, or that has its name (beside it, or in `images` where the file is in `labels`); what is about no
image lies on the raster that holds its middle. A class is the property `label` (or class, class_name, category, name);
without any, all are of the class `object`. `difficult` marks an object; other properties are its attributes. Classes are
as `classes.txt` lists them, else in alphabetical order. Coordinates: see `recipes.folder.georeference`.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from posixpath import basename, dirname
from typing import Any, NamedTuple

import numpy as np
from rasterio.crs import CRS

from recipes.folder.annotation_builder import AnnotationBuilder
from recipes.folder.annotations import Annotations, Region, Value
from recipes.folder.formats.coco import coordinates, load, of, plain
from recipes.folder.georeference import WGS84, Georeference, crs_name, crs_of, georeference
from recipes.folder.image_builder import ImageBuilder
from recipes.folder.shapes import without_repeats
from recipes.folder.tree import Tree, key, split_of_folder, without_suffix
from zoo.errors import ZooError

IMAGE = ("image", "image_path", "file_name", "filename")
LABEL = ("label", "class", "class_name", "category", "name")
MEMBERS = {"type", "features", "crs", "bbox", "group", "name", *IMAGE}
FOLDERS = ("labels", "annotations", "geojson")
NAMELESS = "object"


class Outlined(NamedTuple):
    """The number of a feature, its properties, its outline (M, 2), and all its parts, in the coordinates of the file."""

    number: int
    properties: Mapping[str, Any]
    points: np.ndarray
    parts: Region


def evidence(tree: Tree) -> Iterator[str]:
    """Yield the files that speak for this format."""
    return (rel for rel in tree.ending(".geojson", ".json") if b'"FeatureCollection"' in tree.head(rel))


def read(tree: Tree) -> Annotations:
    """Read every GeoJSON file of the tree; images that none is about have no objects."""
    builder = AnnotationBuilder(tree, place="feature")
    reader = _Reader(builder)
    for rel in evidence(tree):
        try:
            reader.file(rel)
        except ZooError as error:
            builder.malformed(error)
    for image in builder.tree.images:
        if image not in builder.entries:
            builder.entry(image, split_of_folder(image))
    reader.add_notes()
    return builder.finish([*builder.tree.listed_names(), *builder.names()])


class _Reader:
    def __init__(self, builder: AnnotationBuilder) -> None:
        self.builder, self.tree = builder, builder.tree
        self.places: dict[str, Georeference] = {}
        self.noted: dict[str, list[str]] = defaultdict(list)

    def add_notes(self) -> None:
        """Add the notes: what was assumed of the coordinates, and what was left out."""
        for sentence, names in self.noted.items():
            self.builder.note(sentence, names)

    def place(self, image: str) -> Georeference:
        """Return where an image lies."""
        if image not in self.places:
            self.places[image] = georeference(self.tree.path(image))
        return self.places[image]

    def file(self, rel: str) -> None:
        """Read one collection."""
        collection = load(self.tree, rel)
        features = collection.get("features") if isinstance(collection, dict) else None
        if not isinstance(features, list):
            raise ZooError(f"{rel}, line 1: 'features' must be a list")
        named, own = crs_of(collection, rel), self.own_image(collection, rel)
        of_image = self.sorted_out(features, rel, own, named)
        nameless = self.nameless([properties for those in of_image.values() for _, properties, *_ in those], rel)
        for image, those in of_image.items():
            entry = self.builder.entry(image, split_of_folder(image), rel)
            if self.builder.facts(image) is None:
                continue  # nobody knows where it lies; that it cannot be read is noted
            if own:
                entry.group = str(collection["group"]) if collection.get("group") else None
                entry.about.update(plain(collection, MEMBERS))
            self.fill(entry, image, those, named, nameless)

    def nameless(self, every: Sequence[Mapping[str, Any]], rel: str) -> str:
        """Return the class of what has none: "" where others have one, as that is a mistake, else a name for all, noted."""
        if any(map(label_of, every)):
            return ""
        if every:
            names = ", ".join(LABEL)
            self.noted[
                f"[file names|files name] no class ({names}); [its|their] objects are of the class {NAMELESS!r}"
            ].append(rel)
        return NAMELESS

    def sorted_out(
        self, features: Sequence[object], rel: str, own: str | None, named: CRS | None
    ) -> dict[str, list[Outlined]]:
        """Return the features by their images; `own` is the image of them all, where there is one."""
        those: list[Outlined] = []
        for number, feature in enumerate(features, 1):
            parts = self.parts(of(feature), f"{rel}, feature {number}")
            if parts is not None:
                outline = parts[0][0] if len(parts) == 1 else hull(np.concatenate([part[0] for part in parts]))
                those.append(Outlined(number, of(of(feature).get("properties")), outline, parts))
        if own:
            return {own: those}
        of_image: dict[str, list[Outlined]] = {}
        for one, image in zip(those, self.images_of(those, named, rel), strict=True):
            if image is not None:
                of_image.setdefault(image, []).append(one)
        return of_image

    def own_image(self, collection: Mapping[str, Any], rel: str) -> str | None:
        """Return the image that a whole file is about, by its member or by its name; None where that is no image."""
        name = first(collection, IMAGE)
        if name:
            return self.builder.locate(name, ["", "images", dirname(rel)], rel, dirname(rel))
        stem = without_suffix(rel)
        parts = stem.split("/")
        at = [index for index, part in enumerate(parts[:-1]) if key(part) in FOLDERS]
        moved = (
            ["/".join(filter(None, [*parts[: at[-1]], to, *parts[at[-1] + 1 :]])) for to in ("images", "")]
            if at
            else []
        )
        for place in (stem, *moved):
            found = self.tree.image_candidates(basename(place), [dirname(place)])
            if len(found) == 1 and key(without_suffix(found[0])) == key(place):
                return found[0]
        return None

    def images_of(self, those: Sequence[Outlined], named: CRS | None, rel: str) -> list[str | None]:
        """Return the image of each feature: the one it names, or the raster that it lies on; None once noted."""
        names = [first(properties, IMAGE) for _, properties, *_ in those]
        on = iter(self.rasters_under([one.points for one, name in zip(those, names, strict=True) if not name], named))
        found: list[str | None] = []
        for (number, *_), name in zip(those, names, strict=True):
            where = f"{rel}, feature {number}"
            if name:
                found.append(self.builder.locate(name, ["", "images", dirname(rel)], where, dirname(rel)))
                continue
            found.append(next(on))
            if found[-1] is None:
                self.builder.problem("orphan", where, "names no image, and its middle lies on no raster of the folder")
        return found

    def rasters_under(self, those: Sequence[np.ndarray], named: CRS | None) -> list[str | None]:
        """Return the first raster that the middle of each outline (M, 2) lies on, None where there is none."""
        found: list[str | None] = [None] * len(those)
        for image in self.tree.images:
            left = [index for index, under in enumerate(found) if under is None]
            if left and self.builder.facts(image) is not None and self.place(image).crs:
                held = self.place(image).holds([those[index] for index in left], named or WGS84)
                for index in np.array(left)[held].tolist():
                    found[index] = image
        return found

    def parts(self, feature: Mapping[str, Any], where: str) -> Region | None:
        """Return the parts of a feature, rings (M, 2) in its coordinates; None once noted why there are none."""
        geometry = of(feature.get("geometry"))
        kind, parts = geometry.get("type"), geometry.get("coordinates")
        if not geometry:
            self.noted["[feature has|features have] no geometry and [was|were] left out"].append(where)
            return None
        polygons = parts if kind == "MultiPolygon" else [parts]
        if kind not in ("Polygon", "MultiPolygon"):
            self.builder.problem("geometry", where, f"a {str(kind)[:30]} is no outline")
            return None
        rings = [rings_of(polygon) for polygon in polygons] if isinstance(polygons, list) else []
        if not rings or any(not part or any(len(points) < 3 for points in part) for part in rings):
            self.builder.problem("malformed", where, "its coordinates are no ring of three points or more")
            return None
        if len(rings) > 1:
            self.noted["[feature|features] of several polygons [was|were] taken as the convex hull of them all"].append(
                where
            )
        return rings

    def fill(
        self,
        entry: ImageBuilder,
        image: str,
        those: Sequence[Outlined],
        named: CRS | None,
        nameless: str,
    ) -> None:
        """Lay features over their image: number, properties and outline in the file's coordinates of each."""
        place = self.place(image)
        drawn = [one.points for one in those]
        crs = self.system(place, entry.source, image, named, drawn)
        for one, points in zip(those, place.outlines(drawn, crs), strict=True):
            number, properties = one.number, one.properties
            label = label_of(properties) or nameless
            if not label:
                self.builder.problem("malformed", f"{entry.source}, feature {number}", "the label is empty")
                continue
            entry.add_shape(points, label, number)
            if len(one.parts) > 1 or len(one.parts[0]) > 1:
                entry.regions[len(entry.boxes) - 1] = [place.outlines(part, crs) for part in one.parts]
            entry.describe(properties.get("difficult") in (1, True), described(properties))

    def system(
        self, place: Georeference, rel: str, image: str, named: CRS | None, those: Sequence[np.ndarray]
    ) -> CRS | None:
        """Return the coordinate system of features on an image, None for the image's own; what is assumed is noted."""
        crs = (named or WGS84) if place.crs is not None else None
        if those and (crs or not place.known) and not place.holds(those, crs).any():
            raise ZooError(f"{rel}: {astray(place, named, those, image)}")
        if not place.known:
            self.noted["[image has|images have] no georeference; [its|their] coordinates were taken as pixels"].append(
                image
            )
        elif place.crs is None:
            self.noted[
                "[raster names|rasters name] no coordinate system; features were taken to be in [its own|theirs]"
            ].append(image)
        elif named is None and those:
            self.noted["[file names|files name] no coordinate system and [was|were] taken as WGS 84 (RFC 7946)"].append(
                rel
            )
        return crs


def astray(place: Georeference, named: CRS | None, those: Sequence[np.ndarray], image: str) -> str:
    """Say that no feature lies on an image, and whether they would in the image's own coordinate system."""
    if not place.known:
        return (
            f"{image} has no georeference, so coordinates are pixels, and no feature lies on it; give the image its "
            "georeference, or the features coordinates in pixels"
        )
    said = crs_name(named) if named else "WGS 84 (RFC 7946, since it names no coordinate system)"
    here = place.crs is not None and place.holds(those, place.crs).any()
    hint = f"; they would as {crs_name(place.crs)}: name it in 'crs'" if place.crs and here else "; mend one of the two"
    return f"taken as {said}, none of its features lies on {image}{hint}"


def label_of(properties: Mapping[str, Any]) -> str:
    """Return the class that properties name, "" for none."""
    return first(properties, LABEL)


def first(record: Mapping[str, Any], names: Sequence[str]) -> str:
    """Return the first of the values `names` that is a text or a number, as text; "" when none is."""
    return next((str(record[name]).strip() for name in names if isinstance(record.get(name), str | int | float)), "")


def described(properties: Mapping[str, Any]) -> dict[str, Value]:
    """Return the attributes among properties."""
    used = next((name for name in LABEL if isinstance(properties.get(name), str | int | float)), "")
    return plain(properties, {used, "difficult", *IMAGE})


def rings_of(polygon: object) -> list[np.ndarray]:
    """Return the rings of a polygon's coordinates as points (M, 2), the closing ones left out; (0, 2) of what is malformed."""
    found = []
    for ring in polygon if isinstance(polygon, list) else []:
        points = [coordinates(point)[:2] for point in ring] if isinstance(ring, list) else []
        sound = bool(points) and all(len(point) == 2 for point in points)
        found.append(without_repeats(np.array(points)) if sound else np.zeros((0, 2)))
    return found


def hull(points: np.ndarray) -> np.ndarray:
    """Return the corners (M, 2) of the convex hull of points."""
    import shapely

    return without_repeats(shapely.get_coordinates(shapely.convex_hull(shapely.multipoints(points))))
