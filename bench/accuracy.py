#!/usr/bin/env python3
"""Test accuracy of Ember and PyTorch on MNIST after equal epochs, over several seeds.

Both train the same nets (mlp 784-128-10; lenet 20-50-500 with dropout 0.5 and an L2
penalty of 1e-4 on the layer of 500 units) with Adam 0.001 and batches of 64 on the same
files; PyTorch keeps its own default initialization. Prints a Markdown table
(docs/accuracy.md) and, with --json FILE, every single result.

    make build && .cache/venv/bin/python bench/accuracy.py --seeds 5
"""

import argparse
import gzip
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch
from torch import nn


def idx(path):
    """Reads an IDX file of bytes, gzipped or not."""
    data = open(path, "rb").read()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    rank = data[3]
    shape = np.frombuffer(data, ">i4", rank, 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)


def mnist(folder):
    """Finds the four files of MNIST under a folder, as tensors."""
    found = {}
    for root, _, names in os.walk(folder):
        for name in names:
            for part in ("train", "t10k"):
                for kind in ("images-idx3", "labels-idx1"):
                    if name.startswith(f"{part}-{kind}"):
                        found[part, kind] = os.path.join(root, name)
    if len(found) < 4:
        sys.exit(f"accuracy.py: no MNIST under {folder}; run `ember data mnist` first")
    for part in ("train", "t10k"):
        x = torch.from_numpy(idx(found[part, "images-idx3"]).astype(np.float32) / 255).unsqueeze(1)
        y = torch.from_numpy(idx(found[part, "labels-idx1"]).astype(np.int64))
        yield x, y


def build(name):
    """The net of the built-in name, as a PyTorch user would write it."""
    if name == "mlp":
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    return nn.Sequential(
        nn.Conv2d(1, 20, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(20, 50, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(800, 500), nn.ReLU(), nn.Dropout(0.5), nn.Linear(500, 10),
    )


def train_torch(name, seed, epochs, train, test):
    """Trains with PyTorch; returns test accuracy and seconds of training."""
    torch.manual_seed(seed)
    net = build(name)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.001)
    decayed = [m.weight for m in net.modules() if isinstance(m, nn.Linear) and m.out_features == 500]
    x, y = train
    begin = time.perf_counter()
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(net(x[rows]), y[rows])
            for w in decayed:
                loss = loss + 1e-4 * (w * w).sum()
            loss.backward()
            optimizer.step()
    seconds = time.perf_counter() - begin
    net.eval()
    with torch.no_grad():
        x, y = test
        hits = sum((net(a).argmax(1) == b).sum().item() for a, b in zip(x.split(1000), y.split(1000)))
    return hits / len(y), seconds


def train_ember(binary, name, seed, epochs, threads):
    """Trains with Ember; returns test accuracy and seconds of training."""
    with tempfile.TemporaryDirectory() as folder:
        out = subprocess.run(
            [binary, "train", name, "--data", "mnist", "--epochs", str(epochs), "--batch", "64",
             "--seed", str(seed), "--threads", str(threads), "--json", "--set", "optimizer.adam.lr=0.001",
             "--set", "schedule=constant",
             "--out", os.path.join(folder, "m.onnx")],
            check=True, capture_output=True, text=True).stdout
    events = [json.loads(line) for line in out.splitlines()]
    accuracy = next(e["metrics"]["accuracy"] for e in events if e["event"] == "test")
    return accuracy, sum(e["seconds"] for e in events if e["event"] == "epoch")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--ember", default="./ember", help="the binary")
    p.add_argument("--data", default=os.environ.get("EMBER_DATA") or os.path.expanduser("~/.cache/ember"))
    p.add_argument("--seeds", type=int, default=5)
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("--mlp-epochs", type=int, default=3)
    p.add_argument("--lenet-epochs", type=int, default=3)
    p.add_argument("--nets", nargs="+", default=["mlp", "lenet"], choices=["mlp", "lenet"])
    p.add_argument("--json", help="file for every single result")
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    train, test = mnist(a.data)
    results = []
    for name in a.nets:
        epochs = {"mlp": a.mlp_epochs, "lenet": a.lenet_epochs}[name]
        for seed in range(1, a.seeds + 1):
            ember = train_ember(a.ember, name, seed, epochs, a.threads)
            peer = train_torch(name, seed, epochs, train, test)
            results.append({"net": name, "epochs": epochs, "seed": seed, "ember": ember, "torch": peer})
            print(f"{name} seed {seed}: Ember {ember[0]:.4f}, PyTorch {peer[0]:.4f}", file=sys.stderr)
    print("| net | epochs | Ember, mean ± sd | PyTorch, mean ± sd | difference ± its standard error | PyTorch seconds / Ember seconds |")
    print("|---|---|---|---|---|---|")
    for name in a.nets:
        rows = [r for r in results if r["net"] == name]
        ours, theirs = ([100 * r[k][0] for r in rows] for k in ("ember", "torch"))
        speed = statistics.median(r["torch"][1] / r["ember"][1] for r in rows)
        sd = [statistics.stdev(v) if len(v) > 1 else math.nan for v in (ours, theirs)]
        error = math.sqrt((sd[0] ** 2 + sd[1] ** 2) / len(rows))
        print(f"| {name} | {rows[0]['epochs']} | {statistics.mean(ours):.2f} ± {sd[0]:.2f} % | "
              f"{statistics.mean(theirs):.2f} ± {sd[1]:.2f} % | "
              f"{statistics.mean(ours) - statistics.mean(theirs):+.2f} ± {error:.2f} | {speed:.2f} |")
    if a.json:
        json.dump(results, open(a.json, "w"), indent=1)


if __name__ == "__main__":
    main()
