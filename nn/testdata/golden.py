"""Writes what PyTorch computes for every layer and loss of Ember.

    .cache/venv/bin/python nn/testdata/golden.py > nn/testdata/golden.json

Made with PyTorch 2.15. Inputs, weights and cotangents are not stored: both sides compute them with
`noise`. A case holds a net file, and the output, the gradients of sum(cotangent * output) with respect to
the input and to each parameter, and the running statistics after one step.
"""

import json
import math
import zlib

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)


def noise(name, shape, scale=1.0, shift=0.0):
    """Numbers in shift ± scale that depend on name and position alone, exact in float32 before scaling."""
    n = math.prod(shape)
    i = np.arange(n, dtype=np.uint64)
    h = (i * np.uint64(2654435761) + np.uint64(zlib.crc32(name.encode()))) % np.uint64(1 << 32)
    h = (h ^ (h >> np.uint64(15))) * np.uint64(2246822519) % np.uint64(1 << 32)
    unit = ((h >> np.uint64(8)).astype(np.float64) / (1 << 23) - 1).astype(np.float32)
    return torch.from_numpy((unit * np.float32(scale) + np.float32(shift)).reshape(shape))


def fill(module, names):
    """Gives the module's tensors the values that Ember's test gives the same names."""
    for key, t in module.state_dict().items():
        if key.endswith("num_batches_tracked"):
            continue
        t.copy_(parameter(names(key), t.shape))


def parameter(name, shape):
    kind = name.rsplit(".", 1)[-1]
    if kind == "running_var" or (kind == "weight" and len(shape) == 1):
        return noise(name, shape, 0.25, 1)
    if kind in ("bias", "running_mean"):
        return noise(name, shape, 0.25)
    return noise(name, shape, math.sqrt(3 / max(1, math.prod(shape[1:]))))


def numbers(t):
    return [float(f"{v:.8g}") for v in t.detach().reshape(-1).tolist()]


def run(name, net, module, shape, names=lambda k: k, train=False, ids=0):
    """One case: module(input) for a net file whose parameters names() calls as Ember does."""
    module.train(train)
    with torch.no_grad():
        fill(module, names)
    if ids:
        x = torch.remainder(torch.arange(math.prod(shape)) * 7 + 3, ids).reshape(shape)
    else:
        x = noise("input", shape).requires_grad_()
    y = module(x)
    (noise("cotangent", y.shape) * y).sum().backward()
    case = {"name": name, "net": net, "shape": list(shape), "train": train, "ids": ids}
    case["output"] = numbers(y)
    case["out_shape"] = list(y.shape)
    grads = {} if ids else {"input": numbers(x.grad)}
    grads |= {names(k): numbers(p.grad) for k, p in module.named_parameters()}
    case["grads"] = grads
    if train:
        case["state"] = {names(k): numbers(b) for k, b in module.named_buffers() if b.dim()}
    return case


class Same(nn.Module):
    """ONNX SAME_UPPER: the odd cell of padding goes to the end."""

    def __init__(self, module, kernel, stride, value=0.0):
        super().__init__()
        self.module, self.kernel, self.stride, self.value = module, kernel, stride, value

    def forward(self, x):
        pads = []
        for axis in range(x.dim() - 1, 1, -1):
            size, k, s = x.shape[axis], self.kernel[axis - 2], self.stride[axis - 2]
            total = max((math.ceil(size / s) - 1) * s + k - size, 0)
            pads += [total // 2, total - total // 2]
        return self.module(F.pad(x, pads, value=self.value))


class Separable(nn.Module):
    """Keras's SeparableConv2D: nothing between the two convolutions, a bias at the end."""

    def __init__(self, channels, filters, kernel, multiplier, **options):
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels * multiplier, kernel, groups=channels, bias=False, **options)
        self.pointwise = nn.Conv2d(channels * multiplier, filters, 1)

    def forward(self, x):
        return self.pointwise(self.depthwise(x))


class Lambda(nn.Module):
    def __init__(self, f):
        super().__init__()
        self.f = f

    def forward(self, x):
        return self.f(x)


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv2d_1 = nn.Conv2d(2, 3, 3, padding=1)
        self.conv2d_2 = nn.Conv2d(3, 3, 3, padding=1)
        self.side = nn.Conv2d(2, 3, 1)

    def forward(self, x):
        a = F.relu(self.conv2d_1(x))
        b = self.conv2d_2(a)
        c = self.side(x)
        return torch.cat([a + b, (b + c) * a], 1)


