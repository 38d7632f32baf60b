"""PyTorch as a peer of bench/engine: eager, or with --compile through torch.compile."""

import argparse

import torch
from torch.nn import functional as F

import serve
import torch_nets
from serve import Skip, noise, some

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--compile", action="store_true")
options = parser.parse_args()
torch.set_num_threads(options.threads)
torch.set_num_interop_threads(1)
compiled = torch.compile if options.compile else lambda f: f


def numbers(name, *shape, scale=1.0):
    return torch.from_numpy(noise(name, shape, scale))


def repeat(step):
    """A run of so many iterations of a step."""

    def run(n):
        for _ in range(n):
            step()

    return run


# The loop over small products is TorchScript, whose calls cost less than Python's.
@torch.jit.script
def products(a: torch.Tensor, b: torch.Tensor, out: torch.Tensor, n: int):
    for _ in range(n):
        torch.matmul(a, b, out=out)


def gemm(work, _):
    if options.compile:
        raise Skip("one call: nothing to compile")
    m, n, k, count = [*work["shape"], 1][:4]
    batch = (count,) if count > 1 else ()
    trans = work.get("trans", "nn")
    a = numbers("a", *batch, *((m, k) if trans[0] == "n" else (k, m)))
    b = numbers("b", *batch, *((k, n) if trans[1] == "n" else (n, k)))
    a, b = a.mT if trans[0] == "t" else a, b.mT if trans[1] == "t" else b
    if work["dtype"] == "int8":
        a, b = (a * 127).to(torch.int8), (b * 127).to(torch.int8)
        out = torch._int_mm(a, b)
        return repeat(lambda: torch._int_mm(a, b)), some(out.double())
    kind = {"float32": torch.float32, "bfloat16": torch.bfloat16}[work["dtype"]]
    a, b = a.to(kind), b.to(kind)
    out = torch.empty(*batch, m, n, dtype=kind)
    products(a, b, out, 1)
    return (lambda n: products(a, b, out, n)), some(out.float())


def model(work):
    net = torch_nets.build(work)
    with torch.no_grad():
        for name, t in net.state_dict().items():
            if not name.endswith("num_batches_tracked"):
                t.copy_(torch.from_numpy(serve.parameter(name, t.shape)))
    return net


def train(work, data):
    x, y = data
    net = model(work).train()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, fused=True)
    if work["net"] == "autoencoder":
        loss = compiled(lambda: F.mse_loss(net(x), x))
    else:
        loss = compiled(lambda: F.cross_entropy(net(x), y))

    def step():
        optimizer.zero_grad()
        value = loss()
        value.backward()
        optimizer.step()
        return value

    check = [step().item() for _ in range(3)]
    for group in optimizer.param_groups:
        group["lr"] = 1e-9  # so that a long run does not end in zeros and denormals
    return repeat(step), check


@torch.inference_mode()
def infer(work, data):
    x, _ = data
    net = compiled(model(work).eval())

    @torch.inference_mode()
    def step():
        return net(x)

    return repeat(step), some(step())


def adam(work):
    p = torch.nn.Parameter(numbers("p", *work["shape"]))
    p.grad = numbers("g", *work["shape"])
    optimizer = torch.optim.Adam([p], lr=1e-3, fused=True)
    for _ in range(3):
        optimizer.step()
    check = some(p.detach())
    return repeat(optimizer.step), check


OPS = {
    "softmax": lambda x, y: torch.softmax(x, -1),
    "layernorm": lambda x, y: F.layer_norm(x, x.shape[-1:], y[0], y[1]),
    "gelu": lambda x, y: F.gelu(x),
    "chain": lambda x, y: F.relu(x * y + x) * 0.5 + y,
}


def op(work, _):
    if work["op"] == "adam":
        if options.compile:
            raise Skip("fused already")
        return adam(work)
    x, y = numbers("x", *work["shape"]), numbers("y", *work["shape"])
    f = compiled(OPS[work["op"]])

    @torch.inference_mode()
    def step():
        return f(x, y)

    return repeat(step), some(step())


def start(work):
    torch.compiler.reset() if options.compile else None
    if work["kind"] not in ("train", "infer"):
        return None
    x = torch.from_numpy(serve.samples(work))
    return x, torch.from_numpy(serve.classes(work)) if work.get("classes") else x


def prepare(work, data):
    kinds = {"gemm": gemm, "train": train, "infer": infer, "op": op}
    if work["kind"] not in kinds:
        raise Skip(f"PyTorch has no {work['kind']}")
    return kinds[work["kind"]](work, data)


serve.serve(prepare, start)
