"""Writes cases with scikit-learn's scores as JSON: sklearn_metrics.py [SEED] > sklearn_metrics.json (scikit-learn 1.9.1, seed 0)."""

import json
import sys
import warnings

import numpy as np
import sklearn.metrics as m

warnings.simplefilter("ignore")  # a class that is never predicted is meant
rng = np.random.default_rng(int(sys.argv[1]) if len(sys.argv) > 1 else 0)


def case(name, scores, targets, weights, expect):
    listed = lambda a: None if a is None else np.round(a, 12).tolist()
    return dict(name=name, scores=listed(scores), targets=listed(targets), weights=listed(weights), expect=expect)


def averages(targets, predicted, weights, kinds):
    out = {}
    for kind in kinds:
        for key, f in (("precision", m.precision_score), ("recall", m.recall_score), ("f1", m.f1_score)):
            out[f"{key}/{kind}"] = f(targets, predicted, average=kind, sample_weight=weights, zero_division=0)
    return out


def binary(name, n, weights, digits):
    targets = rng.integers(0, 2, n)
    targets[:2] = 0, 1
    scores = np.round(np.clip(rng.normal(0.4 + 0.2 * targets, 0.25), 0, 1), digits)
    predicted = (scores > 0.5).astype(int)
    return case(name, scores, targets, weights, {
        "accuracy": m.accuracy_score(targets, predicted, sample_weight=weights),
        "auc": m.roc_auc_score(targets, scores, sample_weight=weights),
        "log_loss": m.log_loss(targets, scores, sample_weight=weights, labels=[0, 1]),
        **averages(targets, predicted, weights, ["binary", "macro", "micro", "weighted"]),
    })


def multiclass(name, n, classes, weights, unseen=False):
    # The last class stays unseen and unpredicted if asked; AUC wants all classes.
    k = classes - 1 if unseen else classes
    targets = rng.integers(0, k, n)
    targets[:k] = np.arange(k)
    logits = rng.normal(size=(n, classes))
    logits[np.arange(n), targets] += 1
    if unseen:
        logits[:, -1] = -20
    scores = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    scores = np.round(scores, 12)
    predicted = scores.argmax(1)
    labels = np.arange(classes)
    expect = {
        "accuracy": m.accuracy_score(targets, predicted, sample_weight=weights),
        "top_k/2": m.top_k_accuracy_score(targets, scores, k=2, sample_weight=weights, labels=labels),
        "log_loss": m.log_loss(targets, scores, sample_weight=weights, labels=labels),
        "confusion": m.confusion_matrix(targets, predicted, sample_weight=weights, labels=labels).tolist(),
        **averages(targets, predicted, weights, ["macro", "micro", "weighted"]),
    }
    if not unseen and weights is None:
        expect["auc"] = m.roc_auc_score(targets, scores / scores.sum(1, keepdims=True), multi_class="ovr")
    if not unseen and weights is not None:
        each = [m.roc_auc_score(targets == c, scores[:, c], sample_weight=weights) for c in range(classes)]
        expect["auc"] = float(np.mean(each))
    return case(name, scores, targets, weights, expect)


def regression(name, shape, weights, offset=0.0):
    targets = np.round(rng.normal(offset, 1, shape), 6)
    scores = np.round(targets + rng.normal(0, 0.5, shape), 6)
    return case(name, scores, targets, weights, {
        "mse": m.mean_squared_error(targets, scores, sample_weight=weights),
        "rmse": m.root_mean_squared_error(targets, scores, sample_weight=weights),
        "mae": m.mean_absolute_error(targets, scores, sample_weight=weights),
        "mape": m.mean_absolute_percentage_error(targets, scores, sample_weight=weights),
        "r2": m.r2_score(targets, scores, sample_weight=weights),
    })


def weights(n):
    w = np.round(rng.uniform(0.1, 3, n), 3)
    w[n // 2] = 0
    return w


cases = [
    binary("binary", 60, None, 12),
    binary("binary with ties", 80, None, 1),
    binary("binary with ties and weights", 80, weights(80), 1),
    multiclass("three classes", 70, 3, None),
    multiclass("seven classes, weights", 90, 7, weights(90)),
    multiclass("a class that never occurs", 40, 4, None, unseen=True),
    regression("numbers", (50,), None),
    regression("numbers far from 0", (50,), None, offset=1e6),
    regression("numbers with weights", (50,), weights(50)),
    regression("three columns with weights", (40, 3), weights(40)),
]
json.dump(cases, sys.stdout, separators=(",", ":"))
sys.stdout.write("\n")
