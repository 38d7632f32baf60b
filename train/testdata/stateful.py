"""Writes what PyTorch learns with an LSTM whose state goes from batch to batch.

    .cache/venv/bin/python train/testdata/stateful.py > train/testdata/stateful.json

Made with PyTorch 2.15. Sample i of a batch goes on where sample i of the batch before ended, as with Keras's
stateful=True; each epoch begins with zeros. Samples, targets and first parameters are `noise`, which the test
computes too.
"""

import json
import math
import zlib

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

torch.set_num_threads(1)
BATCH, BATCHES, EPOCHS, STEPS, FEATURES, UNITS = 4, 3, 2, 5, 3, 6


def noise(name, *shape):
    """Numbers in ±1 that depend on name and position alone."""
    h = (np.arange(math.prod(shape), dtype=np.uint64) * np.uint64(2654435761) + np.uint64(zlib.crc32(name.encode()))) % np.uint64(1 << 32)
    h = (h ^ (h >> np.uint64(15))) * np.uint64(2246822519) % np.uint64(1 << 32)
    return torch.from_numpy(((h >> np.uint64(8)).astype(np.float64) / (1 << 23) - 1).astype(np.float32).reshape(shape))


def main():
    lstm, dense = nn.LSTM(FEATURES, UNITS, batch_first=True), nn.Linear(UNITS, 1)
    params = {"lstm_1." + k: p for k, p in lstm.named_parameters()} | {"dense_1." + k: p for k, p in dense.named_parameters()}
    with torch.no_grad():
        for name, p in params.items():
            p.copy_(noise(name, *p.shape))
    first = {k: list(p.shape) for k, p in params.items()}
    x, y = noise("x", BATCH * BATCHES, STEPS, FEATURES), noise("y", BATCH * BATCHES, 1)
    sgd = torch.optim.SGD(params.values(), lr=0.5)
    for _ in range(EPOCHS):
        state, total = None, 0.0
        for at in range(0, len(x), BATCH):
            out, state = lstm(x[at : at + BATCH], state)
            state = tuple(s.detach() for s in state)
            loss = F.mse_loss(dense(out[:, -1]), y[at : at + BATCH])
            sgd.zero_grad()
            loss.backward()
            sgd.step()
            total += loss.item()
    with torch.no_grad():
        state, predictions = None, []
        for at in range(0, len(x), BATCH):
            out, state = lstm(x[at : at + BATCH], state)
            predictions += dense(out[:, -1]).flatten().tolist()
    print(json.dumps({
        "shapes": first, "loss": total / BATCHES, "predictions": predictions,
        "params": {k: p.detach().flatten().tolist() for k, p in params.items()},
    }))


if __name__ == "__main__":
    main()
