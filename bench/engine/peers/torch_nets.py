"""The nets of the bench in PyTorch, with Ember's names of parameters. Those of torchvision's structure are those
of nn/zoo/testdata/golden.py."""

import importlib.util
from pathlib import Path

import torch
import torchvision
from torch import nn
from torch.nn import functional as F

from serve import Skip

spec = importlib.util.spec_from_file_location("zoo", Path(__file__).parents[3] / "nn/zoo/testdata/golden.py")
zoo = importlib.util.module_from_spec(spec)
spec.loader.exec_module(zoo)
torch.use_deterministic_algorithms(False)


class Dense(nn.Module):
    """Dense layers with relu between them."""

    def __init__(self, *sizes):
        super().__init__()
        self.names = [f"dense_{i + 1}" for i in range(len(sizes) - 1)]
        for name, a, b in zip(self.names, sizes, sizes[1:]):
            self.add_module(name, nn.Linear(a, b))

    def forward(self, x):
        for name in self.names[:-1]:
            x = F.relu(self.get_submodule(name)(x))
        return self.get_submodule(self.names[-1])(x)


class Recurrent(nn.Module):
    """A recurrent layer over the whole sequence and a classifier of its last step."""

    def __init__(self, kind, inputs, units, outputs):
        super().__init__()
        self.name = f"{kind.__name__.lower()}_1"
        self.add_module(self.name, kind(inputs, units, batch_first=True))
        self.dense_1 = nn.Linear(units, outputs)

    def forward(self, x):
        y, _ = self.get_submodule(self.name)(x)
        return self.dense_1(y[:, -1])


class Encoder(nn.Module):
    """Two blocks of a transformer's encoder and a classifier of all steps."""

    def __init__(self, steps, size, outputs):
        super().__init__()
        for i in (1, 2):
            block = nn.TransformerEncoderLayer(size, 4, 1024, dropout=0.0, batch_first=True)
            self.add_module(f"transformer_encoder_{i}", block)
        self.dense_1 = nn.Linear(steps * size, outputs)

    def forward(self, x):
        return self.dense_1(self.transformer_encoder_2(self.transformer_encoder_1(x)).flatten(1))


# Each net by name, for the shape of a sample and the number of outputs.
NETS = {
    "mlp": lambda shape, classes: Dense(784, 128, classes),
    "mlp2": lambda shape, classes: Dense(784, 256, 128, classes),
    "lenet": lambda shape, classes: zoo.LeNet(),
    "autoencoder": lambda shape, classes: Dense(784, 256, 64, 256, 784),
    "lstm": lambda shape, classes: Recurrent(nn.LSTM, shape[1], 256, classes),
    "gru": lambda shape, classes: Recurrent(nn.GRU, shape[1], 256, classes),
    "encoder": lambda shape, classes: Encoder(*shape, classes),
    "resnet18": lambda shape, classes: zoo.ResNet18(small=min(shape[1:]) < 64),
}


NETS |= {
    name: lambda shape, classes, name=name: getattr(torchvision.models, name)(num_classes=classes)
    for name in ("vgg11", "resnet50", "mobilenet_v2")
}


def build(work):
    """The net of a work, without dropout, so that losses can be compared."""
    if work["net"] not in NETS:
        raise Skip(f"the bench has no {work['net']} in PyTorch")
    net = NETS[work["net"]](work["input"], work.get("classes"))
    for module in net.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    return net
