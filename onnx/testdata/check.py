"""Checks ONNX models with the onnx package and runs them in ONNX Runtime.

    python check.py CASES

CASES holds a folder a case: model.onnx, input_<k> and output_<k> (what Ember
computed; .pb, a TensorProto message, or .npy), and tolerance.txt with the bound
t of |a - b| <= t * max|b|. Prints a JSON object: the name of each case that
failed, and why.
"""

import json
import pathlib
import sys

import numpy
import onnx
import onnxruntime
from onnx import numpy_helper


def tensors(folder, kind):
    found = []
    while True:
        path = folder / f"{kind}_{len(found)}.npy"
        if path.exists():
            found.append(numpy.load(path))
        elif (path := path.with_suffix(".pb")).exists():
            found.append(numpy_helper.to_array(onnx.TensorProto.FromString(path.read_bytes())))
        else:
            return found


def difference(ours, theirs, tolerance):
    if ours.shape != theirs.shape:
        return f"shape {ours.shape}, ONNX Runtime gives {theirs.shape}"
    if ours.dtype.kind in "OSU" or theirs.dtype.kind in "OSU":
        text = lambda a: [v.decode() if isinstance(v, bytes) else str(v) for v in a.ravel()]
        return None if text(ours) == text(theirs) else f"{text(ours)[:4]}, ONNX Runtime gives {text(theirs)[:4]}"
    if ours.dtype != theirs.dtype:
        return f"type {ours.dtype}, ONNX Runtime gives {theirs.dtype}"
    if ours.size == 0:
        return None
    a, b = ours.astype(numpy.float64), theirs.astype(numpy.float64)
    bound = tolerance * numpy.nanmax(numpy.abs(b))
    if numpy.allclose(a, b, rtol=0, atol=bound, equal_nan=True):
        return None
    return f"off by {numpy.nanmax(numpy.abs(a - b)):.3g}, allowed {bound:.3g}"


def check(folder):
    path = str(folder / "model.onnx")
    onnx.checker.check_model(path, full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    feed = {v.name: t for v, t in zip(session.get_inputs(), tensors(folder, "input"), strict=True)}
    tolerance = float((folder / "tolerance.txt").read_text())
    names = [v.name for v in session.get_outputs()]
    for name, ours, theirs in zip(names, tensors(folder, "output"), session.run(None, feed), strict=True):
        if why := difference(ours, numpy.asarray(theirs), tolerance):
            return f"{name}: {why}"
    return None


failed = {}
for folder in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    try:
        why = check(folder)
    except Exception as e:  # every case is reported, whatever is wrong with it
        why = f"{type(e).__name__}: {e}"
    if why:
        failed[folder.name] = why
print(json.dumps(failed))
