"""Trains lenet on MNIST for one step with PyTorch, from the files that Ember downloaded."""

import gzip
import os
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

torch.set_num_threads(int(sys.argv[-1]))


def idx(name):
    folder = Path(os.environ.get("EMBER_DATA") or Path.home() / ".cache/ember")
    data = next(folder.rglob(name + "*")).read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    rank = data[3]
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(np.frombuffer(data, ">i4", rank, 4))


x = torch.from_numpy(idx("train-images-idx3").astype(np.float32) / 255).unsqueeze(1)
y = torch.from_numpy(idx("train-labels-idx1").astype(np.int64))
net = nn.Sequential(
    nn.Conv2d(1, 20, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(20, 50, 5), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(800, 500), nn.ReLU(), nn.Dropout(0.5), nn.Linear(500, 10),
)  # fmt: skip
optimizer = torch.optim.Adam(net.parameters())
rows = torch.randperm(len(x))[:64]
nn.functional.cross_entropy(net(x[rows]), y[rows]).backward()
optimizer.step()
