"""Writes the embedded data sets from the copies that scikit-learn 1.9 ships."""

import csv
import gzip
import pathlib
import struct

from sklearn.datasets import load_digits, load_iris

HERE = pathlib.Path(__file__).parent


def idx(name, array):
    head = struct.pack(f">HBB{array.ndim}I", 0, 0x08, array.ndim, *array.shape)
    with open(HERE / name, "wb") as f, gzip.GzipFile("", "wb", 9, f, mtime=0) as z:
        z.write(head + array.astype("u1").tobytes())


digits = load_digits()
idx("digits-images-idx3-ubyte.gz", digits.images)
idx("digits-labels-idx1-ubyte.gz", digits.target)

iris = load_iris()
with open(HERE / "iris.csv", "w", newline="") as f:
    w = csv.writer(f, lineterminator="\n")
    w.writerow(["sepal_length", "sepal_width", "petal_length", "petal_width", "species"])
    for x, y in zip(iris.data, iris.target):
        w.writerow([*x, iris.target_names[y]])
