"""The nets of the bench in TensorFlow: functions of PyTorch's parameters, images as [N, height, width, channels]."""

import numpy as np
import tensorflow as tf

from serve import Skip, parameter


class Params:
    """Variables by PyTorch's name, in TensorFlow's layout."""

    def __init__(self):
        self.all = {}

    def get(self, name, shape, layout=lambda a: a):
        if name not in self.all:
            self.all[name] = tf.Variable(np.ascontiguousarray(layout(parameter(name, shape))), name=name)
        return self.all[name]

    def dense(self, name, x, units, flat=None):
        """A dense layer; flat is the (channels, height, width) behind the features where an image was flattened."""

        def layout(w):
            if flat:
                w = w.reshape(units, *flat).transpose(0, 2, 3, 1).reshape(units, -1)
            return w.T

        w = self.get(f"{name}.weight", (units, x.shape[-1]), layout)
        return tf.nn.bias_add(tf.matmul(x, w), self.get(f"{name}.bias", (units,)))

    def conv(self, name, x, filters, kernel, stride=1, pad=0, bias=False, groups=1):
        shape = (filters, x.shape[-1] // groups, kernel, kernel)
        if groups == 1:
            w = self.get(f"{name}.weight", shape, lambda a: a.transpose(2, 3, 1, 0))
        else:
            w = self.get(f"{name}.weight", shape, lambda a: a.transpose(2, 3, 0, 1))
        pads = [[0, 0], [pad, pad], [pad, pad], [0, 0]]
        if groups == 1:
            y = tf.nn.conv2d(x, w, stride, pads)
        else:
            if pad:
                x = tf.pad(x, pads)
            y = tf.nn.depthwise_conv2d(x, w, [1, stride, stride, 1], "VALID")
        return tf.nn.bias_add(y, self.get(f"{name}.bias", (filters,))) if bias else y

    def norm(self, name, x):
        """Batch norm of a training step: by the batch's statistics, which the running ones follow."""
        c = x.shape[-1]
        scale, offset = self.get(f"{name}.weight", (c,)), self.get(f"{name}.bias", (c,))
        y, mean, var = tf.compat.v1.nn.fused_batch_norm(x, scale, offset, epsilon=1e-5)
        for key, value in ("running_mean", mean), ("running_var", var):
            self.get(f"{name}.{key}", (c,)).assign_add(0.1 * (value - self.get(f"{name}.{key}", (c,))))
        return y


def mlp(*hidden):
    def forward(p, x, outputs):
        for i, units in enumerate(hidden):
            x = tf.nn.relu(p.dense(f"dense_{i + 1}", x, units))
        return p.dense(f"dense_{len(hidden) + 1}", x, outputs)

    return forward


def lenet(p, x, outputs):
    for i, filters in enumerate((20, 50)):
        x = tf.nn.relu(p.conv(f"conv2d_{i + 1}", x, filters, 5, bias=True))
        x = tf.nn.max_pool2d(x, 2, 2, "VALID")
    x = tf.nn.relu(p.dense("dense_1", tf.reshape(x, [-1, 800]), 500, flat=(50, 4, 4)))
    return p.dense("dense_2", x, outputs)


def recurrent(kind, blocks):
    """A layer of Keras, whose gates lie in the order blocks, and a classifier of the last step."""
    name, layers = f"{kind}_1", {}

    def forward(p, x, outputs):
        units = 256
        if name not in layers:
            layer = layers[name] = {"lstm": tf.keras.layers.LSTM, "gru": tf.keras.layers.GRU}[kind](units)
            layer.build(x.shape)
            rows = len(blocks) * units
            order = np.concatenate([np.arange(b * units, (b + 1) * units) for b in blocks])
            w, r, *biases = [
                parameter(f"{name}.{k}", s)[order]
                for k, s in (("weight_ih_l0", (rows, x.shape[-1])), ("weight_hh_l0", (rows, units)),
                             ("bias_ih_l0", (rows,)), ("bias_hh_l0", (rows,)))
            ]  # fmt: skip
            layer.set_weights([w.T, r.T, biases[0] + biases[1] if kind == "lstm" else np.stack(biases)])
            p.all |= {f"{name}.{i}": v.value for i, v in enumerate(layer.trainable_weights)}
        return p.dense("dense_1", layers[name](x), outputs)

    return forward


def layer_norm(p, name, x):
    """Layer norm over the last axis."""
    mean, var = tf.nn.moments(x, -1, keepdims=True)
    scale, offset = p.get(f"{name}.weight", (x.shape[-1],)), p.get(f"{name}.bias", (x.shape[-1],))
    return tf.nn.batch_normalization(x, mean, var, offset, scale, 1e-5)


def encoder(p, x, outputs, heads=4, hidden=1024):
    batch, steps, size = x.shape
    x = tf.reshape(x, [-1, size])
    for i in (1, 2):
        block = f"transformer_encoder_{i}"
        w = p.get(f"{block}.self_attn.in_proj_weight", (3 * size, size), lambda a: a.T)
        qkv = tf.nn.bias_add(tf.matmul(x, w), p.get(f"{block}.self_attn.in_proj_bias", (3 * size,)))
        qkv = tf.transpose(tf.reshape(qkv, [batch, steps, 3, heads, size // heads]), [2, 0, 3, 1, 4])
        weights = tf.nn.softmax(tf.matmul(qkv[0] * (size // heads) ** -0.5, qkv[1], transpose_b=True))
        y = tf.reshape(tf.transpose(tf.matmul(weights, qkv[2]), [0, 2, 1, 3]), [-1, size])
        x = layer_norm(p, f"{block}.norm1", x + p.dense(f"{block}.self_attn.out_proj", y, size))
        y = tf.nn.relu(p.dense(f"{block}.linear1", x, hidden))
        x = layer_norm(p, f"{block}.norm2", x + p.dense(f"{block}.linear2", y, size))
    return p.dense("dense_1", tf.reshape(x, [batch, steps * size]), outputs)


def vgg11(p, x, outputs):
    at = 0
    for filters in (64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"):
        if filters == "M":
            x, at = tf.nn.max_pool2d(x, 2, 2, "VALID"), at + 1
        else:
            x, at = tf.nn.relu(p.conv(f"features.{at}", x, filters, 3, 1, 1, bias=True)), at + 2
    if x.shape[1] < 7:  # the average over 7×7 cells of a smaller image repeats and mixes its cells
        n, cells = x.shape[1], np.zeros((7, x.shape[1]), np.float32)
        for i in range(7):
            lo, hi = i * n // 7, -((-(i + 1) * n) // 7)
            cells[i, lo:hi] = 1 / (hi - lo)
        x = tf.einsum("ah,nhwc,bw->nabc", cells, x, cells)
    x = tf.reshape(x, [-1, 512 * 49])
    x = tf.nn.relu(p.dense("classifier.0", x, 4096, flat=(512, 7, 7)))
    x = tf.nn.relu(p.dense("classifier.3", x, 4096))
    return p.dense("classifier.6", x, outputs)


def resnet18(p, x, outputs):
    small = x.shape[1] < 64
    x = p.conv("conv1", x, 64, *((3, 1, 1) if small else (7, 2, 3)))
    x = tf.nn.relu(p.norm("bn1", x))
    if not small:
        x = tf.nn.max_pool2d(tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]]), 3, 2, "VALID")  # of relu: zeros do
    for i, filters in enumerate((64, 128, 256, 512)):
        for j in range(2):
            block, stride = f"layer{i + 1}.{j}", 2 if i and not j else 1
            y = tf.nn.relu(p.norm(f"{block}.bn1", p.conv(f"{block}.conv1", x, filters, 3, stride, 1)))
            y = p.norm(f"{block}.bn2", p.conv(f"{block}.conv2", y, filters, 3, 1, 1))
            if stride > 1:
                x = p.norm(f"{block}.downsample.1", p.conv(f"{block}.downsample.0", x, filters, 1, stride))
            x = tf.nn.relu(x + y)
    return p.dense("fc", tf.reduce_mean(x, [1, 2]), outputs)


NETS = {
    "mlp": mlp(128),
    "mlp2": mlp(256, 128),
    "autoencoder": lambda p, x, outputs: mlp(256, 64, 256)(p, x, 784),
    "lenet": lenet,
    "lstm": recurrent("lstm", (0, 1, 2, 3)),
    "gru": recurrent("gru", (1, 0, 2)),
    "encoder": encoder,
    "resnet18": resnet18,
    "vgg11": vgg11,
}


def build(work):
    if work["net"] not in NETS:
        raise Skip(f"the bench has no {work['net']} in TensorFlow")
    return NETS[work["net"]]
