"""TensorFlowOnSpark: MultiWorkerMirroredStrategy in two executors, fed by Spark (InputMode.SPARK)."""

import os
import sys
import tempfile
import time

import mnist

# Workers that step together hang when one's last partition runs out first: the usual cure is to leave a tenth.
SHARE_OF_STEPS = 0.9


def train(args, context):
    """Runs in each executor. The chief leaves when training ended, and the test accuracy."""
    import numpy as np
    import tensorflow as tf

    import mnist

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    tf.keras.utils.set_random_seed(1)
    layers = tf.keras.layers
    with strategy.scope():
        if args.net == "mlp":
            body = [layers.Dense(128, "relu")]
        else:
            body = [
                layers.Reshape((28, 28, 1)),
                layers.Conv2D(20, 5, activation="relu"), layers.MaxPooling2D(2),
                layers.Conv2D(50, 5, activation="relu"), layers.MaxPooling2D(2),
                layers.Flatten(), layers.Dense(500, "relu"), layers.Dropout(0.5),
            ]
        model = tf.keras.Sequential([layers.Input((784,)), *body, layers.Dense(10)])
        optimizer = tf.keras.optimizers.Adam(mnist.RATE)
        optimizer.build(model.trainable_variables)

    share = mnist.BATCH // mnist.WORKERS

    @tf.function(input_signature=[tf.TensorSpec([share, 784]), tf.TensorSpec([share], tf.int64)])
    def step(x, y):
        def replica(x, y):
            with tf.GradientTape() as tape:
                losses = tf.nn.sparse_softmax_cross_entropy_with_logits(y, model(x, training=True))
                loss = tf.reduce_sum(losses) / mnist.BATCH
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables))

        strategy.run(replica, (x, y))

    feed = context.get_data_feed(True)
    for n in range(args.steps):
        rows = feed.next_batch(share)
        x = np.stack([r[0] for r in rows])
        y = np.array([r[1] for r in rows])
        step(x, y)
        if n == 0:
            mnist.mark(args.marks, context.worker_num)
    end = time.time()
    feed.terminate()
    if context.job_name == "chief":
        x, y = mnist.load(args.data, "t10k")
        hits = sum((model(a, training=False).numpy().argmax(1) == b).sum() for a, b in zip(np.split(x, 10), np.split(y, 10)))
        with open(args.result, "w") as f:
            f.write("%f %f" % (end, hits / len(y)))


def main():
    import pyspark
    from tensorflowonspark import TFCluster

    args = mnist.arguments()
    with tempfile.TemporaryDirectory(prefix="ember-bench-") as home:
        mnist.make_home(os.path.dirname(pyspark.__file__), home)
        os.environ["PYSPARK_PYTHON"] = sys.executable
        conf = pyspark.SparkConf().setAll(mnist.CONF.items())
        conf.set("spark.executorEnv.PYTHONPATH", os.path.dirname(os.path.abspath(__file__)))
        conf.set("spark.executorEnv.CUDA_VISIBLE_DEVICES", "-1")
        sc = pyspark.SparkContext(conf=conf)
        mnist.await_executors(sc)
        x, y = mnist.load(args.data, "train")
        rows = sc.parallelize(list(zip(x, y)), 2 * mnist.WORKERS)
        args.steps = int(len(x) * args.epochs / mnist.BATCH * SHARE_OF_STEPS)
        args.result = os.path.join(home, "result")
        job = mnist.Job("TensorFlowOnSpark", args, home)
        args.marks = job.marks
        cluster = TFCluster.run(sc, train, args, mnist.WORKERS, 0, False, TFCluster.InputMode.SPARK, master_node="chief")
        cluster.train(rows, args.epochs)
        cluster.shutdown(grace_secs=10)
        with open(args.result) as f:
            end, accuracy = map(float, f.read().split())
        job.finish(args.steps * mnist.BATCH, end - job.begin, accuracy)
        sc.stop()


if __name__ == "__main__":
    main()
