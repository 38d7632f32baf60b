#!/usr/bin/env bash
# spark.sh makes the Apache Sparks that the tests with the build tag spark start,
# in .cache/spark/<version>: a Python environment with pyspark, which holds all of
# Spark, and pyarrow, which Spark's Python workers need for mapInArrow. It does
# nothing when they are fresh: their stamps hold the hash of this script and of the
# interpreter's version. PYTHON names another interpreter than python3.11. Spark
# runs on Java 17; the Connect server of Spark 3.5 comes by Maven.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3.11}
arrow=pyarrow==26.0.1

command -v "$python" >/dev/null || {
	echo "spark.sh: $python not found: install Python 3.11 with its venv module, or set PYTHON" >&2
	exit 1
}
want=$(cat scripts/spark.sh <("$python" --version) | sha256sum | cut -d' ' -f1)

# install installs a Debian package where root runs this, and elsewhere says what is missing.
install() { # package, what it is for
	if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
		echo "spark.sh: $2 not found: install it (Debian's package is $1)" >&2
		exit 1
	fi
	echo "installing $1" >&2
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$1" >/dev/null
}

# home makes the environment of one version from pinned packages.
home() { # version, package...
	local home=.cache/spark/$1
	rm -rf "$home"
	"$python" -m venv "$home"
	"$home/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-deps \
		"pyspark==$1" "$arrow" "${@:2}" </dev/null
}

# spark43 makes Spark 4.3.
spark43() {
	home 4.3.0 py4j==0.10.9.9
	stamp 4.3.0
}

# spark35 makes Spark 3.5. Its Connect server is an artifact of its own, last published for 3.5.7.
spark35() {
	home 3.5.9 py4j==0.10.9.7
	command -v mvn >/dev/null || install maven Maven
	mvn -q -B -Dstyle.color=never dependency:copy -Dartifact=org.apache.spark:spark-connect_2.12:3.5.7 \
		-DoutputDirectory="$(echo "$PWD"/.cache/spark/3.5.9/lib/python*/site-packages/pyspark/jars)" </dev/null
	stamp 3.5.9
}

# stamp checks that nothing is missing from an environment, which --no-deps leaves open, and marks it as made.
stamp() { # version
	local home=.cache/spark/$1
	"$home/bin/python" -c 'import pyarrow, pyspark.sql, pyspark.worker'
	ls "$home"/lib/python*/site-packages/pyspark/jars/spark-connect_*.jar >/dev/null
	echo "$want" >"$home/ember.stamp"
}

fresh() { # version
	[[ $(cat ".cache/spark/$1/ember.stamp" 2>/dev/null) == "$want" ]]
}

"${JAVA_HOME:+$JAVA_HOME/bin/}java" -version 2>&1 | grep -q 'version "17\.' || install openjdk-17-jre-headless "Java 17"

mkdir -p .cache/spark
exec 9>.cache/spark/lock
! command -v flock >/dev/null || flock 9 # another may be making them

if ! fresh 4.3.0 || ! fresh 3.5.9; then
	echo "making .cache/spark with Spark 4.3.0 and 3.5.9 (1.2 GB, two minutes)" >&2
fi
jobs=()
fresh 4.3.0 || { spark43 & jobs+=($!); }
fresh 3.5.9 || { spark35 & jobs+=($!); }
for job in "${jobs[@]}"; do wait "$job"; done
