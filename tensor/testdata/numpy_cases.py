"""Prints test cases of package tensor, computed by NumPy, as JSON.

    python numpy_cases.py [seed] > numpy_cases.json

Made with NumPy 2.4.6; seed 1 gives the committed file. Each case names a
function of the table in numpy_test.go, its inputs, attributes and outputs.
"""

import base64
import io
import json
import math
import sys
import warnings

import numpy as np

warnings.filterwarnings("ignore")
rng = np.random.default_rng(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
cases = []

FLOATS = ["float32", "float64", "float16"]
SIGNED = ["int8", "int16", "int32", "int64"]
UNSIGNED = ["uint8", "uint16", "uint32", "uint64"]
NUMBERS = FLOATS + SIGNED + UNSIGNED
ALL = NUMBERS + ["bool"]


def choice(options):
    return options[rng.integers(len(options))]


def number(v):
    if isinstance(v, float) and not math.isfinite(v):
        return str(v)
    return v


def dump(a):
    a = np.asarray(a)
    name = "string" if a.dtype.kind in "UO" else a.dtype.name
    values = a.ravel().tolist()
    if name in ("float16", "float32"):
        values = [float(str(v)) for v in a.ravel()]  # fewer digits
    return {"d": name, "s": list(a.shape), "v": [number(v) for v in values]}


class Input:
    """An array, and how the test makes it: elements, then a view of them."""

    def __init__(self, base, view=None, perm=None):
        self.array, self.spec = base, dump(base)
        if view:
            self.array = self.array[tuple(slice(*v) for v in view)]
            self.spec["view"] = [[s, t, d] for s, t, d in view]
        if perm:
            self.array = self.array.transpose(perm)
            self.spec["perm"] = perm


def array(dtype, shape, special=True):
    if dtype == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    if dtype in FLOATS:
        a = np.round(rng.normal(0, 3, shape), 2).astype(dtype)
        if special and a.size and rng.random() < 0.2:
            a.flat[rng.integers(a.size)] = choice([np.nan, np.inf, -np.inf, 0, -0.0])
        return a
    info = np.iinfo(dtype)
    if rng.random() < 0.2:  # the whole range, so that results wrap
        return rng.integers(info.min, info.max, shape, dtype, endpoint=True)
    return rng.integers(max(info.min, -9), 10, shape).astype(dtype)


def given(dtype, shape, special=True):
    """A random array of the shape; sometimes a strided view."""
    how = rng.integers(4)
    shape = tuple(shape)
    if how == 0 and len(shape) > 1:
        perm = [int(p) for p in rng.permutation(len(shape))]
        base = [0] * len(shape)
        for i, p in enumerate(perm):
            base[p] = shape[i]
        return Input(array(dtype, base, special), perm=perm)
    if how == 1 and shape and 0 not in shape:
        view = [choice([(None, None, -1), (1, None, 2), (None, None, 1)]) for _ in shape]
        base = [2 * n if v[2] == 2 else n for n, v in zip(shape, view)]
        return Input(array(dtype, base, special), view)
    return Input(array(dtype, shape, special))


def case(fn, inputs, outputs, tol=0, **attrs):
    if not isinstance(outputs, (list, tuple)):
        outputs = [outputs]
    c = {"fn": fn, "in": [i.spec for i in inputs], "out": [dump(o) for o in outputs]}
    if attrs:
        c["attrs"] = attrs
    if tol:
        c["tol"] = tol
    cases.append(c)


def some_shape(min_rank=0, max_rank=3):
    shape = [int(n) for n in rng.integers(1, 4, rng.integers(min_rank, max_rank + 1))]
    if shape and rng.random() < 0.05:
        shape[rng.integers(len(shape))] = 0
    return shape


def broadcast_pair():
    full = some_shape()
    pair = []
    for _ in range(2):
        s = [1 if rng.random() < 0.3 else n for n in full]
        pair.append(s[rng.integers(len(s) + 1):] if rng.random() < 0.3 else s)
    return pair


def divide(a, b):
    a, b = np.broadcast_arrays(a, b)
    dt = np.result_type(a, b)
    if dt.kind == "f":
        return np.divide(a, b, dtype=dt)
    def truncated(x, y):
        x, y = int(x), int(y)
        return 0 if y == 0 else abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1)
    q = [truncated(x, y) for x, y in zip(a.ravel(), b.ravel())]
    return np.array(q, object).reshape(a.shape).astype(np.uint64 if dt.kind == "u" else np.int64).astype(dt)


