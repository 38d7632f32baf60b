"""Writes and reads Parquet files with pyarrow, for comparison.

parquet.py write DIR SEED  writes tables in many ways and prints what they hold,
parquet.py read FILE       prints what a file holds,
as JSON: {file: {column: [value…]}}. Those named refused-… are ones that Ember does
not read. Floats are numbers; other values are text as
frame.Column.String gives it, lists are lists, nulls are null.
"""

import datetime
import decimal
import json
import sys

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

ROWS = 700


def columns(rng):
    """Returns columns of random values, each without and with nulls."""

    def ints(t, size=ROWS):
        info = np.iinfo(t)
        return pa.array(rng.integers(info.min, info.max, size, dtype=t, endpoint=True))

    def lists(values, mask=None):
        offsets = np.sort(rng.integers(0, len(values), ROWS + 1, endpoint=True)).astype(np.int32)
        offsets[0], offsets[-1] = 0, len(values)
        return pa.ListArray.from_arrays(offsets, values, mask=mask)

    few = pa.array(rng.choice(["red", "green", "größer", ""], ROWS))
    micros = pa.array(rng.integers(-(2**50), 2**50, ROWS))
    floats = pa.array(rng.standard_normal(3 * ROWS).astype(np.float32))
    table = {t: ints(t) for t in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")}
    table |= {
        "bool": pa.array(rng.integers(0, 2, ROWS).astype(bool)),
        "float": floats[:ROWS],
        "double": pa.array(rng.standard_normal(ROWS)),
        "constant": pa.array(np.full(ROWS, 7, np.int32)),
        "string": few,
        "large": few.cast(pa.large_string()),
        "coded": few.dictionary_encode(),
        "binary": pa.array([rng.bytes(int(n)) for n in rng.integers(0, 9, ROWS)]),
        "fixed": pa.array([rng.bytes(5) for _ in range(ROWS)], pa.binary(5)),
        "date": ints("int16").cast(pa.int32()).cast(pa.date32()),
        "millis": pa.array(rng.integers(-(2**40), 2**40, ROWS)).cast(pa.timestamp("ms", tz="UTC")),
        "micros": micros.cast(pa.timestamp("us")),
        "nanos": micros.cast(pa.timestamp("ns", tz="UTC")),
        "decimal": pa.array([decimal.Decimal(int(v)).scaleb(-2) for v in rng.integers(-(10**9), 10**9, ROWS)], pa.decimal128(12, 2)),
        "wide": pa.array([decimal.Decimal(int(v)) * 10**19 for v in rng.integers(-(10**18), 10**18, ROWS)], pa.decimal128(38, 0)),
        "floats": lists(floats),
        "ints": lists(ints("int32", 2 * ROWS)),
        "words": lists(pa.array(rng.choice(["a", "bc"], ROWS))),
        "pairs": pa.FixedSizeListArray.from_arrays(floats[: 2 * ROWS], 2),
    }
    missing = rng.integers(0, 3, ROWS) == 0
    for name, values in list(table.items()):
        if name not in ("pairs", "floats", "ints", "words"):
            table[name + "?"] = pc.if_else(pa.array(missing), pa.scalar(None, values.type), values) if name != "coded" else values
    table["floats?"] = lists(pc.if_else(pa.array(rng.integers(0, 2, len(floats)) == 0), None, floats), pa.array(missing))
    table["all missing"] = pa.array([None] * ROWS, pa.float32())
    return pa.table(table)



def text(t, v):
    """Returns a value as frame.Column gives it."""
    if v is None:
        return None
    if isinstance(v, list):
        return [text(t.value_type, x) for x in v]
    if isinstance(v, bool):
        return "true" if v else "false"
    if isinstance(v, float):
        return v
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
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        out[name] = [text(column.type, v) for v in column.to_pylist()]
    return out


def write(folder, seed):
    table = columns(np.random.default_rng(int(seed)))
    expected = contents(table)
    ways = {
        "plain": dict(compression="none", use_dictionary=False),
        "snappy": dict(compression="snappy"),
        "gzip": dict(compression="gzip", data_page_version="2.0"),
        "zstd": dict(compression="zstd", data_page_size=512),
        "pages": dict(compression="snappy", use_dictionary=False, data_page_version="2.0", data_page_size=512),
        "brotli": dict(compression="brotli", row_group_size=100),
        "int96": dict(use_deprecated_int96_timestamps=True),
        "checksum": dict(write_page_checksum=True),
        "delta": dict(
            use_dictionary=False,
            column_encoding={"int64": "DELTA_BINARY_PACKED", "int32?": "DELTA_BINARY_PACKED", "string": "DELTA_BYTE_ARRAY", "binary": "DELTA_LENGTH_BYTE_ARRAY", "float": "BYTE_STREAM_SPLIT", "double?": "BYTE_STREAM_SPLIT"},
        ),
    }
    result = {}
    for name, options in ways.items():
        left_out = ["bool", "bool?"] if "data_page_version" in options else []
        pq.write_table(table.drop(left_out), f"{folder}/{name}.parquet", **options)
        result[name] = {k: v for k, v in expected.items() if k not in left_out}
    pq.write_table(table.select(["double"]), f"{folder}/refused-lz4.parquet", compression="lz4")
    pq.write_table(table.select(["bool"]), f"{folder}/refused-bools.parquet", data_page_version="2.0")
    return result



command, *args = sys.argv[1:]
if command == "write":
    result = write(*args)
else:
    result = {"": contents(pq.read_table(args[0], use_threads=False))}
json.dump(result, sys.stdout)
