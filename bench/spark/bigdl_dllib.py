"""BigDL DLlib's Keras API: synchronous SGD in two executors, on Spark 3.1 and Python 3.7."""

import contextlib
import glob
import os
import re
import subprocess
import sys
import tempfile
import threading
import time

import mnist


@contextlib.contextmanager
def standalone(home):
    """A master and two workers of one core, as BigDL knows no local-cluster; gives the master's URL."""
    daemons = []

    def start(role, *args, ready):
        command = [os.path.join(home, "bin", "spark-class"), "org.apache.spark.deploy.%s.%s" % (role, role.capitalize()),
                   "--host", "127.0.0.1", "--port", "0", "--webui-port", "0", *args]
        log = open(os.path.join(home, "%s%d.log" % (role, len(daemons))), "w+")
        daemons.append(subprocess.Popen(command, stdout=log, stderr=log))
        deadline = time.time() + 120
        while True:
            log.seek(0)
            found = re.search(ready, log.read())
            if found:
                return found.group()
            if time.time() > deadline or daemons[-1].poll() is not None:
                raise RuntimeError("Spark's %s did not start: see %s" % (role, log.name))
            time.sleep(0.05)

    try:
        master = start("master", ready=r"spark://\S+:\d+")
        for _ in range(mnist.WORKERS):
            start("worker", "--cores", "1", "--memory", "4g", "--work-dir", os.path.join(home, "work"), master,
                  ready="Successfully registered with master")
        yield master
    finally:
        for d in reversed(daemons):
            d.kill()
            d.wait()


def watch(pattern, matched):
    """Passes what this process and its JVM print on to stderr, and calls matched at the first line that matches; gives the
    descriptor of the true stdout."""
    read, write = os.pipe()
    stderr, stdout = os.dup(2), os.dup(1)
    os.dup2(write, 1)
    os.dup2(write, 2)

    def pump():
        seen = False
        for line in os.fdopen(read, errors="replace"):
            if not seen and re.search(pattern, line):
                seen = True
                matched()
            os.write(stderr, line.encode())

    threading.Thread(target=pump, daemon=True).start()
    return stdout


def build(net):
    """The net; BigDL's loss wants probabilities."""
    from bigdl.dllib import keras
    from bigdl.dllib.keras.layers import Convolution2D, Dense, Dropout, Flatten, MaxPooling2D, Reshape
    from bigdl.dllib.keras.optimizers import Adam

    model = keras.models.Sequential()
    if net == "mlp":
        model.add(Dense(128, activation="relu", input_shape=(784,)))
    else:
        model.add(Reshape((1, 28, 28), input_shape=(784,)))
        for filters in (20, 50):
            model.add(Convolution2D(filters, 5, 5, activation="relu"))
            model.add(MaxPooling2D())
        model.add(Flatten())
        model.add(Dense(500, activation="relu"))
        model.add(Dropout(0.5))
    model.add(Dense(10, activation="softmax"))
    model.compile(Adam(lr=mnist.RATE), "sparse_categorical_crossentropy", ["accuracy"])
    return model


def main():
    job = None
    stdout = watch(r"\[Iteration 1\]", lambda: mnist.mark(job.marks, 0))

    import bigdl
    import pyspark
    from bigdl.dllib import nncontext
    from bigdl.dllib.utils.common import Sample

    args = mnist.arguments()
    jars = ":".join(glob.glob(os.path.join(os.path.dirname(bigdl.__file__), "share", "*", "lib", "*.jar")))
    os.environ.update(
        JDK_JAVA_OPTIONS=" ".join(mnist.OPENS) + " --add-exports=java.base/sun.nio.ch=ALL-UNNAMED",
        PYSPARK_PYTHON=sys.executable,
        PYTHONHOME=sys.base_prefix,  # else BigDL sets it to the virtual environment, which has no standard library
        OMP_NUM_THREADS="1",
        BIGDL_JARS=jars,
    )
    with tempfile.TemporaryDirectory(prefix="ember-bench-") as home:
        mnist.make_home(os.path.dirname(pyspark.__file__), home)
        os.chdir(home)  # BigDL redirects Spark's log into a file there, and shows its own
        with standalone(home) as master:
            conf = dict(mnist.CONF)
            conf.update({
                "spark.master": master,
                "spark.executor.extraClassPath": jars,
                "spark.executor.instances": str(mnist.WORKERS),
                "spark.cores.max": str(mnist.WORKERS),
            })
            sc = nncontext.init_nncontext(nncontext.init_spark_conf(conf))
            mnist.await_executors(sc)
            model = build(args.net)
            x, y = mnist.load(args.data, "train")
            rows = sc.parallelize(list(zip(x, y)), mnist.WORKERS).map(lambda row: Sample.from_ndarray(*row))
            job = mnist.Job("BigDL", args, home)
            model.fit(rows, batch_size=mnist.BATCH, nb_epoch=args.epochs)
            seconds = time.time() - job.begin
            tx, ty = mnist.load(args.data, "t10k")
            _, accuracy = model.evaluate(tx, ty, batch_size=mnist.BATCH)  # after the loss
            sc.stop()
        os.dup2(stdout, 1)
        job.finish(len(x) * args.epochs, seconds, float(accuracy))


if __name__ == "__main__":
    main()