BINARY = {
    "add": (np.add, 0), "sub": (np.subtract, 0), "mul": (np.multiply, 0), "div": (divide, 0),
    "mod": (np.mod, 0), "fmod": (np.fmod, 0), "pow": (np.power, 2),
    "maximum": (np.maximum, 0), "minimum": (np.minimum, 0),
    "equal": (np.equal, 0), "less": (np.less, 0), "greater_equal": (np.greater_equal, 0),
    "not_equal": (np.not_equal, 0), "greater": (np.greater, 0), "less_equal": (np.less_equal, 0),
    "and": (np.logical_and, 0), "or": (np.logical_or, 0), "xor": (np.logical_xor, 0),
}


COMPARISONS = ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")


def binary():
    for fn, (f, tol) in BINARY.items():
        with_bool = fn not in ("sub", "div", "mod", "fmod", "pow")
        for _ in range(4):
            types = ALL if with_bool else NUMBERS
            da, db = choice(types), choice(types)
            if rng.random() < 0.4:
                db = da
            if {"int64", "uint64"} == {da, db} and BINARY[fn][0].__name__ in COMPARISONS:
                continue  # NumPy compares these two exactly
            sa, sb = broadcast_pair()
            a, b = given(da, sa), given(db, sb)
            if fn == "pow":
                a, b = given("float32", sa), given("float64", sb)
                if db in SIGNED + UNSIGNED:
                    a, b = Input(array(da, sa)), Input(rng.integers(0, 4, sb).astype(db))
            case(fn, [a, b], f(a.array, b.array), tol)


def unary():
    reals = {
        "sqrt": np.sqrt, "exp": np.exp, "expm1": np.expm1, "log": np.log, "log1p": np.log1p,
        "sin": np.sin, "cos": np.cos, "tan": np.tan, "tanh": np.tanh, "sinh": np.sinh, "cosh": np.cosh,
        "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "asinh": np.arcsinh,
        "acosh": np.arccosh, "atanh": np.arctanh,
        "reciprocal": np.reciprocal,
        "erf": lambda x: np.vectorize(math.erf, otypes=[x.dtype])(x),
        "sigmoid": lambda x: (1 / (1 + np.exp(-x.astype("float64")))).astype(x.dtype),
    }
    for fn, f in reals.items():
        for dt in (choice(FLOATS), choice(FLOATS if fn in ("erf", "sigmoid", "reciprocal") else ALL)):
            a = given(dt, some_shape())
            case(fn, [a], f(a.array), 64 if fn == "tan" else 4)
    for fn, f in {"neg": np.negative, "abs": np.abs, "sign": np.sign, "floor": np.floor,
                  "ceil": np.ceil, "round": np.round, "not": np.logical_not}.items():
        for dt in (choice(FLOATS), choice(NUMBERS), choice(NUMBERS)):
            a = given(dt, some_shape())
            case(fn, [a], f(a.array))
    for halves in ([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5],):
        a = Input(np.array(halves, choice(FLOATS)))
        case("round", [a], np.round(a.array))


