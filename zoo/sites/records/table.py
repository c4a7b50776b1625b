"""The records of a site as one table: Parquet files by day, and what is still in the journal; asked in SQL by DuckDB.

A file of the journal that its writer let go becomes one Parquet file of its name, and is removed then. Where both are there, a
kill came in between, and the Parquet file is whole: no record is there twice.
"""

from contextlib import suppress
from pathlib import Path
from typing import Any

from zoo.errors import ZooError
from zoo.files import atomic_write, ensure_dir
from zoo.sites.extras import extra
from zoo.sites.records.journal import is_held, lines_in, segments
from zoo.sites.records.record import row_of, schema


def parquet_of(records: Path, segment: Path) -> Path:
    """Return the Parquet file that a file of the journal becomes: in the folder of the day on which it was begun."""
    return records / segment.name[:10] / f"{segment.stem}.parquet"


def rows_in(segment: Path) -> Any:
    """Read a file of the journal as a table."""
    rows = [row_of(line) for line in lines_in(segment)]
    return extra("pyarrow").Table.from_pylist(rows, schema())


def compact(records: Path) -> int:
    """Turn the files of the journal that have no writer into Parquet; return how many."""
    parquet, done = extra("pyarrow.parquet"), 0
    for segment in segments(records):
        if is_held(segment):
            continue
        target = parquet_of(records, segment)
        with suppress(FileNotFoundError):  # another process was faster
            if not target.exists():
                table = rows_in(segment)
                ensure_dir(target.parent, "make room")
                if len(table):
                    with atomic_write(target) as part:
                        parquet.write_table(table, part, compression="zstd")
            segment.unlink()
            done += 1
    return done


def connect(records: Path) -> Any:
    """Return a connection to DuckDB with the view `records` of all there are; nothing outside can be read by it."""
    duckdb = extra("duckdb")
    waiting = segments(records)  # before the Parquet files: what becomes one in between is read as that
    tables = []
    for segment in waiting:
        if not parquet_of(records, segment).exists():
            with suppress(FileNotFoundError):
                tables.append(rows_in(segment))
    files = sorted(str(path) for path in records.glob("*/*.parquet"))
    connection = duckdb.connect()
    connection.execute("SET timezone = 'UTC'")
    left = extra("pyarrow").concat_tables([*tables, schema().empty_table()])
    connection.register("journal", left)
    if files:
        names = ", ".join(f"'{quoted(file)}'" for file in files)
        columns = ", ".join(schema().names)
        view = f"SELECT {columns} FROM read_parquet([{names}]) UNION ALL SELECT {columns} FROM journal"
    else:
        view = "SELECT * FROM journal"
    try:
        connection.execute(f"CREATE VIEW records AS {view}")
    except duckdb.Error as error:
        raise ZooError(f"the records in {records} cannot be read: {error}") from error
    return connection


def quoted(text: str) -> str:
    """Return text that stands in a string of SQL."""
    return text.replace("'", "''")
