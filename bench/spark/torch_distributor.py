"""PySpark's TorchDistributor: data-parallel PyTorch (gloo) in two barrier tasks."""

import os
import sys
import tempfile
import time

import mnist


def train(net, epochs, folder, marks):
    """Runs in each process. Returns the seconds since the epoch at which training ended, samples and test accuracy."""
    import torch
    from torch import nn

    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo")
    rank, ranks = torch.distributed.get_rank(), torch.distributed.get_world_size()
    torch.manual_seed(1)
    if net == "mlp":
        model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    else:
        model = nn.Sequential(
            nn.Unflatten(1, (1, 28, 28)),
            nn.Conv2d(1, 20, 5), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(20, 50, 5), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(800, 500), nn.ReLU(), nn.Dropout(0.5), nn.Linear(500, 10),
        )
    model = nn.parallel.DistributedDataParallel(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=mnist.RATE)
    x, y = map(torch.from_numpy, mnist.load(folder, "train"))
    share = mnist.BATCH // ranks
    steps = len(x) // mnist.BATCH * epochs
    for step in range(steps):
        at = step % (len(x) // mnist.BATCH)
        if at == 0:
            order = torch.randperm(len(x))  # the same on all: the seed is
        rows = order[at * mnist.BATCH + rank * share:][:share]
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x[rows]), y[rows]).backward()
        optimizer.step()
        if step == 0:
            mnist.mark(marks, rank)
    end = time.time()
    model.eval()
    x, y = map(torch.from_numpy, mnist.load(folder, "t10k"))
    with torch.no_grad():
        hits = sum((model.module(a).argmax(1) == b).sum().item() for a, b in zip(x.split(1000), y.split(1000)))
    torch.distributed.destroy_process_group()
    return end, steps * mnist.BATCH, hits / len(y)


def main():
    import pyspark
    from pyspark.ml.torch.distributor import TorchDistributor
    from pyspark.sql import SparkSession

    args = mnist.arguments()
    with tempfile.TemporaryDirectory(prefix="ember-bench-") as home:
        mnist.make_home(os.path.dirname(pyspark.__file__), home)
        os.environ.update(PYSPARK_PYTHON=sys.executable, PYTHONPATH=os.path.dirname(os.path.abspath(__file__)))
        builder = SparkSession.builder
        for key, value in mnist.CONF.items():
            builder = builder.config(key, value)
        spark = builder.getOrCreate()
        mnist.await_executors(spark.sparkContext)
        job = mnist.Job("TorchDistributor", args, home)
        distributor = TorchDistributor(num_processes=mnist.WORKERS, local_mode=False, use_gpu=False)
        end, samples, accuracy = distributor.run(train, args.net, args.epochs, args.data, job.marks)
        job.finish(samples, end - job.begin, accuracy)
        spark.stop()


if __name__ == "__main__":
    main()