def reductions():
    loose = {"sum", "mean", "prod", "var"}
    for fn in ("sum", "mean", "prod", "max", "min", "any", "all", "var"):
        for _ in range(6):
            dt = choice(ALL)
            a = given(dt, some_shape(), special=fn not in loose)
            if 0 in a.array.shape and fn in ("max", "min"):
                continue
            axes = [int(x) for x in range(a.array.ndim) if rng.random() < 0.5]
            axes = [x - a.array.ndim if rng.random() < 0.3 else x for x in axes]
            keep = bool(rng.integers(2))
            everything = rng.random() < 0.3
            x = a.array.astype("int64") if dt == "bool" and fn in ("var",) else a.array
            if fn == "var" and dt in ("int64", "uint64"):
                x = x.astype("float64")
            out = getattr(np, fn)(x, axis=None if everything else tuple(axes), keepdims=keep)
            if fn == "var" and dt == "float16":
                out = np.var(x.astype("float64"), axis=None if everything else tuple(axes), keepdims=keep).astype("float16")
            case(fn, [a], out, 64 if fn in loose else 0, axes=None if everything else axes, keep=keep)
    for fn, f in {"argmax": np.argmax, "argmin": np.argmin}.items():
        for _ in range(4):
            a = given(choice(ALL), [int(n) for n in rng.integers(1, 5, rng.integers(1, 4))])
            axis = int(rng.integers(-a.array.ndim, a.array.ndim))
            case(fn, [a], f(a.array, axis), axis=axis)
    for _ in range(4):
        a = given(choice(NUMBERS), some_shape(1), special=False)
        axis = int(rng.integers(-a.array.ndim, a.array.ndim))
        x = a.array.astype("float64") if a.array.dtype.kind == "f" else a.array
        out = np.cumsum(x, axis)
        case("cumsum", [a], out.astype(a.array.dtype) if x.dtype.kind == "f" else out, 64, axis=axis)


def products():
    for _ in range(10):
        m, k, n = (int(v) for v in rng.integers(1, 5, 3))
        batch = some_shape(0, 2)
        sa = [1 if rng.random() < 0.3 else v for v in batch] + [m, k]
        sb = (batch if rng.random() < 0.7 else batch[1:]) + [k, n]
        if rng.random() < 0.15:
            sa = [k]
        if rng.random() < 0.15:
            sb = [k]
        a, b = given(choice(NUMBERS), sa, False), given(choice(NUMBERS), sb, False)
        dt = np.result_type(a.array, b.array)
        wide = "float64" if dt.kind == "f" else dt
        case("matmul", [a, b], np.matmul(a.array.astype(wide), b.array.astype(wide)).astype(dt), 512 if dt == "float64" else 4)


