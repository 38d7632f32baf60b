"""Prints what PyPI's tensorboard reads in a folder of event files as JSON: read_events.py DIR."""

import json
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

out = {}
for part in ("train", "valid", "test"):
    events = EventAccumulator(f"{sys.argv[1]}/{part}", size_guidance={"scalars": 0, "histograms": 0, "tensors": 0})
    events.Reload()
    tags = events.Tags()
    out[part] = {
        "scalars": {tag: [[e.step, repr(e.value)] for e in events.Scalars(tag)] for tag in tags["scalars"]},
        "histograms": {
            tag: [[e.step, h.min, h.max, h.num, h.sum, h.sum_squares, len(h.bucket_limit), sum(h.bucket)]
                  for e in events.Histograms(tag) for h in [e.histogram_value]]
            for tag in tags["histograms"]
        },
        "texts": {
            tag: [e.tensor_proto.string_val[0].decode() for e in events.Tensors(tag)]
            for tag in tags["tensors"]
            if events.SummaryMetadata(tag).plugin_data.plugin_name == "text"
        },
        "wall": events.FirstEventTimestamp(),
    }
json.dump(out, sys.stdout, indent=1, sort_keys=True)
