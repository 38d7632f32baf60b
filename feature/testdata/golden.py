"""Writes golden.json: what Pillow 13.0, scikit-learn 1.9 and NumPy give (run in .cache/venv)."""

import json
import pathlib
import sys

import numpy as np
from PIL import Image
from sklearn.datasets import load_iris
from sklearn.preprocessing import MinMaxScaler, StandardScaler


def picture(h, w, c):
    """The picture that the Go test makes too."""
    i = np.arange(h * w * c, dtype=np.uint32)
    return ((i * 2654435761 >> 13) % 256 if c == 1 else (i * i * 31 + i * 7) % 251).astype(np.uint8).reshape(h, w, c)


resize = []
for h, w, c, height, width in [
    (12, 17, 3, 5, 7), (12, 17, 3, 24, 34), (12, 17, 1, 12, 5), (9, 9, 1, 30, 4), (40, 30, 3, 3, 2), (1, 1, 3, 2, 3), (28, 28, 1, 8, 8),
]:
    x = picture(h, w, c)
    image = Image.fromarray(x[..., 0] if c == 1 else x)
    out = np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))
    resize.append({"h": h, "w": w, "c": c, "height": height, "width": width, "out": out.tobytes().hex()})

x = load_iris().data
golden = {
    "resize": resize,
    "standardize": StandardScaler().fit_transform(x)[::10].ravel().tolist(),
    "min_max": MinMaxScaler().fit_transform(x)[::10].ravel().tolist(),
}
out = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).with_name("golden.json")
out.write_text(json.dumps(golden))
