"""Writes what a BERT of one layer with a classifier makes of a text of two segments.

    .cache/venv/bin/python nn/zoo/testdata/bert_segments.py > nn/zoo/testdata/bert_segments.json

Made with PyTorch 2.15: the parts of Hugging Face's BertForSequenceClassification, with its names, from PyTorch's
functions. Weights are `parameter` of golden.py.
"""

import json
import pathlib
import sys

import torch
from torch.nn import functional as F

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "testdata"))
from golden import numbers, parameter  # noqa: E402

SIZE, HEADS, HIDDEN = 32, 4, 64
TOKENS, SEGMENTS = torch.tensor([[7, 3, 9, 0], [2, 8, 4, 6]]), torch.tensor([[0, 0, 1, 0], [0, 1, 1, 1]])


def linear(name, x, units):
    return F.linear(x, parameter(name + ".weight", (units, x.shape[-1])), parameter(name + ".bias", (units,)))


def norm(name, x):
    return F.layer_norm(x, (SIZE,), parameter(name + ".weight", (SIZE,)), parameter(name + ".bias", (SIZE,)), 1e-12)


def main():
    table = lambda name, n: parameter(f"bert.embeddings.{name}_embeddings.weight", (n, SIZE))
    x = table("word", 50)[TOKENS] + table("position", 16)[: TOKENS.shape[1]] + table("token_type", 2)[SEGMENTS]
    x = norm("bert.embeddings.LayerNorm", x)
    layer = "bert.encoder.layer.0."
    q, k, v = (linear(f"{layer}attention.self.{part}", x, SIZE).unflatten(2, (HEADS, -1)).transpose(1, 2) for part in ("query", "key", "value"))
    y = F.scaled_dot_product_attention(q, k, v, attn_mask=(TOKENS != 0)[:, None, None]).transpose(1, 2).flatten(2)
    x = norm(layer + "attention.output.LayerNorm", x + linear(layer + "attention.output.dense", y, SIZE))
    y = linear(layer + "output.dense", F.gelu(linear(layer + "intermediate.dense", x, HIDDEN)), SIZE)
    x = norm(layer + "output.LayerNorm", x + y)
    pooled = torch.tanh(linear("bert.pooler.dense", x[:, 0], SIZE))
    ids = torch.stack([TOKENS, SEGMENTS], 1)
    print(json.dumps({"ids": ids.reshape(-1).tolist(), "output": numbers(linear("classifier", pooled, 3))}))


if __name__ == "__main__":
    main()
