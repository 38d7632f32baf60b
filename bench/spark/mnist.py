"""What the peers written in Python share: MNIST's files, a Spark of two executors, the result.

It runs on Python 3.7 too, which BigDL needs.
"""

import argparse
import json
import os
import pathlib
import time

import numpy as np

BATCH = 64  # samples of a step over all workers
WORKERS = 2
RATE = 0.001  # of Adam
DATA = os.path.join(os.environ.get("EMBER_DATA") or os.path.expanduser("~/.cache/ember"), "mnist")

# Spark before 3.3 and Deeplearning4j look into what Java 17 closes.
OPENS = ["--add-opens=java.base/%s=ALL-UNNAMED" % package for package in (
    "java.lang java.lang.invoke java.lang.reflect java.io java.net java.nio java.util java.util.concurrent "
    "java.util.concurrent.atomic sun.nio.ch sun.nio.cs sun.security.action sun.util.calendar"
).split()]


def arguments():
    """Parses the command line, which is the same for all peers."""
    p = argparse.ArgumentParser()
    p.add_argument("--net", choices=["mlp", "lenet"], default="mlp")
    p.add_argument("--epochs", type=int, default=1)
    p.add_argument("--data", default=DATA, help="folder of the four IDX files")
    return p.parse_args()


def load(folder, part):
    """Reads a part, train or t10k: images as floats of 0 to 1 in rows of 784, and labels."""
    images = np.fromfile(os.path.join(folder, part + "-images-idx3-ubyte"), np.uint8)[16:]
    labels = np.fromfile(os.path.join(folder, part + "-labels-idx1-ubyte"), np.uint8)[8:]
    return images.reshape(-1, 784).astype(np.float32) / 255, labels.astype(np.int64)


def make_home(installed, home):
    """Makes a folder the SPARK_HOME, by links to an installed one: executors write into theirs."""
    for name in ("bin", "jars", "python"):
        if os.path.exists(os.path.join(installed, name)):
            os.symlink(os.path.join(installed, name), os.path.join(home, name))
    os.environ.update(SPARK_HOME=home, SPARK_LOCAL_IP="127.0.0.1", SPARK_LOCAL_DIRS=home)


# Two executors of one core and one thread, as Ember gets them.
CONF = {
    "spark.master": "local-cluster[%d,1,4096]" % WORKERS,
    "spark.driver.memory": "2g",
    "spark.executor.memory": "2g",
    "spark.executor.cores": "1",
    "spark.executorEnv.OMP_NUM_THREADS": "1",
    "spark.ui.enabled": "false",
    "spark.log.level": "WARN",
}


def await_executors(sc):
    """Waits until the executors have registered: the clock starts with a cluster that stands."""
    deadline = time.time() + 120
    while sc._jsc.sc().getExecutorMemoryStatus().size() < 1 + WORKERS:
        if time.time() > deadline:
            raise TimeoutError("the executors did not come within 120 s")
        time.sleep(0.05)


def mark(folder, name):
    """Writes the time into a file."""
    with open(os.path.join(folder, str(name)), "w") as f:
        f.write(str(time.time()))


class Job:
    """The clock of a job. The workers mark in a folder, as mark does, when they finished their first step."""

    def __init__(self, peer, args, home):
        self.peer, self.args = peer, args
        self.marks = os.path.join(home, "marks")
        os.mkdir(self.marks)
        self.begin = time.time()

    def finish(self, samples, seconds, accuracy):
        """Prints the result as the last line. The first step is that of the last worker to finish it."""
        first = max(float(f.read_text()) for f in pathlib.Path(self.marks).iterdir()) - self.begin
        print(json.dumps({
            "peer": self.peer, "net": self.args.net, "samples": samples, "seconds_job": round(seconds, 3),
            "submit_to_first_step": round(first, 3), "samples_per_second": round(samples / seconds, 1),
            "accuracy": round(accuracy, 4),
        }), flush=True)