def layers():
    dense = lambda k: "dense_1." + k
    conv = lambda k: "conv2d_1." + k.removeprefix("module.")
    yield run("dense", "input: [4]\nlayers: [{dense: {units: 3}}]", nn.Linear(4, 3), (5, 4), dense)
    yield run("dense without bias", "input: [4]\nlayers: [{dense: {units: 3, bias: false}}]", nn.Linear(4, 3, bias=False), (5, 4), dense)
    yield run("dense on the last axis", "input: [2, 4]\nlayers: [{dense: {units: 3}}]", nn.Linear(4, 3), (3, 2, 4), dense)

    image = "input: [4, 7, 6]\nlayers: [{%s}]"
    yield run("conv2d", image % "conv2d: {filters: 3, kernel: 3}", nn.Conv2d(4, 3, 3), (2, 4, 7, 6), conv)
    yield run("conv2d stride", image % "conv2d: {filters: 2, kernel: [3, 2], stride: [2, 1], padding: [1, 0]}", nn.Conv2d(4, 2, (3, 2), (2, 1), (1, 0)), (2, 4, 7, 6), conv)
    yield run("conv2d dilation", image % "conv2d: {filters: 2, kernel: 3, dilation: 2, padding: [2, 1]}", nn.Conv2d(4, 2, 3, dilation=2, padding=(2, 1)), (2, 4, 7, 6), conv)
    yield run("conv2d groups", image % "conv2d: {filters: 4, kernel: 3, groups: 2, bias: false}", nn.Conv2d(4, 4, 3, groups=2, bias=False), (2, 4, 7, 6), conv)
    yield run("conv2d depthwise", image % "conv2d: {filters: 4, kernel: 3, groups: 4, padding: same}", Same(nn.Conv2d(4, 4, 3, groups=4), (3, 3), (1, 1)), (2, 4, 7, 6), conv)
    yield run("conv2d same", image % "conv2d: {filters: 2, kernel: [4, 3], stride: 2, padding: same}", Same(nn.Conv2d(4, 2, (4, 3), 2), (4, 3), (2, 2)), (2, 4, 7, 6), conv)

    line = "input: [4, 9]\nlayers: [{%s}]"
    along = lambda k: "conv1d_1." + k.split(".")[-1]
    yield run("conv1d", line % "conv1d: {filters: 3, kernel: 3}", nn.Conv1d(4, 3, 3), (2, 4, 9), along)
    yield run("conv1d stride", line % "conv1d: {filters: 2, kernel: 4, stride: 2, padding: 2, groups: 2}", nn.Conv1d(4, 2, 4, 2, 2, groups=2), (2, 4, 9), along)
    yield run("conv1d same", line % "conv1d: {filters: 2, kernel: 4, stride: 2, padding: same, bias: false}", Same(nn.Conv1d(4, 2, 4, 2, bias=False), (4,), (2,)), (2, 4, 9), along)
    yield run("conv1d causal", line % "conv1d: {filters: 2, kernel: 3, dilation: 2, padding: causal}", nn.Sequential(nn.ConstantPad1d((4, 0), 0), nn.Conv1d(4, 2, 3, dilation=2)), (2, 4, 9), along)
    volume = "input: [2, 4, 5, 3]\nlayers: [{%s}]"
    deep = lambda k: "conv3d_1." + k
    yield run("conv3d", volume % "conv3d: {filters: 3, kernel: 2}", nn.Conv3d(2, 3, 2), (2, 2, 4, 5, 3), deep)
    yield run("conv3d stride", volume % "conv3d: {filters: 2, kernel: [3, 3, 1], stride: [1, 2, 1], padding: [1, 1, 0], dilation: [1, 2, 1], groups: 2}", nn.Conv3d(2, 2, (3, 3, 1), (1, 2, 1), (1, 1, 0), (1, 2, 1), 2), (2, 2, 4, 5, 3), deep)
    alone = lambda k: "depthwise_conv2d_1." + k.removeprefix("module.")
    yield run("depthwise_conv2d", image % "depthwise_conv2d: {kernel: 3, activation: relu6}", nn.Sequential(nn.Conv2d(4, 4, 3, groups=4), nn.ReLU6()), (2, 4, 7, 6), lambda k: alone(k[2:]))
    yield run("depthwise_conv2d multiplier", image % "depthwise_conv2d: {kernel: [3, 2], multiplier: 2, stride: 2, padding: [1, 0], dilation: [2, 1], bias: false}", nn.Conv2d(4, 8, (3, 2), 2, (1, 0), (2, 1), 4, bias=False), (2, 4, 7, 6), alone)
    yield run("depthwise_conv2d same", image % "depthwise_conv2d: {kernel: 4, multiplier: 3, stride: 2, padding: same}", Same(nn.Conv2d(4, 12, 4, 2, groups=4), (4, 4), (2, 2)), (2, 4, 7, 6), alone)
    yield run("depthwise_conv2d same dilated", image % "depthwise_conv2d: {kernel: 2, stride: [1, 2], dilation: 3, padding: same}", Same(nn.Conv2d(4, 4, 2, (1, 2), dilation=3, groups=4), (4, 4), (1, 2)), (2, 4, 7, 6), alone)
    yield run("separable_conv2d", image % "separable_conv2d: {filters: 3, kernel: 3, multiplier: 2, stride: [2, 1], padding: 1, activation: relu}", nn.Sequential(Separable(4, 3, 3, 2, stride=(2, 1), padding=1), nn.ReLU()), (2, 4, 7, 6), lambda k: "separable_conv2d_1." + k[2:])

    short = "input: [2, 7]\nlayers: [{%s}]"
    yield run("max_pool1d", short % "max_pool1d: {size: 2}", nn.MaxPool1d(2), (2, 2, 7))
    yield run("max_pool1d overlap", short % "max_pool1d: {size: 3, stride: 2, padding: 1}", nn.MaxPool1d(3, 2, 1), (2, 2, 7))
    yield run("average_pool1d", short % "average_pool1d: {size: 3, stride: 2, padding: 1}", nn.AvgPool1d(3, 2, 1, count_include_pad=False), (2, 2, 7))
    yield run("global_average_pool1d", short % "global_average_pool1d: {}", Lambda(lambda x: x.mean(2)), (2, 2, 7))
    yield run("global_max_pool1d", short % "global_max_pool1d: {}", Lambda(lambda x: x.amax(2)), (2, 2, 7))
    yield run("max_pool3d", volume % "max_pool3d: {size: 2}", nn.MaxPool3d(2), (2, 2, 4, 5, 3))
    yield run("max_pool3d same", volume % "max_pool3d: {size: [2, 3, 2], stride: [1, 2, 1], padding: same}", Same(nn.MaxPool3d((2, 3, 2), (1, 2, 1)), (2, 3, 2), (1, 2, 1), -math.inf), (2, 2, 4, 5, 3))
    yield run("average_pool3d", volume % "average_pool3d: {size: [2, 3, 1], padding: [1, 1, 0]}", nn.AvgPool3d((2, 3, 1), padding=(1, 1, 0), count_include_pad=False), (2, 2, 4, 5, 3))
    yield run("global_average_pool3d", volume % "global_average_pool3d: {}", Lambda(lambda x: x.mean((2, 3, 4))), (2, 2, 4, 5, 3))
    yield run("global_max_pool3d", volume % "global_max_pool3d: {}", Lambda(lambda x: x.amax((2, 3, 4))), (2, 2, 4, 5, 3))
    for name, size in {"": (3, 2), " overlapping": (5, 4), " larger": (7, 7), " of the image's size": (7, 6), " dividing": (1, 3)}.items():
        yield run("adaptive_average_pool2d" + name, image % f"adaptive_average_pool2d: {{size: {list(size)}}}", nn.AdaptiveAvgPool2d(size), (2, 4, 7, 6))
    yield run("zero_pad", image % "zero_pad: {before: [1, 0], after: [2, 3]}", nn.ConstantPad2d((0, 3, 1, 2), 0), (2, 4, 7, 6))
    yield run("zero_pad of a sequence", short % "zero_pad: {before: [2]}", nn.ConstantPad1d((2, 2), 0), (2, 2, 7))
    yield run("upsample", "input: [2, 3, 4]\nlayers: [{upsample: {factors: [2, 3]}}]", nn.Upsample(scale_factor=(2, 3)), (2, 2, 3, 4))
    yield run("upsample of a sequence", short % "upsample: {factors: [3]}", nn.Upsample(scale_factor=3), (2, 2, 7))
    yield run("permute", "input: [2, 3, 4]\nlayers: [{permute: {axes: [3, 1, 2]}}]", Lambda(lambda x: x.permute(0, 3, 1, 2)), (2, 2, 3, 4))

    small = "input: [2, 5, 6]\nlayers: [{%s}]"
    yield run("max_pool2d", small % "max_pool2d: {size: 2}", nn.MaxPool2d(2), (2, 2, 5, 6))
    yield run("max_pool2d overlap", small % "max_pool2d: {size: 3, stride: 2, padding: [1, 1]}", nn.MaxPool2d(3, 2, 1), (2, 2, 5, 6))
    yield run("max_pool2d same", small % "max_pool2d: {size: 3, stride: 2, padding: same}", Same(nn.MaxPool2d(3, 2), (3, 3), (2, 2), -math.inf), (2, 2, 5, 6))
    yield run("average_pool2d", small % "average_pool2d: {size: 2}", nn.AvgPool2d(2), (2, 2, 5, 6))
    yield run("average_pool2d padding", small % "average_pool2d: {size: 3, stride: 2, padding: [1, 1]}", nn.AvgPool2d(3, 2, 1, count_include_pad=False), (2, 2, 5, 6))
    yield run("global_average_pool2d", small % "global_average_pool2d: {}", Lambda(lambda x: x.mean((2, 3))), (2, 2, 5, 6))
    yield run("global_max_pool2d", small % "global_max_pool2d: {}", Lambda(lambda x: x.amax((2, 3))), (2, 2, 5, 6))

    norm = lambda k: "batch_norm_1." + k
    yield run("batch_norm", "input: [3, 4, 2]\nlayers: [batch_norm]", nn.BatchNorm2d(3), (4, 3, 4, 2), norm)
    yield run("batch_norm training", "input: [3, 4, 2]\nlayers: [batch_norm]", nn.BatchNorm2d(3), (4, 3, 4, 2), norm, train=True)
    yield run("batch_norm vector training", "input: [3]\nlayers: [{batch_norm: {momentum: 0.3, epsilon: 1e-3}}]", nn.BatchNorm1d(3, momentum=0.3, eps=1e-3), (5, 3), norm, train=True)
    yield run("layer_norm", "input: [3, 6]\nlayers: [layer_norm]", nn.LayerNorm(6), (2, 3, 6), lambda k: "layer_norm_1." + k)
    yield run("embedding", "input: [5]\nlayers: [{embedding: {size: 7, units: 3}}]", nn.Embedding(7, 3), (4, 5), lambda k: "embedding_1." + k, ids=7)

    yield from recurrent()

    yield run("flatten", "input: [2, 3, 2]\nlayers: [flatten]", nn.Flatten(), (2, 2, 3, 2))
    yield run("reshape", "input: [2, 3, 2]\nlayers: [{reshape: {shape: [4, -1]}}]", Lambda(lambda x: x.reshape(-1, 4, 3)), (2, 2, 3, 2))
    yield run("residual", RESIDUAL, Residual(), (2, 2, 4, 4))

    yield from sequences()

    for key, f in ACTIVATIONS.items():
        yield run(key, f"input: [6]\nlayers: [{{{key}}}]" if ":" in key else f"input: [6]\nlayers: [{key}]", Lambda(f), (4, 6))
    for key, f in ACTIVATIONS.items():
        if ":" not in key:
            yield run("dense " + key, f"input: [4]\nlayers: [{{dense: {{units: 3, activation: {key}}}}}]", nn.Sequential(nn.Linear(4, 3), Lambda(f)), (3, 4), lambda k: "dense_1." + k[2:])


