#!/usr/bin/env bash
# setup.sh makes the environments of the peers in .cache/bench: tfos, torch, bigdl and
# dl4j (2.6 GB). It does nothing for those that are there. It needs what scripts/spark.sh
# and scripts/venv.sh make, whose packages tfos and torch use; BigDL needs a Python 3.7,
# which PYTHON37 names (else pyenv's, else python3.7); DL4J needs Maven and a JDK 17.
set -euo pipefail
cd "$(dirname "$0")/../.."

bench=$PWD/.cache/bench
packages=lib/python3.11/site-packages
install=(-m pip install --quiet --disable-pip-version-check --no-cache-dir --no-deps -r)
mkdir -p "$bench"

# made runs a function that makes an environment, unless that was done with this script and these pins.
made() { # name, files that pin it
	local want
	want=$(cat bench/spark/setup.sh "${@:2}" | sha256sum)
	if [[ $(cat "$bench/$1/ember.stamp" 2>/dev/null) != "$want" ]]; then
		echo "making .cache/bench/$1" >&2
		rm -rf "${bench:?}/$1"
		"$1"
		echo "$want" >"$bench/$1/ember.stamp"
	fi
}

tfos() {
	python3.11 -m venv "$bench/tfos"
	"$bench/tfos/bin/python" "${install[@]}" bench/spark/requirements-tfos.txt </dev/null
	echo "$PWD/.cache/spark/3.5.9/$packages" >"$bench/tfos/$packages/spark.pth"
}

torch() {
	python3.11 -m venv "$bench/torch"
	"$bench/torch/bin/python" "${install[@]}" bench/spark/requirements-torch.txt </dev/null
	printf '%s\n' "$PWD/.cache/spark/4.3.0/$packages" "$PWD/.cache/venv/$packages" >"$bench/torch/$packages/spark.pth"
}

bigdl() {
	local python jars
	python=${PYTHON37:-$(ls -d "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.7.*/bin/python 2>/dev/null | tail -1)}
	"${python:=python3.7}" -m venv "$bench/bigdl"
	"$bench/bigdl/bin/python" "${install[@]}" bench/spark/requirements-bigdl.txt </dev/null
	# Java 17 runs no lambdas of the Scala library that this Spark brings.
	jars=$bench/bigdl/lib/python3.7/site-packages/pyspark/jars
	rm "$jars"/scala-library-*.jar
	mvn -q -B -Dstyle.color=never dependency:copy -Dartifact=org.scala-lang:scala-library:2.12.18 \
		-DoutputDirectory="$jars" </dev/null
}

dl4j() {
	local avx=avx2
	! grep -q avx512f /proc/cpuinfo || avx=avx512
	mvn -q -B -Dstyle.color=never -f bench/spark/dl4j -Djavacpp.platform=linux-x86_64 -Davx=$avx \
		dependency:copy-dependencies -DoutputDirectory="$bench/dl4j/jars" </dev/null
	javac -cp "$bench/dl4j/jars/*" -d "$bench/dl4j/classes" bench/spark/dl4j/ParameterAveraging.java
	jar --create --file "$bench/dl4j/jars/bench.jar" -C "$bench/dl4j/classes" .
}

scripts/spark.sh
scripts/venv.sh
made tfos bench/spark/requirements-tfos.txt
made torch bench/spark/requirements-torch.txt
made bigdl bench/spark/requirements-bigdl.txt
made dl4j bench/spark/dl4j/{pom.xml,ParameterAveraging.java}
