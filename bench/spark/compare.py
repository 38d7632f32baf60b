"""Trains the mlp and LeNet on MNIST on two Spark executors: Ember and its peers, one after the other, in rounds.

Every run has a Spark of its own with two executors of one core, which stand before the
clock starts, the same files, Adam 0.001 and 64 samples a step. A job lasts from its
submission to the end of training; the first step is over when the last worker ended it.
Ember's clock is the harder one: it starts with the process `ember train` and includes
connecting, shipping the binary and the events' way back. Prints Markdown tables of medians
and of ratios, and with --json FILE every single result. README.md says how to set up.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import mnist

ROOT = pathlib.Path(__file__).resolve().parents[2]
BENCH = ROOT / ".cache" / "bench"


@contextlib.contextmanager
def process(command, env=None, **options):
    """Starts a process in a group of its own, which is killed at the end."""
    p = subprocess.Popen(list(map(str, command)), env={**os.environ, **(env or {})}, start_new_session=True, **options)
    try:
        yield p
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(p.pid, signal.SIGKILL)
        p.wait()


@contextlib.contextmanager
def spark_connect(folder):
    """A Spark Connect server with executors that have registered; gives its address."""
    installed = ROOT / ".cache/spark/4.3.0/lib/python3.11/site-packages/pyspark"
    mnist.make_home(installed, folder)
    conf = {k: v for k, v in mnist.CONF.items() if k != "spark.log.level"}
    conf.update({"spark.connect.grpc.binding.address": "127.0.0.1", "spark.connect.grpc.binding.port": "0"})
    command = [installed / "bin/spark-submit", "--driver-memory", conf.pop("spark.driver.memory")]
    command += [arg for k, v in conf.items() for arg in ("--conf", f"{k}={v}")]
    command += ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal"]
    log = pathlib.Path(folder, "server.log")
    python = {"PYSPARK_PYTHON": str(ROOT / ".cache/spark/4.3.0/bin/python")}
    with log.open("w") as out, process(command, env=python, stdout=out, stderr=out) as server:
        deadline = time.time() + 120
        while True:
            text = log.read_text()
            port = re.search(r"Spark Connect server started at: \S*:(\d+)", text)
            if port and text.count("Registered executor") >= mnist.WORKERS:
                yield f"sc://127.0.0.1:{port.group(1)}"
                return
            if time.time() > deadline or server.poll() is not None:
                raise RuntimeError(f"the Connect server did not start:\n{text[-2000:]}")
            time.sleep(0.05)


def run_ember(net, a):
    """Runs `ember train` on a Spark that has just started."""
    with tempfile.TemporaryDirectory(prefix="ember-bench-") as folder, spark_connect(folder) as address:
        return {"peer": "Ember", **train(net, a, address, folder)}


def run_ember_again(net, a):
    """Runs `ember train` on a Connect server that has served a job before, as servers mostly have."""
    with tempfile.TemporaryDirectory(prefix="ember-bench-") as folder, spark_connect(folder) as address:
        train(net, a, address, folder)
        return {"peer": "Ember, server in use", **train(net, a, address, folder)}


def train(net, a, address, folder):
    """Runs one `ember train`."""
    command = [a.ember, "train", net, "--data", "mnist", "--cluster", address, "--epochs", a.epochs,
               "--batch", mnist.BATCH, "--seed", 1, "--set", f"optimizer.adam.lr={mnist.RATE}",
               "--set", "schedule=constant", "--json", "-v", "--out", os.path.join(tempfile.mkdtemp(dir=folder), "m.onnx")]
    samples, first, end, accuracy = 0, None, None, None
    begin = time.time()
    with process(command, stdout=subprocess.PIPE, text=True) as p:
        for line in p.stdout:
            event = json.loads(line)
            if event["event"] == "step" and first is None:
                first = time.time() - begin
            elif event["event"] == "epoch":
                end, samples = time.time() - begin, samples + event["samples"]
            elif event["event"] == "test":
                accuracy = event["metrics"]["accuracy"]
        if p.wait() != 0:
            raise RuntimeError(f"ember ended with {p.returncode}")
    return {"net": net, "samples": samples, "seconds_job": round(end, 3), "submit_to_first_step": round(first, 3),
            "samples_per_second": round(samples / end, 1), "accuracy": accuracy}


# What a line of a log says that tells of a failure. Spark's shut-down, which comes after it, has no such lines.
FAILURE = re.compile(r"\bERROR\b|Exception|Error\b|^Caused by")


def blame(text):
    """The lines of a log that tell of failures, the first of them, else its end."""
    lines = [line for line in text.splitlines() if FAILURE.search(line)]
    return "\n".join(lines[:20]) if lines else text[-2000:]


def run_peer(command, net, a, env=None):
    """Runs a peer's program, whose last line is its result, in a folder that is removed."""
    command = [*command, "--net", net, "--epochs", a.epochs, "--data", os.path.abspath(a.data)]
    with (
        tempfile.TemporaryDirectory(prefix="ember-bench-") as here, tempfile.TemporaryFile("w+") as err,
        process(command, env=env, cwd=here, stdout=subprocess.PIPE, stderr=err, text=True) as p,
    ):
        try:
            out, _ = p.communicate(timeout=a.limit)
            if p.returncode != 0:
                raise RuntimeError(f"it ended with {p.returncode}")
            return json.loads(out.strip().splitlines()[-1])
        except Exception:
            err.seek(0)
            print(blame(err.read()), file=sys.stderr)
            raise