class SelfAttention(nn.Module):
    """nn.MultiheadAttention of x over itself, or over a memory computed by a linear layer."""

    def __init__(self, causal=False, memory=0):
        super().__init__()
        self.causal = causal
        kind = {"kdim": memory, "vdim": memory} if memory not in (0, 6) else {}
        self.multi_head_attention_1 = nn.MultiheadAttention(6, 2, batch_first=True, **kind)
        if memory:
            self.dense_1 = nn.Linear(6, memory)

    def forward(self, x):
        memory = self.dense_1(x) if hasattr(self, "dense_1") else x
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1]) if self.causal else None
        return self.multi_head_attention_1(x, memory, memory, attn_mask=mask, need_weights=False)[0]


class Position(nn.Module):
    """Adds sines and cosines, or a trained vector for each step."""

    def __init__(self, kind, steps, size):
        super().__init__()
        self.kind = kind
        if kind:
            self.weight = nn.Parameter(torch.zeros(kind, size))
        t, i = torch.arange(steps).double()[:, None], torch.arange(0, size, 2).double()
        self.table = torch.zeros(steps, size)
        self.table[:, 0::2] = torch.sin(t / 10000 ** (i / size))
        self.table[:, 1::2] = torch.cos(t / 10000 ** (i / size))

    def forward(self, x):
        return x + (self.weight[: x.shape[1]] if self.kind else self.table)


