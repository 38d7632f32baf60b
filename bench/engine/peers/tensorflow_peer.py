"""TensorFlow as a peer of bench/engine: one tf.function a training step."""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

import serve  # noqa: E402
import tensorflow_nets as nets  # noqa: E402
from serve import Skip, noise, some  # noqa: E402

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--threads", type=int, default=1)
options = parser.parse_args()
tf.config.threading.set_intra_op_parallelism_threads(options.threads)
tf.config.threading.set_inter_op_parallelism_threads(1)


def repeat(step):
    def run(n):
        for _ in range(n):
            value = step()
        if value is not None:
            value.numpy()

    return run


def gemm(work):
    if work["dtype"] != "float32":
        raise Skip("float32 only")
    m, n, k, count = [*work["shape"], 1][:4]
    batch = (count,) if count > 1 else ()
    ta, tb = (t == "t" for t in work.get("trans", "nn"))
    a = tf.constant(noise("a", (*batch, *((k, m) if ta else (m, k)))))
    b = tf.constant(noise("b", (*batch, *((n, k) if tb else (k, n)))))

    def step():
        return tf.linalg.matmul(a, b, transpose_a=ta, transpose_b=tb)

    return repeat(step), some(step().numpy())


class Adam:
    """The fused operator that tf.compat.v1.train.AdamOptimizer runs."""

    def __init__(self, variables):
        zeros = lambda: [tf.Variable(tf.zeros_like(v)) for v in variables]  # noqa: E731
        self.variables, self.m, self.v = variables, zeros(), zeros()
        self.rate, self.powers = tf.Variable(1e-3), [tf.Variable(0.9), tf.Variable(0.999)]

    def step(self, gradients):
        b1, b2 = (p.read_value() for p in self.powers)
        rate = self.rate.read_value()
        epsilon = 1e-8 * tf.sqrt(1 - b2)  # PyTorch's, which adds it to the corrected root
        for p, m, v, g in zip(self.variables, self.m, self.v, gradients):
            tf.raw_ops.ResourceApplyAdam(
                var=p.handle, m=m.handle, v=v.handle, beta1_power=b1, beta2_power=b2, lr=rate,
                beta1=0.9, beta2=0.999, epsilon=epsilon, grad=g)  # fmt: skip
        for p, factor in zip(self.powers, (0.9, 0.999)):
            p.assign(p * factor)


def train(work, data):
    x, y = data
    net, params = nets.build(work), nets.Params()

    def loss():
        out = net(params, x, work.get("classes"))
        if work["net"] == "autoencoder":
            return tf.reduce_mean(tf.math.squared_difference(out, x))
        return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, out))

    loss()  # makes the parameters
    trained = [v for name, v in params.all.items() if ".running_" not in name]
    for name, v in params.all.items():  # the first call moved the statistics
        if ".running_" in name:
            v.assign(serve.parameter(name, v.shape))
    adam = Adam(trained)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            value = loss()
        adam.step(tape.gradient(value, trained))
        return value

    check = [float(step()) for _ in range(3)]
    adam.rate.assign(1e-9)  # so that a long run does not end in zeros and denormals
    return repeat(step), check


def start(work):
    tf.keras.backend.clear_session()
    if work["kind"] != "train":
        return None
    x = serve.samples(work)
    if x.ndim == 4:
        x = np.ascontiguousarray(x.transpose(0, 2, 3, 1))
    return tf.constant(x), tf.constant(serve.classes(work)) if work.get("classes") else None


def prepare(work, data):
    if work["kind"] == "gemm":
        return gemm(work)
    if work["kind"] == "train":
        return train(work, data)
    raise Skip(f"the bench times no {work['kind']} in TensorFlow")


serve.serve(prepare, start)