def moves():
    for _ in range(4):
        shape = some_shape(1)
        axis = int(rng.integers(-len(shape), len(shape)))
        parts = []
        for _ in range(rng.integers(1, 4)):
            s = list(shape)
            s[axis] = int(rng.integers(0, 4))
            parts.append(given(choice(NUMBERS), s))
        case("concat", parts, np.concatenate([p.array for p in parts], axis), axis=axis)
        same = [given("int32", shape) for _ in range(2)]
        case("stack", same, np.stack([p.array for p in same], axis), axis=axis)

        a = given(choice(ALL), [int(n) for n in rng.integers(1, 4, 3)])
        axis = int(rng.integers(-3, 3))
        n = a.array.shape[axis]
        idx = Input(rng.integers(-n, n, some_shape(0, 2)).astype(choice(["int32", "int64"])))
        case("gather", [a, idx], np.take(a.array, idx.array, axis), axis=axis)
        s = list(a.array.shape)
        s[axis] = int(rng.integers(1, 4))
        idx = Input(rng.integers(-n, n, s))
        case("gather_elements", [a, idx], np.take_along_axis(a.array, idx.array, axis), axis=axis)

        pads = [[int(x) for x in rng.integers(0, 3, 2)] for _ in range(3)]
        mode = choice(["constant", "reflect", "edge", "wrap"])
        case("pad", [a], np.pad(a.array, pads, mode), pads=pads, mode=mode)
        reps = [int(x) for x in rng.integers(0, 3, 3)]
        case("tile", [a], np.tile(a.array, reps), reps=reps)
        count = int(rng.integers(0, 3))
        case("repeat", [a], np.repeat(a.array, count, axis), axis=axis, count=count)
        case("flip", [a], np.flip(a.array, axis), axis=axis)
        k = int(rng.integers(-3, 4))
        case("triu", [a], np.triu(a.array, k), k=k)
        case("tril", [a], np.tril(a.array, k), k=k)
        x, y = given(choice(NUMBERS), [3]), given(choice(NUMBERS), [2, 1])
        c = Input(array("bool", [2, 3]))
        case("where", [c, x, y], np.where(c.array, x.array, y.array))
        reshaped = a.array.reshape(-1, a.array.shape[1])
        case("reshape", [a], reshaped, shape=[-1, a.array.shape[1]])
    for k in (-2, 0, 1):
        v, m = given("float32", [3]), given("int16", [3, 4])
        case("diag", [v], np.diag(v.array, k), k=k)
        case("diag", [m], np.diag(m.array, k), k=k)
    for args in ((0, 1, 0.1), (5, -2, -0.7), (0, 0, 1), (-1, 2.5, 0.5)):
        case("arange", [], np.arange(*args, dtype="float64"), args=args)
        args = (args[0], args[1], float(np.float32(args[2])))
        case("arange32", [], np.arange(*args, dtype="float32"), args=args)
    for args in ((0, 1, 7), (3, -3, 4), (2, 5, 1), (0, 1, 0)):
        case("linspace", [], np.linspace(*args), args=args)


def orders():
    for _ in range(6):
        a = given(choice(ALL), [int(n) for n in rng.integers(1, 6, rng.integers(1, 4))])
        axis = int(rng.integers(-a.array.ndim, a.array.ndim))
        case("sort", [a], np.sort(a.array, axis, kind="stable"), axis=axis, descending=False)
        case("sort", [a], np.flip(np.sort(a.array, axis), axis), axis=axis, descending=True)
        case("argsort", [a], np.argsort(a.array, axis, kind="stable"), axis=axis, descending=False)
        k = int(rng.integers(0, a.array.shape[axis] + 1))
        first = np.arange(k)
        case("topk", [a], [np.sort(a.array, axis, kind="stable").take(first, axis),
                           np.argsort(a.array, axis, kind="stable").take(first, axis)],
             axis=axis, k=k, largest=False)
        case("unique", [a], np.unique(a.array.ravel(), True, True, True))
    words = Input(np.array(["b", "a", "", "b", "é"]))
    case("unique", [words], np.unique(words.array, True, True, True))


def linear():
    for dt in ("float64", "float32"):
        a, b = given(dt, [2, 3, 3], False), given(dt, [2, 3, 2], False)
        tol = 1e4
        case("solve", [a, b], np.linalg.solve(a.array, b.array), tol)
        case("inv", [a], np.linalg.inv(a.array), tol)
        case("det", [a], np.linalg.det(a.array), tol)
        p = Input(a.array @ a.array.swapaxes(-1, -2) + 9 * np.eye(3, dtype=dt))
        case("cholesky", [p], np.linalg.cholesky(p.array), tol)


def casts():
    for to in ALL:
        for _ in range(3):
            a = given(choice(ALL), some_shape(), special=False)
            x = a.array
            if x.dtype.kind == "f" and np.dtype(to).kind in "iu":
                lo, hi = np.iinfo(to).min, np.iinfo(to).max
                x = np.trunc(np.clip(x.astype("float64"), lo, hi))
            case("cast", [a], x.astype(to), to=to)
    exact = Input(rng.normal(0, 1, 24) * 10.0 ** rng.integers(-9, 6, 24))
    for to in ("float16", "float32"):
        case("cast", [exact], exact.array.astype(to), to=to)
    for dt in FLOATS:
        a = Input((rng.normal(0, 1, 6) * 10.0 ** rng.integers(-9, 22, 6)).astype(dt))
        case("cast", [a], np.array([str(v) for v in a.array]), to="string")