def rotary(x, heads, base):
    """Llama's rotation: number i with number i + size/2."""
    n, steps, width = x.shape
    size = width // heads
    angle = torch.arange(steps).double()[:, None] * base ** (-torch.arange(0, size, 2).double() / size)
    cos, sin = (f(torch.cat([angle, angle], 1)).float()[:, None] for f in (torch.cos, torch.sin))
    x = x.reshape(n, steps, heads, size)
    half = torch.cat([-x[..., size // 2 :], x[..., : size // 2]], -1)
    return (x * cos + half * sin).reshape(n, steps, width)


class CoreAttention(nn.Module):
    """scaled_dot_product_attention of three linear layers' results."""

    def __init__(self):
        super().__init__()
        self.q, self.k, self.v = nn.Linear(6, 8), nn.Linear(6, 4, bias=False), nn.Linear(6, 4)

    def forward(self, x):
        q, k, v = (f(x).unflatten(2, (-1, 2)).transpose(1, 2) for f in (self.q, self.k, self.v))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        return y.transpose(1, 2).flatten(2)


class Decoder(nn.Module):
    """A causal decoder layer whose memory is its input."""

    def __init__(self, **options):
        super().__init__()
        self.module = nn.TransformerDecoderLayer(6, 2, 10, 0.0, batch_first=True, **options)

    def forward(self, x):
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
        return self.module(x, x, tgt_mask=mask, tgt_is_causal=True)


def sequences():
    net = "input: [5, 6]\nlayers: [{%s}]"
    yield run("multi_head_attention", net % "multi_head_attention: {heads: 2}", SelfAttention(), (3, 5, 6))
    yield run("multi_head_attention causal", net % "multi_head_attention: {heads: 2, causal: true}", SelfAttention(causal=True), (3, 5, 6))
    for size in (6, 4):
        memory = f"input: [5, 6]\nlayers: [{{dense: {{units: {size}}}}}, {{multi_head_attention: {{heads: 2}}, inputs: [input, dense_1]}}]"
        yield run(f"multi_head_attention memory of {size}", memory, SelfAttention(memory=size), (3, 5, 6))
    names = lambda k: "transformer_encoder_1." + k
    encoder = lambda **o: nn.TransformerEncoderLayer(6, 2, 10, 0.0, batch_first=True, **o)
    yield run("transformer_encoder", net % "transformer_encoder: {heads: 2, hidden: 10}", encoder(), (3, 5, 6), names)
    yield run("transformer_encoder pre-norm", net % "transformer_encoder: {heads: 2, hidden: 10, pre_norm: true, activation: gelu}", encoder(norm_first=True, activation="gelu"), (3, 5, 6), names)
    names = lambda k: "transformer_decoder_1." + k.removeprefix("module.")
    memory = "input: [5, 6]\nlayers: [{permute: {axes: [2, 1]}}, {permute: {axes: [2, 1]}}, {transformer_decoder: {heads: 2, hidden: 10%s}, inputs: [input, permute_2]}]"
    yield run("transformer_decoder", memory % "", Decoder(), (3, 5, 6), names)
    yield run("transformer_decoder pre-norm", memory % ", pre_norm: true, activation: gelu", Decoder(norm_first=True, activation="gelu"), (3, 5, 6), names)
    yield run("rms_norm", net % "rms_norm: {epsilon: 0.01}", nn.RMSNorm(6, 0.01), (3, 5, 6), lambda k: "rms_norm_1." + k)
    yield run("positional_encoding", net % "positional_encoding: {}", Position(0, 5, 6), (2, 5, 6))
    yield run("positional_encoding learned", net % "positional_encoding: {learned: true}", Position(5, 5, 6), (2, 5, 6), lambda k: "positional_encoding_1." + k)
    positions = "input: [5, 6]\nlayers: [{positions: {size: 9, units: 6}}, {add: {}, inputs: [input, positions_1]}]"
    yield run("positions", positions, Position(9, 5, 6), (2, 5, 6), lambda k: "positions_1." + k)
    yield run("select", net % "select: {}", Lambda(lambda x: x[:, 0]), (2, 5, 6))
    yield run("select last", net % "select: {axis: -1, index: -2}", Lambda(lambda x: x[..., -2]), (2, 5, 6))
    yield run("rotary", net % "rotary: {heads: 1}", Lambda(lambda x: rotary(x, 1, 10000)), (2, 5, 6))
    yield run("attention", ATTENTION, CoreAttention(), (2, 5, 6))


ATTENTION = """input: [5, 6]
layers:
  - {name: q, dense: {units: 8}}
  - {name: k, dense: {units: 4, bias: false}, inputs: [input]}
  - {name: v, dense: {units: 4}, inputs: [input]}
  - {attention: {heads: 4, key_heads: 2, causal: true}, inputs: [q, k, v]}
"""

class Last(nn.Module):
    """The outputs of a recurrent module, or its last states, the two directions joined by merge."""

    def __init__(self, module, sequences=False, merge=None, reverse=False):
        super().__init__()
        self.module, self.sequences, self.merge, self.reverse = module, sequences, merge, reverse

    def forward(self, x):
        y, state = self.module(x.flip(1) if self.reverse else x)
        h = state[0] if isinstance(state, tuple) else state
        y = y.flip(1) if self.reverse else y
        y = y if self.sequences else torch.cat(list(h), 1)
        return self.merge(*y.chunk(2, -1)) if self.merge else y


def recurrent():
    """Ember's forms of nn.RNN, nn.LSTM and nn.GRU."""
    for key, make in {"simple_rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}.items():
        name = lambda k, key=key: f"{key}_1." + k.removeprefix("module.")
        net = "input: [4, 3]\nlayers: [{%s: {units: 5%s}}]"
        shape = (2, 4, 3)
        options = dict(batch_first=True)
        yield run(key, net % (key, ""), Last(make(3, 5, **options)), shape, name)
        yield run(key + " sequences", net % (key, ", sequences: true"), Last(make(3, 5, **options), True), shape, name, train=True)
        yield run(key + " reverse", net % (key, ", reverse: true, sequences: true, bias: false"), Last(make(3, 5, bias=False, **options), True, reverse=True), shape, name)
        both = dict(bidirectional=True, **options)
        yield run(key + " bidirectional", net % (key, ", bidirectional: true"), Last(make(3, 5, **both)), shape, name)
        yield run(key + " bidirectional sum", net % (key, ", bidirectional: true, merge: sum, sequences: true"), Last(make(3, 5, **both), True, torch.add), shape, name)
    name = lambda k: "simple_rnn_1." + k.removeprefix("module.")
    yield run("simple_rnn relu", "input: [4, 3]\nlayers: [{simple_rnn: {units: 5, activation: relu}}]", Last(nn.RNN(3, 5, nonlinearity="relu", batch_first=True)), (2, 4, 3), name)


ACTIVATIONS = {
    "relu": F.relu,
    "relu6": F.relu6,
    "leaky_relu": F.leaky_relu,
    "leaky_relu: {alpha: 0.3}": lambda x: F.leaky_relu(x, 0.3),
    "elu": F.elu,
    "elu: {alpha: 0.5}": lambda x: F.elu(x, 0.5),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "softplus": F.softplus,
    "gelu": F.gelu,
    "gelu: {approximate: true}": lambda x: F.gelu(x, approximate="tanh"),
    "softmax": lambda x: F.softmax(x, -1),
}

RESIDUAL = """input: [2, 4, 4]
layers:
  - conv2d: {filters: 3, kernel: 3, padding: same, activation: relu}
  - conv2d: {filters: 3, kernel: 3, padding: same}
  - {add: {}, inputs: [conv2d_1, conv2d_2]}
  - {name: side, conv2d: {filters: 3, kernel: 1}, inputs: [input]}
  - {add: {}, inputs: [conv2d_2, side]}
  - {multiply: {}, inputs: [add_2, conv2d_1]}
  - {concat: {axis: 1}, inputs: [add_1, multiply_1]}
"""


def losses():
    """Each loss by sample, and the gradient of their sum weighted by the cotangent."""
    classes = lambda n, k: torch.remainder(torch.arange(n) * 5 + 1, k)

    def case(name, loss, shape, target, f, scale=1.0):
        x = noise("input", shape, scale).requires_grad_()
        each = f(x, target)
        (noise("cotangent", each.shape) * each).sum().backward()
        return {"name": name, "loss": loss, "shape": list(shape), "scale": scale, "target": numbers(target.double()), "target_shape": list(target.shape),
                "integer": not target.is_floating_point(), "value": numbers(each), "grad": numbers(x.grad)}

    mean = lambda t: t.reshape(t.shape[0], -1).mean(1)
    weights = torch.tensor([1.0, 2.0, 0.5, 1.5])
    yield case("cross_entropy", "cross_entropy", (5, 4), classes(5, 4), lambda x, t: F.cross_entropy(x, t, reduction="none"), 4.0)
    yield case("cross_entropy far", "cross_entropy", (5, 4), classes(5, 4), lambda x, t: F.cross_entropy(x, t, reduction="none"), 200.0)
    yield case("cross_entropy smoothing", "{cross_entropy: {label_smoothing: 0.1}}", (5, 4), classes(5, 4), lambda x, t: F.cross_entropy(x, t, reduction="none", label_smoothing=0.1), 4.0)
    yield case("cross_entropy weights", "{cross_entropy: {class_weights: [1, 2, 0.5, 1.5]}}", (5, 4), classes(5, 4), lambda x, t: F.cross_entropy(x, t, weight=weights, reduction="none"), 4.0)
    yield case("cross_entropy weights smoothing", "{cross_entropy: {class_weights: [1, 2, 0.5, 1.5], label_smoothing: 0.2}}", (5, 4), classes(5, 4), lambda x, t: F.cross_entropy(x, t, weight=weights, reduction="none", label_smoothing=0.2), 4.0)
    yield case("cross_entropy pixels", "cross_entropy", (2, 3, 2, 2), classes(8, 3).reshape(2, 2, 2), lambda x, t: mean(F.cross_entropy(x, t, reduction="none")), 3.0)
    binary = lambda x, t: mean(F.binary_cross_entropy_with_logits(x, t, reduction="none"))
    yield case("binary_cross_entropy", "binary_cross_entropy", (5, 1), classes(5, 2).float().reshape(5, 1), binary, 4.0)
    yield case("binary_cross_entropy many", "binary_cross_entropy", (4, 3), noise("target", (4, 3), 0.5, 0.5), binary, 4.0)
    yield case("binary_cross_entropy far", "binary_cross_entropy", (6, 1), classes(6, 2).float().reshape(6, 1), binary, 300.0)
    numeric = [("mse", "mse", F.mse_loss), ("mae", "mae", F.l1_loss), ("huber", "huber", F.huber_loss), ("huber delta", "{huber: {delta: 0.3}}", lambda x, t, reduction: F.huber_loss(x, t, reduction=reduction, delta=0.3))]
    for name, loss, f in numeric:
        yield case(name, loss, (4, 2, 3), noise("target", (4, 2, 3)), lambda x, t, f=f: mean(f(x, t, reduction="none")), 2.0)


def main():
    print("{\n\"layers\": [")
    print(",\n".join(json.dumps(c) for c in layers()))
    print("],\n\"losses\": [")
    print(",\n".join(json.dumps(c) for c in losses()))
    print("]\n}")


if __name__ == "__main__":
    main()
