"""The formats that can be written, by name."""

from collections.abc import Mapping

from recipes.folder.dota import HEADERS
from recipes.folder.writing import geojson, tables, text, voc
from recipes.folder.writing.target import Target

_ALL = frozenset({"rectangle", "corners", "polygon", "difficult", "attributes", "group", "spaces", "unsplit"})

TARGETS: Mapping[str, Target] = {
    "dota": Target(
        "dota",
        text.write_dota,
        text.place_dota,
        frozenset({"rectangle", "corners", "difficult", "unsplit"}),
        frozenset(HEADERS),
    ),
    "coco": Target("coco", tables.write_coco, tables.place_coco, _ALL, about=None, stems=False),
    "voc": Target("voc", voc.write, voc.place, frozenset({"rectangle", "difficult", "attributes", "spaces"})),
    "yolo": Target("yolo", text.write_yolo, text.place_yolo, frozenset({"spaces"})),
    "yolo-obb": Target("yolo", text.write_yolo_obb, text.place_yolo, frozenset({"rectangle", "corners", "spaces"})),
    "csv": Target("csv", tables.write_csv, tables.place_csv, _ALL - {"polygon"}, stems=False),
    "geojson": Target("geojson", geojson.write, geojson.place, _ALL, about=None),
}
