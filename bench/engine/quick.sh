#!/usr/bin/env bash
# quick.sh compares the speed of the working tree with that of the commit before it (BASE names
# another one), in under three minutes, and fails if a work is slower by more than 5 % beyond noise.
# Arguments go to bench/engine.
set -euo pipefail
cd "$(dirname "$0")/../.."

cache=$PWD/.cache/bench/engine
base=${BASE:-$(git diff --quiet HEAD -- && echo HEAD~1 || echo HEAD)}
base=$(git rev-parse --verify --quiet "$base^{commit}")
if [[ ! -x $cache/before-$base ]]; then
	rm -rf "$cache"/before*
	mkdir -p "$cache/before"
	git archive "$base" | tar -x -C "$cache/before"
	(cd "$cache/before" && go build -o "$cache/before-$base" ./bench/engine)
	rm -rf "$cache/before"
fi
go build -o "$cache/engine" ./bench/engine
"$cache/engine" -against "$cache/before-$base" -threads 1 -rounds 15 -seconds 2.5 \
	-rows gemm256,gemm-small,train-small,train-sequence,ops "$@"
