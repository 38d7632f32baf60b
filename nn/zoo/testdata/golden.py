"""Writes what PyTorch computes for Ember's built-in nets.

    .cache/venv/bin/python nn/zoo/testdata/golden.py > nn/zoo/testdata/golden.json

Made with PyTorch 2.15. Inputs and parameters are computed by both sides with `noise` of nn/testdata/golden.py.
A case holds the output, the loss of each sample, and of the gradient of each parameter its norm and a few
elements at equal distances. ResNet-18 is written out here with torchvision's structure and names.
"""

import json
import sys
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parents[2] / "testdata"))
from golden import fill, noise, numbers  # noqa: E402


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense_1, self.dense_2 = nn.Linear(784, 128), nn.Linear(128, 10)

    def forward(self, x):
        return self.dense_2(F.relu(self.dense_1(x.flatten(1))))


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv2d_1, self.conv2d_2 = nn.Conv2d(1, 20, 5), nn.Conv2d(20, 50, 5)
        self.dense_1, self.dense_2 = nn.Linear(800, 500), nn.Linear(500, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv2d_1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2d_2(x)), 2)
        return self.dense_2(F.relu(self.dense_1(x.flatten(1))))


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        sizes = [784, 256, 64, 256, 784]
        for i in range(4):
            self.add_module(f"dense_{i + 1}", nn.Linear(sizes[i], sizes[i + 1]))

    def forward(self, x):
        h = x.flatten(1)
        for i in (1, 2, 3):
            h = F.relu(self.get_submodule(f"dense_{i}")(h))
        return self.dense_4(h).reshape(x.shape)


class Block(nn.Module):
    def __init__(self, channels, filters, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, filters, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(filters)
        self.downsample = None
        if stride != 1 or channels != filters:
            self.downsample = nn.Sequential(nn.Conv2d(channels, filters, 1, stride, bias=False), nn.BatchNorm2d(filters))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet18(nn.Module):
    def __init__(self, small):
        super().__init__()
        self.small = small
        self.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False) if small else nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        channels = 64
        for i, filters in enumerate((64, 128, 256, 512)):
            blocks = [Block(channels, filters, 1 if i == 0 else 2), Block(filters, filters, 1)]
            self.add_module(f"layer{i + 1}", nn.Sequential(*blocks))
            channels = filters
        self.fc = nn.Linear(512, 10)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        if not self.small:
            x = F.max_pool2d(x, 3, 2, 1)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean((2, 3)))


def run(name, module, shape, train=False, gradients=True):
    module.train(train)
    with torch.no_grad():
        fill(module, lambda key: key)
    x = noise("input", shape)
    y = module(x)
    if name == "autoencoder":
        each = ((y - x) ** 2).flatten(1).mean(1)
    else:
        each = F.cross_entropy(y, torch.arange(shape[0]) * 3 % 10, reduction="none")
    case = {"name": name, "shape": list(shape), "train": train, "output": numbers(y), "loss": numbers(each), "grads": {}}
    if name == "autoencoder":
        case["output"] = numbers(y.flatten()[::49])
    if gradients:
        each.sum().backward()
        for key, p in module.named_parameters():
            g = p.grad.flatten()
            case["grads"][key] = {"norm": float(f"{g.double().norm():.8g}"), "max": float(f"{g.abs().max():.8g}"), "some": numbers(g[:: max(1, len(g) // 8)])}
    return case


def torchvision_cases():
    """What torchvision's own nets compute; the argument "torchvision" asks for them."""
    import names
    import torchvision

    for net in names.NETS:
        yield run(net, getattr(torchvision.models, net)(num_classes=10), (1, 3, 64, 64), gradients=False)


if __name__ == "__main__":
    cases = list(torchvision_cases()) if sys.argv[1:] == ["torchvision"] else [
        run("mlp", MLP(), (3, 1, 28, 28)),
        run("lenet", LeNet(), (3, 1, 28, 28)),
        run("autoencoder", Autoencoder(), (3, 1, 28, 28)),
        run("resnet18", ResNet18(small=True), (4, 3, 16, 16), train=True),
        run("resnet18", ResNet18(small=False), (1, 3, 64, 64), gradients=False),
    ]
    print("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]")
