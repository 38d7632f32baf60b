#!/usr/bin/env bash
# venv.sh makes the virtual environment of Python peers in .cache/venv from
# scripts/requirements.txt. It does nothing when the environment is fresh: its
# stamp holds the hash of the scripts and of the interpreter's version. PYTHON
# names another interpreter than python3.11. On Linux it needs cc and readelf.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=.cache/venv
stamp=$venv/ember.stamp
python=${PYTHON:-python3.11}

command -v "$python" >/dev/null || {
	echo "venv.sh: $python not found: install Python 3.11 with its venv module, or set PYTHON" >&2
	exit 1
}

want=$(cat scripts/{requirements.txt,venv.sh,torch_without_cuda.py} <("$python" --version) | sha256sum | cut -d' ' -f1)
if [[ -x $venv/bin/python && $(cat "$stamp" 2>/dev/null) == "$want" ]]; then
	exit 0
fi

echo "making $venv with the Python peers (1.8 GB, a minute or two)" >&2
rm -rf "$venv"
"$python" -m venv "$venv"
# Python 3.11's own pip warns of newer ones and caches gigabytes: neither helps.
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir \
	--no-deps --only-binary :all: -r scripts/requirements.txt </dev/null

if [[ $(uname -sm) == "Linux x86_64" ]]; then
	"$venv/bin/python" scripts/torch_without_cuda.py
fi

# A missing dependency of --no-deps shows here and not in the middle of a test.
"$venv/bin/python" - <<'PY'
import numpy, onnx, onnx.reference, onnxruntime, PIL.Image, safetensors.numpy, sklearn.metrics, torch, torchvision
from tensorboard.backend.event_processing import event_accumulator
PY
echo "$want" >"$stamp"
