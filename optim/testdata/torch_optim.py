"""Writes PyTorch's trajectories as JSON: torch_optim.py [SEED] > torch_optim.json (PyTorch 2.15.0, seed 0)."""

import json
import sys

import torch

STEPS = 20
torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)


def random(*shape):
    return torch.round(torch.randn(*shape, generator=generator), decimals=6)


def flat(tensors):
    return [x for t in tensors for x in t.detach().flatten().tolist()]


start = [random(2), random(1, 2)]
grads = [[random(2), random(1, 2)] for _ in range(STEPS)]


def optimizer(key, options, make, scheduler=None, schedule=None):
    """The parameters after each step, with the same gradients for all."""
    params = [torch.nn.Parameter(t.clone()) for t in start]
    opt = make(params)
    rates = scheduler(opt) if scheduler else None
    after = []
    for step in grads:
        for p, g in zip(params, step):
            p.grad = g.clone()
        opt.step()
        if rates:
            rates.step()
        after.append(flat(params))
    return dict(optimizer=f"{{{key}: {options}}}", schedule=schedule, after=after)


o = torch.optim
optimizers = [
    optimizer("sgd", "{}", lambda p: o.SGD(p, lr=0.01, foreach=False)),
    optimizer("sgd", "{lr: 0.1, weight_decay: 0.05}", lambda p: o.SGD(p, lr=0.1, weight_decay=0.05, foreach=False)),
    optimizer("sgd", "{lr: 0.1, momentum: 0.9}", lambda p: o.SGD(p, lr=0.1, momentum=0.9, foreach=False)),
    optimizer("sgd", "{lr: 0.1, momentum: 0.8, dampening: 0.3, weight_decay: 0.01}",
              lambda p: o.SGD(p, lr=0.1, momentum=0.8, dampening=0.3, weight_decay=0.01, foreach=False)),
    optimizer("sgd", "{lr: 0.1, momentum: 0.9, nesterov: true, weight_decay: 0.01}",
              lambda p: o.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01, foreach=False)),
    optimizer("adam", "{}", lambda p: o.Adam(p, foreach=False)),
    optimizer("adam", "{lr: 0.05, beta1: 0.8, beta2: 0.95, epsilon: 1e-4, weight_decay: 0.1}",
              lambda p: o.Adam(p, lr=0.05, betas=(0.8, 0.95), eps=1e-4, weight_decay=0.1, foreach=False)),
    optimizer("adam", "{lr: 0.05, beta2: 0.7, amsgrad: true}", lambda p: o.Adam(p, lr=0.05, betas=(0.9, 0.7), amsgrad=True, foreach=False)),
    optimizer("adamw", "{}", lambda p: o.AdamW(p, foreach=False)),
    optimizer("adamw", "{lr: 0.05, weight_decay: 0.2, amsgrad: true}",
              lambda p: o.AdamW(p, lr=0.05, weight_decay=0.2, amsgrad=True, foreach=False)),
    optimizer("rmsprop", "{}", lambda p: o.RMSprop(p, foreach=False)),
    optimizer("rmsprop", "{lr: 0.02, alpha: 0.9, epsilon: 1e-3, weight_decay: 0.1}",
              lambda p: o.RMSprop(p, lr=0.02, alpha=0.9, eps=1e-3, weight_decay=0.1, foreach=False)),
    optimizer("rmsprop", "{lr: 0.02, momentum: 0.7, centered: true}",
              lambda p: o.RMSprop(p, lr=0.02, momentum=0.7, centered=True, foreach=False)),
    optimizer("sgd", "{lr: 0.1}", lambda p: o.SGD(p, lr=0.1, foreach=False),
              lambda opt: o.lr_scheduler.CosineAnnealingLR(opt, STEPS, eta_min=0.02), "{cosine: {min: 0.2}}"),
]


def schedule(text, make, per_epoch):
    """The factor at each of 24 steps, 4 an epoch; PyTorch's schedulers count epochs or steps, as they are called."""
    opt = o.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    rates, factors = make(opt), []
    for step in range(24):
        factors.append(opt.param_groups[0]["lr"])
        opt.step()
        if not per_epoch or step % 4 == 3:
            rates.step()
    return dict(schedule=text, factors=factors)


s = o.lr_scheduler
linear = lambda opt, start, total: s.LinearLR(opt, start_factor=start, total_iters=total)
schedules = [
    schedule("constant", lambda opt: s.ConstantLR(opt, factor=1), True),
    schedule("{step: {epochs: 2, gamma: 0.5}}", lambda opt: s.StepLR(opt, 2, gamma=0.5), True),
    schedule("{multi_step: {milestones: [1, 4]}}", lambda opt: s.MultiStepLR(opt, [1, 4], gamma=0.1), True),
    schedule("{exponential: {gamma: 0.8}}", lambda opt: s.ExponentialLR(opt, 0.8), True),
    schedule("cosine", lambda opt: s.CosineAnnealingLR(opt, 24), False),
    schedule("{cosine: {min: 0.1}}", lambda opt: s.CosineAnnealingLR(opt, 24, eta_min=0.1), False),
    schedule("{warmup: {steps: 5, from: 0.2}}", lambda opt: linear(opt, 0.2, 5), False),
    schedule("{cosine: {}, warmup: {epochs: 2, from: 0.25}}",
             lambda opt: s.SequentialLR(opt, [linear(opt, 0.25, 8), s.CosineAnnealingLR(opt, 16)], [8]), False),
]


def clip(limit):
    params = [torch.nn.Parameter(torch.zeros_like(g)) for g in grads[0]]
    for p, g in zip(params, grads[0]):
        p.grad = g.clone()
    norm = torch.nn.utils.clip_grad_norm_(params, limit)
    return dict(limit=limit, norm=norm.item(), clipped=flat(p.grad for p in params))


json.dump(dict(
    start=flat(start), grads=[flat(g) for g in grads], optimizers=optimizers, schedules=schedules,
    clips=[clip(0.5), clip(100.0)],
), sys.stdout, separators=(",", ":"))
sys.stdout.write("\n")