def python(environment, program):
    """A peer that is a Python program beside this one."""
    return lambda net, a: run_peer([BENCH / environment / "bin/python", pathlib.Path(__file__).parent / program], net, a)


def run_dl4j(net, a):
    """Deeplearning4j's Spark is plain jars: its folder does as SPARK_HOME."""
    with tempfile.TemporaryDirectory(prefix="ember-bench-") as home:
        mnist.make_home(BENCH / "dl4j", home)
        opens = mnist.OPENS
        conf = {
            **mnist.CONF, "spark.app.name": "dl4j", "spark.executor.extraJavaOptions": " ".join(opens),
            "spark.serializer": "org.apache.spark.serializer.KryoSerializer",
            "spark.kryo.registrator": "org.nd4j.kryo.Nd4jRegistrator",
        }
        java = ["java", *opens, "-Xmx2g", *(f"-D{k}={v}" for k, v in conf.items()),
                "-cp", BENCH / "dl4j/jars/*", "ParameterAveraging"]
        return run_peer(java, net, a, env={"OMP_NUM_THREADS": "1", "SPARK_SCALA_VERSION": "2.12"})


RUNS = {
    "ember": run_ember,
    "ember-again": run_ember_again,
    "tfos": python("tfos", "tensorflow_on_spark.py"),
    "torch": python("torch", "torch_distributor.py"),
    "bigdl": python("bigdl", "bigdl_dllib.py"),
    "dl4j": run_dl4j,
}


def table(results, net):
    """Prints the medians of a net, and the ratios of Ember's runs, one after the other."""
    def median(peer, key):
        return statistics.median(r[key] for r in results if (r["net"], r["peer"]) == (net, peer))

    peers = list(dict.fromkeys(r["peer"] for r in results if r["net"] == net))
    ours = [peer for peer in peers if peer.startswith("Ember")]
    print(f"\n| {net} | samples/s over the job | Ember's, times | submit to first step, s | Ember's share | accuracy |")
    print("|---|---|---|---|---|---|")
    for peer in peers:
        rate, first = median(peer, "samples_per_second"), median(peer, "submit_to_first_step")
        times = share = ""
        if peer not in ours:
            times = ", ".join(f"{median(p, 'samples_per_second') / rate:.1f}" for p in ours)
            share = ", ".join(f"{median(p, 'submit_to_first_step') / first:.2f}" for p in ours)
        print(f"| {peer} | {rate:.0f} | {times} | {first:.2f} | {share} | {100 * median(peer, 'accuracy'):.2f} % |")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--runs", nargs="+", default=list(RUNS), choices=list(RUNS))
    p.add_argument("--nets", nargs="+", default=["mlp", "lenet"], choices=["mlp", "lenet"])
    p.add_argument("--epochs", type=int, default=1)
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--ember", default=ROOT / ".cache/size/ember", help="the binary, by default that of `make size`")
    p.add_argument("--data", default=mnist.DATA, help="folder of MNIST's four IDX files")
    p.add_argument("--limit", type=float, default=1800, help="seconds after which a run is given up")
    p.add_argument("--json", help="file for every single result")
    a = p.parse_args()
    results, failed = [], False
    for _ in range(a.rounds):
        for net in a.nets:
            for name in a.runs:
                try:
                    results.append(RUNS[name](net, a))
                    print(json.dumps(results[-1]), file=sys.stderr)
                except Exception as e:  # the others still count
                    print(f"compare.py: {name}, {net}: {e}", file=sys.stderr)
                    failed = True
    for net in dict.fromkeys(r["net"] for r in results):
        table(results, net)
    if a.json:
        pathlib.Path(a.json).write_text(json.dumps(results, indent=1))
    sys.exit(failed)


if __name__ == "__main__":
    main()
