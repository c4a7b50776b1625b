"""Members of zip archives, and archives that lie."""

import zipfile
import zlib
from contextlib import suppress
from pathlib import Path

import pytest

from zoo.errors import ZooError
from zoo.sources import fetch
from zoo.sources.archive import extract
from zoo.sources.failure import SourceFailedError


def forge(path: Path, content: bytes, declared: int, checksum: int) -> Path:
    """Write an archive whose only member "a" lies about its size and checksum, in both of its headers."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("a", content)
    data = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x03\x04", 14), (b"PK\x01\x02", 16)):  # checksum, compressed size, size: 4 bytes each
        start = data.index(mark) + place
        data[start : start + 4] = checksum.to_bytes(4, "little")
        data[start + 8 : start + 12] = declared.to_bytes(4, "little")
    path.write_bytes(data)
    return path


def test_a_bomb_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    archive = forge(tmp_path / "bomb.whl", bytes(1_000_000), 4_000_000_000, 0)
    with pytest.raises(SourceFailedError, match=r"would grow from \d+ to 4000000000 bytes: refused"):
        extract(archive, "a", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_never_more_bytes_than_declared(tmp_path: Path) -> None:
    archive = forge(tmp_path / "lie.whl", bytes(10_000_000), 10, zlib.crc32(bytes(10)))
    with suppress(SourceFailedError):
        extract(archive, "a", tmp_path / "out")
    assert (tmp_path / "out").stat().st_size <= 10


@pytest.mark.parametrize(("declared", "checksum"), [(2000, zlib.crc32(bytes(1000))), (1000, 0)])
def test_other_bytes_than_declared_are_refused(tmp_path: Path, declared: int, checksum: int) -> None:
    archive = forge(tmp_path / "lie.whl", bytes(1000), declared, checksum)
    with pytest.raises(SourceFailedError, match=r"lie.whl"):
        extract(archive, "a", tmp_path / "out")


def test_a_member_that_names_a_path_outside_goes_nowhere(tmp_path: Path) -> None:
    archive = tmp_path / "slip.whl"
    with zipfile.ZipFile(archive, "w") as bundle:
        bundle.writestr("../../evil", b"x")
        bundle.writestr("good", b"y")
    extract(archive, "good", tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"y"
    assert sorted(path.name for path in tmp_path.parent.rglob("evil")) == []
    with pytest.raises(ZooError, match="lead out"):
        fetch(["pypi://tiny==1.0/../../evil"])


def test_what_is_no_archive(tmp_path: Path) -> None:
    archive = tmp_path / "no.whl"
    archive.write_bytes(b"not a zip")
    with pytest.raises(SourceFailedError, match="not a sound zip"):
        extract(archive, "a", tmp_path / "out")
