"""Writes what Hugging Face's BertModel computes with a small configuration.

    python nn/zoo/testdata/bert.py > nn/zoo/testdata/bert.json

Made with transformers 4.46.3 and PyTorch 2.15, in an environment that has both. Weights and token numbers are
not stored: both sides compute them with `parameter` of golden.py and a formula.
"""

import json
import math
import pathlib
import sys

import torch
from transformers import BertConfig, BertModel

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "testdata"))
from golden import noise, numbers, parameter  # noqa: E402

config = BertConfig(vocab_size=50, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64, max_position_embeddings=16,
                    hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, attn_implementation="eager")
model = BertModel(config)
with torch.no_grad():
    for name, p in model.named_parameters():
        p.copy_(parameter(name, p.shape))
ids = torch.remainder(torch.arange(2 * 9) * 7 + 3, 50).reshape(2, 9)
ids[1, 5:] = 0  # padding
y = model(ids, attention_mask=(ids != 0).long())
(noise("cotangent", y.pooler_output.shape) * y.pooler_output).sum().backward()
grads = {k: {"norm": float(p.grad.norm()), "max": float(p.grad.abs().max()), "some": numbers(p.grad.reshape(-1)[:: max(1, p.numel() // 8)])}
         for k, p in model.named_parameters()}
print(json.dumps({"ids": ids.reshape(-1).tolist(), "hidden": numbers(y.last_hidden_state), "pooled": numbers(y.pooler_output), "grads": grads}))
