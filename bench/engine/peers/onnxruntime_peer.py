"""ONNX Runtime as a peer of bench/engine: it runs the file that Ember wrote."""

import argparse

import onnxruntime

import serve
from serve import Skip, some

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--threads", type=int, default=1)
options = parser.parse_args()


def prepare(work, x):
    if work["kind"] != "infer":
        raise Skip("ONNX Runtime infers only")
    if not work.get("file"):
        raise Skip("Ember wrote no file")
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads, settings.inter_op_num_threads = options.threads, 1
    session = onnxruntime.InferenceSession(work["file"], settings, providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: x}

    def run(n):
        for _ in range(n):
            session.run(None, feed)

    return run, some(session.run(None, feed)[0])


serve.serve(prepare, lambda work: serve.samples(work) if work["kind"] == "infer" else None)
