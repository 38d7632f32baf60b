"""The line protocol between bench/engine and a peer, and the numbers that all of them compute with.

The bench writes one JSON object a line to standard input and reads one from standard output:

    {"do": "prepare", "work": {"kind": "train", "net": "lenet", "batch": 64}}  ->  {"check": [2.3, 2.2, 2.1]}
    {"do": "run", "iterations": 100}                                          ->  {"seconds": 0.31, "cpu": 0.31}
    {"do": "memory", "work": …}                                               ->  {"peak": 12345678}
    {"do": "release"}                                                         ->  {}

check holds a few results, by which the bench sees that all do the same work. A work that a peer does not
know gives {"skip": "why"}; a mistake gives {"error": "what"}.
"""

import gc
import json
import math
import os
import sys
import time
import traceback
import zlib

import numpy as np


class Skip(Exception):
    """A work that this peer has no counterpart of."""


def noise(name, shape, scale=1.0, shift=0.0):
    """Numbers in shift ± scale that depend on name and position alone: those of nn/testdata/golden.py."""
    n = math.prod(shape)
    unit = np.empty(n, np.float32)
    seed, modulus, block = np.uint64(zlib.crc32(name.encode())), np.uint64(1 << 32), 1 << 20
    for at in range(0, n, block):  # in pieces, lest it sets the peak of memory
        h = (np.arange(at, min(at + block, n), dtype=np.uint64) * np.uint64(2654435761) + seed) % modulus
        h = (h ^ (h >> np.uint64(15))) * np.uint64(2246822519) % modulus
        unit[at : at + block] = (h >> np.uint64(8)).astype(np.float64) / (1 << 23) - 1
    unit *= np.float32(scale)
    if shift:
        unit += np.float32(shift)
    return unit.reshape(shape)


def parameter(name, shape):
    """The value of a parameter of that name, by PyTorch's names and layouts."""
    kind = name.rsplit(".", 1)[-1]
    if kind == "running_var" or (kind == "weight" and len(shape) == 1):
        return noise(name, shape, 0.25, 1)
    if len(shape) == 1:
        return noise(name, shape, 0.25)
    return noise(name, shape, math.sqrt(3 / max(1, math.prod(shape[1:]))))


def samples(work):
    """Inputs [batch, …] of a net: numbers, or tokens where the work has a vocabulary."""
    shape = [work["batch"], *work["input"]]
    if vocabulary := work.get("vocabulary"):
        return (np.arange(math.prod(shape), dtype=np.int64) * 7 + 3).reshape(shape) % vocabulary
    return noise("input", shape)


def classes(work):
    """The target class of each sample."""
    return np.arange(work["batch"], dtype=np.int64) * 3 % work["classes"]


def some(array):
    """A few elements of a result, at equal distances."""
    flat = np.asarray(array, np.float32).reshape(-1)
    return [float(v) for v in flat[:: max(1, len(flat) // 8)][:8]]


def resident(key):
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) << 10 for line in f if line.startswith(key))


def serve(prepare, start=lambda work: None):
    """Answers until the end of the input. prepare(work, data) returns run(iterations) and the check; start(work)
    makes the data, before memory is measured."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a framework prints must not get among the answers
    run = None

    def prepared(work, data):
        nonlocal run
        run = None
        gc.collect()
        run, check = prepare(work, data)
        return check

    def timed(n):
        wall, cpu = time.perf_counter(), time.process_time()
        run(n)
        return {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu}

    def memory(work):
        data = start(work)
        gc.collect()
        with open("/proc/self/clear_refs", "w") as f:
            f.write("5")  # the peak begins anew
        before = resident("VmRSS")
        prepared(work, data)
        run(3)
        return {"peak": resident("VmHWM") - before}

    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["do"] == "prepare":
                answer = {"check": prepared(request["work"], start(request["work"]))}
            elif request["do"] == "run":
                answer = timed(request["iterations"])
            elif request["do"] == "memory":
                answer = memory(request["work"])
            else:
                run, answer = None, {}
                gc.collect()
        except Skip as why:
            answer = {"skip": str(why)}
        except Exception as mistake:
            traceback.print_exc()
            answer = {"error": f"{type(mistake).__name__}: {mistake}"[:300]}
        print(json.dumps(answer), file=answers)
