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


def modules(**children):
    """A module of children whose names may have dots, made of modules without a forward of their own."""
    top = nn.Module()
    for name, child in children.items():
        parent = top
        *path, last = name.split(".")
        for part in path:
            if not hasattr(parent, part):
                parent.add_module(part, nn.Module())
            parent = getattr(parent, part)
        parent.add_module(last, child)
    return top


class BERT(nn.Module):
    """Hugging Face's BertForSequenceClassification (bert-base), for texts without padding, whose masks it spares."""

    def __init__(self, outputs, size=768, layers=12):
        super().__init__()
        embeddings = modules(
            word_embeddings=nn.Embedding(30522, size), position_embeddings=nn.Embedding(512, size),
            token_type_embeddings=nn.Embedding(2, size), LayerNorm=nn.LayerNorm(size, 1e-12),
        )  # fmt: skip
        linear = lambda: nn.Linear(size, size)  # noqa: E731
        encoder = modules(layer=nn.ModuleList(modules(**{
            "attention.self.query": linear(), "attention.self.key": linear(), "attention.self.value": linear(),
            "attention.output.dense": linear(), "attention.output.LayerNorm": nn.LayerNorm(size, 1e-12),
            "intermediate.dense": nn.Linear(size, 4 * size),
            "output.dense": nn.Linear(4 * size, size), "output.LayerNorm": nn.LayerNorm(size, 1e-12),
        }) for _ in range(layers)))  # fmt: skip
        self.bert = modules(embeddings=embeddings, encoder=encoder, pooler=modules(dense=linear()))
        self.classifier = nn.Linear(size, outputs)

    def forward(self, ids):
        e = self.bert.embeddings
        positions = e.position_embeddings.weight[: ids.shape[1]]
        x = e.LayerNorm(e.word_embeddings(ids) + positions + e.token_type_embeddings.weight[0])
        split = lambda t: t.unflatten(-1, (-1, 64)).transpose(1, 2)  # noqa: E731
        for block in self.bert.encoder.layer:
            a = block.attention
            q, k, v = (split(f(x)) for f in (a.self.query, a.self.key, a.self.value))
            y = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
            x = a.output.LayerNorm(a.output.dense(y) + x)
            x = block.output.LayerNorm(block.output.dense(F.gelu(block.intermediate.dense(x))) + x)
        return self.classifier(torch.tanh(self.bert.pooler.dense(x[:, 0])))


# Each net by name, for the shape of a sample and the number of outputs.
NETS = {
    "mlp": lambda shape, classes: Dense(784, 128, classes),
    "mlp2": lambda shape, classes: Dense(784, 256, 128, classes),
    "lenet": lambda shape, classes: zoo.LeNet(),
    "autoencoder": lambda shape, classes: Dense(784, 256, 64, 256, 784),
    "lstm": lambda shape, classes: Recurrent(nn.LSTM, shape[1], 256, classes),
    "gru": lambda shape, classes: Recurrent(nn.GRU, shape[1], 256, classes),
    "encoder": lambda shape, classes: Encoder(*shape, classes),
    "bert": lambda shape, classes: BERT(classes),
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