def text(a, ramp=None):
    c = {"fn": "print", "text": str(a), "in": []}
    if ramp is None:
        c["in"] = [dump(a)]
    else:
        c["attrs"] = {"ramp": ramp, "d": a.dtype.name, "shape": list(a.shape)}
    cases.append(c)


def prints():
    for dt in FLOATS:
        for scale in (1, 1e-3, 100, 1e5):
            text(np.round(rng.normal(0, scale, some_shape(1)), 3).astype(dt))
        text(np.array([1, np.nan, -np.inf, np.inf], dt))
        text(np.array([[0, -0.0], [1e-5, 2]], dt))
        text(np.array([np.nan, np.nan], dt))
        text(np.array(rng.normal() * 10.0 ** rng.integers(-6, 6), dt))
        text((rng.normal(0, 1, 5) * 10.0 ** rng.integers(-3, 3, 5)).astype(dt))
    text(rng.normal(0, 1, (2, 9)).astype("float32"))
    text(rng.normal(0, 1, 4) * 1e100)
    for dt in ("int8", "int64", "uint64", "bool"):
        text(array(dt, (2, 3, 4)))
        text(array(dt, ()))
        text(array(dt, (0, 3)))
    text(np.array(["a", "it's", "new\nline", 'both \' and "', "é\x01", "back\\slash"]))
    text(np.array("plain"))
    for dt, shape in (("int32", (1200,)), ("float64", (40, 40)), ("int64", (3, 500)), ("float32", (7, 8, 30)), ("int16", (1001, 1))):
        text((np.arange(np.prod(shape)) / (8 if dt[0] == "f" else 1)).astype(dt).reshape(shape), 8 if dt[0] == "f" else 1)


def files():
    def save(a, version=None):
        b = io.BytesIO()
        if version:
            np.lib.format.write_array(b, a, version)
        else:
            np.save(b, a)
        return base64.b64encode(b.getvalue()).decode()

    for dt in ALL:
        a = array(dt, some_shape(), special=False)
        cases.append({"fn": "npy", "in": [dump(a)], "file": save(a), "attrs": {"canonical": True}})
    a = np.arange(6).reshape(2, 3)
    words = np.array([["a", "longer é"], ["", "𝄞"]])
    cases.append({"fn": "npy", "in": [dump(words)], "file": save(words), "attrs": {"canonical": True}})
    for v in (np.asfortranarray(a.astype("f4")), a.astype(">i4"), a.astype(">f2"), words.astype(">U8"),
              np.asfortranarray(words)):
        cases.append({"fn": "npy", "in": [dump(v)], "file": save(v), "attrs": {"canonical": False}})
    for version in ((2, 0), (3, 0)):
        cases.append({"fn": "npy", "in": [dump(a)], "file": save(a, version), "attrs": {"canonical": False}})
    s = np.array([b"ab", b"c"])
    cases.append({"fn": "npy", "in": [dump(np.array(["ab", "c"]))], "file": save(s), "attrs": {"canonical": False}})
    for write in (np.savez, np.savez_compressed):
        b = io.BytesIO()
        write(b, x=a, y=words)
        cases.append({"fn": "npz", "in": [dump(a), dump(words)], "file": base64.b64encode(b.getvalue()).decode(),
                      "attrs": {"names": ["x", "y"]}})


def promotion():
    table = [[a, b, np.promote_types(a, b).name] for a in ALL for b in ALL]
    cases.append({"fn": "promote", "in": [], "attrs": {"table": table}})


for group in (promotion, binary, unary, reductions, products, moves, orders, linear, casts, prints, files):
    group()
print("[")
print(",\n".join(json.dumps(c, separators=(",", ":"), ensure_ascii=False) for c in cases))
print("]")
