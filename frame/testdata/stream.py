"""Writes and reads Arrow streams with pyarrow, for comparison.

stream.py write DIR SEED  writes streams of one table in several ways and prints it,
stream.py read FILE       prints the table in a stream,
as JSON: {column: [text…]}, text as frame.Column.String gives it, nulls as null.
"""

import decimal
import json
import sys

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

ROWS = 300


def table(rng):
    words = pa.array(rng.choice(["red", "green", "größer", ""], ROWS))
    micros = pa.array(rng.integers(-(2**50), 2**50, ROWS))
    columns = {
        "int64": pa.array(rng.integers(-(2**63), 2**63, ROWS)),
        "uint8": pa.array(rng.integers(0, 256, ROWS).astype(np.uint8)),
        "bool": pa.array(rng.integers(0, 2, ROWS).astype(bool)),
        "string": words,
        "large": words.cast(pa.large_string()),
        "fixed": pa.array([b"%05d" % i for i in rng.integers(0, 99999, ROWS)], pa.binary(5)),
        "date": pa.array(rng.integers(-(10**4), 10**4, ROWS).astype(np.int32)).cast(pa.date32()),
        "seconds": pa.array(rng.integers(-(10**9), 10**9, ROWS)).cast(pa.timestamp("s", tz="UTC")),
        "micros": micros.cast(pa.timestamp("us")),
        "nanos": micros.cast(pa.timestamp("ns", tz="Europe/Berlin")),
        "decimal": pa.array([decimal.Decimal(int(v)).scaleb(-3) for v in rng.integers(-(10**12), 10**12, ROWS)], pa.decimal128(20, 3)),
    }
    missing = pa.array(rng.integers(0, 3, ROWS) == 0)
    for name, values in list(columns.items()):
        columns[name + "?"] = pc.if_else(missing, pa.scalar(None, values.type), values)
    columns["coded?"] = columns["string?"].dictionary_encode()
    columns["null"] = pa.nulls(ROWS)
    return pa.table(columns)


def text(v):
    if v is None:
        return None
    if isinstance(v, bool):
        return "true" if v else "false"
    if isinstance(v, bytes):
        return v.decode("latin-1")
    if isinstance(v, decimal.Decimal):
        return f"{v:f}"
    return str(v)


def contents(table):
    out = {}
    for name in table.column_names:
        column = table[name]
        if pa.types.is_timestamp(column.type):  # as microseconds: Python has no others
            column = pc.floor_temporal(column, unit="microsecond").cast(pa.timestamp("us")).cast(pa.int64())
        out[name] = [text(v) for v in column.to_pylist()]
    return out


command, *args = sys.argv[1:]
if command == "write":
    written = table(np.random.default_rng(int(args[1])))
    for way in ("none", "lz4", "zstd"):
        options = pa.ipc.IpcWriteOptions(compression=None if way == "none" else way)
        with pa.OSFile(f"{args[0]}/{way}", "wb") as file, pa.ipc.new_stream(file, written.schema, options=options) as stream:
            for batch in written.to_batches(max_chunksize=77):
                stream.write_batch(batch)
else:
    with pa.OSFile(args[0]) as file:
        written = pa.ipc.open_stream(file).read_all()
json.dump(contents(written), sys.stdout)
