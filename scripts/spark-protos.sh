#!/usr/bin/env bash
# spark-protos.sh writes the Go code of Spark Connect's protocol, spark/connect/internal/sparkpb, anew. The .proto files
# come out of the jar of the Spark 4.3.0 that scripts/spark.sh made (SPARK_HOME names another one), protoc out of PyPI's
# grpcio-tools, the plug-ins out of tools/go.mod: all pinned, so that the result is the same everywhere.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3.11}
home=${SPARK_HOME:-.cache/spark/4.3.0/lib/python3.11/site-packages/pyspark}
protoc=.cache/protoc # grpcio-tools
module=github.com/emberml/ember
package=spark/connect/internal/sparkpb
grpcio_tools=1.85.1

# All but example_plugins.proto, which nothing imports.
protos=({base,catalog,commands,common,expressions,ml,ml_common,pipelines,relations,types}.proto)

jar=$(compgen -G "$home/jars/spark-connect_2.13-4.3.0.jar") || {
	echo "spark-protos.sh: no spark-connect_2.13-4.3.0.jar in $home/jars: run scripts/spark.sh, or set SPARK_HOME" >&2
	exit 1
}
if [[ ! -d $protoc/grpcio_tools-$grpcio_tools.dist-info ]]; then
	rm -rf "$protoc"
	# protoc itself needs none of the package's dependencies.
	"$python" -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-deps --only-binary :all: \
		--root-user-action ignore --target "$protoc" "grpcio-tools==$grpcio_tools" </dev/null
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$python" -m zipfile -e "$jar" "$scratch/jar"
for plugin in protoc-gen-go protoc-gen-go-grpc; do
	printf '#!/bin/sh\nexec go tool -modfile="%s/tools/go.mod" %s\n' "$PWD" "$plugin" >"$scratch/$plugin"
	chmod +x "$scratch/$plugin"
done

options=()
for proto in "${protos[@]}"; do # the files name a Go package of their own; ours is this one
	options+=("--go_opt=Mspark/connect/$proto=$module/$package;sparkpb")
	options+=("--go-grpc_opt=Mspark/connect/$proto=$module/$package;sparkpb")
done
mkdir "$scratch/out"
PYTHONPATH=$protoc PATH=$scratch:$PATH "$python" -m grpc_tools.protoc -I "$scratch/jar" \
	--go_out="$scratch/out" --go-grpc_out="$scratch/out" "${options[@]}" "${protos[@]/#/spark/connect/}"

find "$package" -name '*.pb.go' -delete
cp "$scratch/out/$module/$package"/*.pb.go "$package"
go tool -modfile=tools/go.mod gofumpt -w "$package"
