"""The reference of a version: a copy of records from when all was well, which later ones are held against."""

from datetime import datetime
from pathlib import Path
from typing import Any

from zoo.errors import ZooError
from zoo.files import atomic_write, refuse_existing
from zoo.sites.extras import extra
from zoo.sites.records.table import connect, quoted
from zoo.sites.site import Site

#: All of time.
ALWAYS = (datetime.fromisoformat("0001-01-02T00:00:00+00:00"), datetime.fromisoformat("9999-12-30T00:00:00+00:00"))
#: The records of a version in a span of time.
SPAN = "version = ? AND time >= ? AND time < ?"


def reference_of(site: Site, version: str) -> Path:
    """Return where the reference of a version is."""
    return site.folder / "references" / f"{version}.parquet"


def learn(site: Site, since: datetime | None, until: datetime | None, force: bool) -> int:
    """Keep the records of the version that answers from a span of time as its reference; return how many."""
    version = site.current()
    target = reference_of(site, version)
    refuse_existing(target, force, "the reference")
    span = [version, since or ALWAYS[0], until or ALWAYS[1]]
    question = f"SELECT * FROM records WHERE {SPAN}"
    table = connect(site.folder / "records").sql(question, params=span).to_arrow_table()
    if not len(table):
        raise ZooError(f"{site.folder} has no records of version {version} in that time; serve it first")
    with atomic_write(target) as part:
        extra("pyarrow.parquet").write_table(table, part, compression="zstd")
    return len(table)


def open_reference(site: Site, version: str) -> Any:
    """Return a connection whose `records` are the reference of a version."""
    path = reference_of(site, version)
    if not path.exists():
        raise ZooError(
            f"version {version} has no reference; when all is well, `zoo monitor {site.folder} --learn` keeps what there is"
        )
    duckdb = extra("duckdb")
    connection = duckdb.connect()
    try:
        connection.execute("SET timezone = 'UTC'")
        connection.execute(f"CREATE VIEW records AS SELECT * FROM read_parquet('{quoted(str(path))}')")
    except duckdb.Error as error:
        raise ZooError(f"the reference {path} cannot be read ({error}); learn it again with --learn --force") from error
    return connection
