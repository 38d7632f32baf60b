#!/usr/bin/env bash
# services.sh installs the servers that tests with the build tag services talk to,
# in .cache/services: the S3 server versitygw, and the jars of HDFS, which need the
# machine's Java 17 and Maven (else apt's, as root). It does nothing when they are
# there: the stamp holds the hash of this script.
set -euo pipefail
cd "$(dirname "$0")/.."

versitygw=v1.8.0
hadoop=3.5.0
home=.cache/services
stamp=$home/ember.stamp

want=$(sha256sum <scripts/services.sh | cut -d' ' -f1)
if [[ $(cat "$stamp" 2>/dev/null) == "$want" ]]; then
	exit 0
fi

missing=()
command -v java >/dev/null || missing+=(openjdk-17-jre-headless)
command -v mvn >/dev/null || missing+=(maven)
if ((${#missing[@]})); then
	echo "installing ${missing[*]}" >&2
	apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
fi

echo "installing the S3 server and HDFS in $home (150 MB, minutes)" >&2
dir=$home.$$ # takes its place when all is there
trap 'rm -rf "$dir"' EXIT
mkdir -p "$dir/bin" "$dir/hdfs"
# Only what fails is worth reading.
quietly() {
	"$@" >"$dir/log" 2>&1 </dev/null || {
		cat "$dir/log" >&2
		exit 1
	}
}

GOBIN=$PWD/$dir/bin quietly go install "github.com/versity/versitygw/cmd/versitygw@$versitygw"

cat >"$dir/hdfs/pom.xml" <<POM
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>ember</groupId>
  <artifactId>hdfs</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.hadoop</groupId>
      <artifactId>hadoop-client-minicluster</artifactId>
      <version>$hadoop</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-nop</artifactId>
      <version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
POM
quietly mvn -q -B -f "$dir/hdfs/pom.xml" dependency:copy-dependencies -DoutputDirectory=lib

echo "$want" >"$dir/ember.stamp"
rm -rf "$home"
mv "$dir" "$home"
