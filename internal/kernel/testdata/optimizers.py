"""Writes optimizers.json: parameters after five steps of torch.optim on 0.5*|p|^2 from (1, -2).

    .cache/venv/bin/python internal/kernel/testdata/optimizers.py > internal/kernel/testdata/optimizers.json
"""

import json

import torch

CASES = {
    "sgd": lambda p: torch.optim.SGD([p], lr=0.1),
    "sgd decay": lambda p: torch.optim.SGD([p], lr=0.1, weight_decay=0.05),
    "momentum": lambda p: torch.optim.SGD([p], lr=0.1, momentum=0.9, dampening=0.1),
    "nesterov": lambda p: torch.optim.SGD([p], lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    "adam": lambda p: torch.optim.Adam([p], lr=0.1, betas=(0.9, 0.999), weight_decay=0.02),
    "adamw": lambda p: torch.optim.AdamW([p], lr=0.1, betas=(0.8, 0.99), weight_decay=0.02),
    "rmsprop": lambda p: torch.optim.RMSprop([p], lr=0.01, weight_decay=0.1),
    "rmsprop centered": lambda p: torch.optim.RMSprop([p], lr=0.01, alpha=0.9, momentum=0.5, centered=True),
}

out = {}
for name, make in CASES.items():
    p = torch.tensor([1.0, -2.0], dtype=torch.float64)
    optimizer = make(p)
    for _ in range(5):
        p.grad = p.clone()
        optimizer.step()
    out[name] = p.tolist()
print(json.dumps({"torch": torch.__version__, "parameters": out}, indent=1))
