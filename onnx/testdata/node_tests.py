"""Writes the tests of the onnx package as files: of single nodes, and small models
that PyTorch once wrote.

    python node_tests.py OUT

Each test becomes OUT/<name>/ with model.onnx and, for its data set i,
<i>/input_<k>.pb and <i>/output_<k>.pb (TensorProto messages; .seq and .opt for
values that are no tensors). OUT/tolerance.json holds each test's rtol and atol.
"""

import json
import pathlib
import shutil
import sys
import warnings

import numpy
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases


def write(value, path):
    if isinstance(value, onnx.TensorProto):
        path.with_suffix(".pb").write_bytes(value.SerializeToString())
    elif isinstance(value, (list, onnx.SequenceProto)):
        path.with_suffix(".seq").touch()
    elif value is None or isinstance(value, onnx.OptionalProto):
        path.with_suffix(".opt").touch()
    else:
        tensor = numpy_helper.from_array(numpy.asarray(value))
        path.with_suffix(".pb").write_bytes(tensor.SerializeToString())


def copy_files(out):
    data = pathlib.Path(onnx.__file__).parent / "backend" / "test" / "data"
    for kind in ["simple", "pytorch-operator", "pytorch-converted"]:
        for model in sorted((data / kind).glob("*/model.onnx")):
            folder = out / f"{kind}_{model.parent.name}"
            folder.mkdir(parents=True)
            shutil.copy(model, folder)
            for i, values in enumerate(sorted(model.parent.glob("test_data_set_*"))):
                shutil.copytree(values, folder / str(i))


def main(out):
    tolerance = {}
    for case in collect_testcases(None):
        if case.model is None or case.data_sets is None:
            continue
        folder = out / case.name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model.onnx").write_bytes(case.model.SerializeToString())
        for i, (inputs, outputs) in enumerate(case.data_sets):
            (folder / str(i)).mkdir(exist_ok=True)
            for k, value in enumerate(inputs):
                write(value, folder / str(i) / f"input_{k}")
            for k, value in enumerate(outputs):
                write(value, folder / str(i) / f"output_{k}")
        tolerance[case.name] = [case.rtol, case.atol]
    (out / "tolerance.json").write_text(json.dumps(tolerance))


warnings.simplefilter("ignore")
main(pathlib.Path(sys.argv[1]))
copy_files(pathlib.Path(sys.argv[1]))
