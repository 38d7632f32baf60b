#!/usr/bin/env bash
# setup.sh makes the environments of the peers: .cache/venv (PyTorch, ONNX Runtime, NumPy) by
# scripts/venv.sh, and .cache/bench/engine/tensorflow (2 GB). It does nothing for those that are there.
set -euo pipefail
cd "$(dirname "$0")/../.."

scripts/venv.sh
venv=.cache/bench/engine/tensorflow
want=$(sha256sum <bench/engine/peers/requirements.txt)
if [[ $(cat $venv/ember.stamp 2>/dev/null) != "$want" ]]; then
	echo "making $venv" >&2
	rm -rf $venv
	python3.11 -m venv $venv
	$venv/bin/python -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-deps \
		-r bench/engine/peers/requirements.txt </dev/null
	echo "$want" >$venv/ember.stamp
fi
