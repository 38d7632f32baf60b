#!/usr/bin/env bash
# fuzz.sh runs every fuzz target of the module for the given time, one after
# the other, and stops at the first that finds something. go test keeps the
# input in the package's testdata/fuzz: commit it with the repair.
set -euo pipefail
cd "$(dirname "$0")/.."

fuzztime=${1:?usage: fuzz.sh TIME, for instance 10s}

git ls-files -co --exclude-standard '*_test.go' | xargs grep -oE '^func Fuzz\w+' |
	while IFS=: read -r file func; do
		target=${func#func }
		printf '%s %s\n' "$(dirname "$file")" "$target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$fuzztime" "./$(dirname "$file")" </dev/null
	done
