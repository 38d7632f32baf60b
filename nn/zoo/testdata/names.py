"""Writes the names and shapes of the parameters of torchvision's nets.

    .cache/venv/bin/python nn/zoo/testdata/names.py > nn/zoo/testdata/torchvision.txt

Made with torchvision 0.29.2: for each net with 1000 classes a line with its name and the SHA-256 of the lines
that follow, sorted, one for each tensor of its state but num_batches_tracked.
"""

import hashlib

import torch
import torchvision

NETS = ["vgg11", "vgg11_bn", "vgg16", "vgg16_bn", "resnet18", "resnet34", "resnet50", "mobilenet_v2"]


def names():
    for net in NETS:
        with torch.device("meta"):
            state = getattr(torchvision.models, net)().state_dict()
        lines = sorted(f"{k} {list(v.shape)}" for k, v in state.items() if not k.endswith("num_batches_tracked"))
        text = "".join(line + "\n" for line in lines)
        print(net, hashlib.sha256(text.encode()).hexdigest())
        print(text, end="")


if __name__ == "__main__":
    names()
