"""The formats of annotations, by name."""

from dataclasses import replace

from recipes.folder.formats import (
    coco,
    csv,
    cvat,
    dota,
    geojson,
    geojson_writer,
    labelme,
    labelstudio,
    tables_writer,
    text_writer,
    voc,
    voc_writer,
    yolo,
)
from recipes.folder.formats.dota import HEADERS
from recipes.folder.formats.format import Format, no_evidence

_ALL = frozenset({"rectangle", "corners", "polygon", "difficult", "attributes", "group", "spaces", "unsplit"})

VOC = Format(
    "voc",
    "XML files with <annotation>",
    voc.evidence,
    voc.read,
    voc_writer.write,
    voc_writer.place,
    frozenset({"rectangle", "difficult", "attributes", "spaces"}),
    lists_classes=False,
)
COCO = Format(
    "coco",
    "JSON files with images, annotations and categories",
    coco.evidence,
    coco.read,
    tables_writer.write_coco,
    tables_writer.place_coco,
    _ALL,
    about=None,
    stems=False,
)
YOLO = Format(
    "yolo",
    "a data.yaml with names, or .txt labels beside the images or in labels/",
    yolo.evidence,
    yolo.read,
    text_writer.write_yolo,
    text_writer.place_yolo,
    frozenset({"spaces"}),
)
YOLO_OBB = replace(
    YOLO,
    name="yolo-obb",
    evidence=no_evidence,
    write=text_writer.write_yolo_obb,
    carries=frozenset({"rectangle", "corners", "spaces"}),
)
CSV = Format(
    "csv",
    "a CSV file with image_path, xmin, ymin, xmax, ymax and label",
    csv.evidence,
    csv.read,
    tables_writer.write_csv,
    tables_writer.place_csv,
    _ALL - {"polygon"},
    stems=False,
)
DOTA = Format(
    "dota",
    "text files of x1 y1 x2 y2 x3 y3 x4 y4 class difficult, in labelTxt/ or beside the images",
    dota.evidence,
    dota.read,
    text_writer.write_dota,
    text_writer.place_dota,
    frozenset({"rectangle", "corners", "difficult", "unsplit"}),
    about=frozenset(HEADERS),
    lists_classes=False,
)
GEOJSON = Format(
    "geojson",
    "GeoJSON files of polygons, beside the images, in labels/, or one for all",
    geojson.evidence,
    geojson.read,
    geojson_writer.write,
    geojson_writer.place,
    _ALL,
    about=None,
    lists_classes=False,
)
LABELME = Format(
    "labelme",
    "JSON files of shapes on an image, as labelme writes them",
    labelme.evidence,
    labelme.read,
    labelme.write,
    labelme.place,
    frozenset({"rectangle", "corners", "polygon", "spaces"}),
    lists_classes=False,
)
CVAT = Format(
    "cvat",
    "XML files with <annotations>, as CVAT exports images",
    cvat.evidence,
    cvat.read,
    cvat.write,
    cvat.place,
    frozenset({"rectangle", "corners", "polygon", "attributes", "spaces"}),
    stems=False,
)
LABEL_STUDIO = Format(
    "labelstudio",
    "a JSON list of tasks with data and annotations, as Label Studio exports it",
    labelstudio.evidence,
    labelstudio.read,
    labelstudio.write,
    labelstudio.place,
    frozenset({"rectangle", "corners", "polygon", "attributes", "spaces"}),
    about=frozenset({labelstudio.PREDICTED, labelstudio.MODEL}),
    stems=False,
    lists_classes=False,
)
FORMATS = {one.name: one for one in (VOC, COCO, YOLO, YOLO_OBB, CSV, DOTA, GEOJSON, LABELME, CVAT, LABEL_STUDIO)}
