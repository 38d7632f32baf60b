#!/usr/bin/env bash
# feed.sh trains for an epoch on a table of so many GB (default 10) that Spark feeds to
# two workers, each of which a control group limits to 1 GiB: Python worker and Ember
# together, files in the kernel's cache included. It fails if one is killed, or if not
# every row is trained on once, and prints what the feeding took.
#
#   make size && scripts/spark.sh && sudo bench/feed/feed.sh 10
#
# Spark makes the rows: a label and 4 KiB of bytes. The disk has to hold twice the table,
# its shuffled copy and what the workers spill, in a folder of the temporary directory
# TMPDIR. EMBER names another binary than that of make size, ROW another length of a row, a
# multiple of 64, MIB another limit (at 96 a worker is killed). Needs root, for the groups.
set -euo pipefail
cd "$(dirname "$0")/../.."

gigabytes=${1:-10}
ember=$(realpath "${EMBER:-.cache/size/ember}")
spark=$(realpath .cache/spark/4.3.0)
workers=2
limit=$((${MIB:-1024} << 20))
row=${ROW:-4096}
rows=$((gigabytes * 1000 * 1000 * 1000 / row))

die() { # message
	echo "feed.sh: $1" >&2
	exit 1
}

[[ $(id -u) == 0 ]] || die "run it as root, who alone may make control groups"
[[ -x $ember ]] || die "no $ember: run make size"
[[ -x $spark/bin/python ]] || die "no $spark: run scripts/spark.sh"

# A version of control groups names a limit, what is in use, and what was killed.
if [[ -e /sys/fs/cgroup/memory/memory.limit_in_bytes ]]; then
	version=1 mount=/sys/fs/cgroup/memory
	limit_file=memory.limit_in_bytes anonymous=total_rss kills=memory.oom_control
elif grep -qw memory /sys/fs/cgroup/cgroup.controllers 2>/dev/null; then
	version=2 mount=/sys/fs/cgroup
	limit_file=memory.max anonymous=anon kills=memory.events
else
	die "this machine's kernel shows no memory controller in /sys/fs/cgroup"
fi

dir=$(mktemp -d "${TMPDIR:-/tmp}/ember-feed-XXXXXX")
group=$mount/$(basename "$dir")
server=

# members prints the processes in the groups.
members() { cat "$group"/*/cgroup.procs 2>/dev/null || true; }

cleanup() {
	trap - EXIT
	if [[ -n $server ]]; then
		kill -KILL -- "-$server" 2>/dev/null || true
		wait "$server" 2>/dev/null || true
	fi
	# The last to end leaves its group a moment later.
	for _ in {1..100}; do
		members | xargs -r kill -KILL 2>/dev/null || true
		if ! find "$group" -mindepth 1 -type d -exec rmdir {} + 2>/dev/null; then
			sleep 0.1
		else
			break
		fi
	done
	[[ ! -d $group ]] || rmdir "$group" || true
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

free=$(df --output=avail -B1 "$dir" | tail -1)
((free > gigabytes * 2400 * 1000 * 1000)) || die "$dir has $((free / 1000000000)) GB free: too few for $gigabytes GB twice"

mkdir "$group"
if [[ $version == 2 ]]; then
	{ echo +memory >"$mount/cgroup.subtree_control" && echo +memory >"$group/cgroup.subtree_control"; } ||
		die "the memory controller cannot be handed to groups below $mount: inside a container, run it outside"
fi

# The Python daemon of an executor enters a group of its own, and so do the workers that it forks and their Ember.
cat >"$dir/python" <<WRAPPER
#!/bin/sh
set -e
mine=\$(mktemp -d $group/executor-XXXXXX)
echo $limit >"\$mine/$limit_file"
[ $version = 1 ] || echo 0 >"\$mine/memory.swap.max" 2>/dev/null || true
echo \$\$ >"\$mine/cgroup.procs"
exec $spark/bin/python "\$@"
WRAPPER
chmod +x "$dir/python"

mkdir "$dir/home" "$dir/local"
for name in bin jars python; do
	ln -s "$spark"/lib/python3.11/site-packages/pyspark/$name "$dir/home/$name"
done
java="-XX:+UseSerialGC -XX:-UsePerfData -Djava.io.tmpdir=$dir"
cat >"$dir/spark.properties" <<CONF
spark.master local-cluster[$workers,1,2048]
spark.driver.memory 768m
spark.executor.memory 1g
spark.executor.cores 1
spark.driver.host 127.0.0.1
spark.driver.bindAddress 127.0.0.1
spark.driver.extraJavaOptions $java
spark.executor.extraJavaOptions $java
spark.local.dir $dir/local
spark.sql.warehouse.dir $dir/warehouse
spark.ui.enabled false
spark.connect.grpc.binding.address 127.0.0.1
spark.connect.grpc.binding.port 0
CONF
SPARK_HOME=$dir/home PYSPARK_PYTHON=$dir/python setsid "$dir/home/bin/spark-submit" --properties-file "$dir/spark.properties" \
	--class org.apache.spark.sql.connect.service.SparkConnectServer spark-internal >"$dir/spark.log" 2>&1 </dev/null &
server=$!
for _ in {1..600}; do
	port=$(sed -nE 's/.*Spark Connect server started at: \S*:([0-9]+).*/\1/p' "$dir/spark.log")
	[[ -z $port ]] || break
	kill -0 "$server" 2>/dev/null || break
	sleep 0.2
done
[[ -n $port ]] || die "Spark's Connect server did not start: $(tail -5 "$dir/spark.log")"

# The digits of a hash over and over: rows that differ and cost Spark little to make.
query="SELECT CAST(id % 10 AS INT) AS label, CAST(repeat(sha2(CAST(id AS STRING), 256), $((row / 64))) AS BINARY) AS pixels FROM range($rows)"
echo "feeding $rows rows of $row bytes to $workers workers of $((limit >> 20)) MiB (control groups, version $version)"
begin=$(date +%s%N)
"$ember" train bench/feed/net.yaml --data "spark:$query" --target label --set "input=[$row]" --cluster "sc://127.0.0.1:$port" --workers $workers \
	--json -v --out "$dir/model.onnx" >"$dir/events" 2>"$dir/ember.log" &
training=$!

# spilled prints the bytes in the workers' files of rows.
spilled() {
	local sum=0 fd
	for fd in $(members | sed 's,.*,/proc/&/fd,' | xargs -r -I{} find {} -lname '*ember-rows-*' 2>/dev/null); do
		sum=$((sum + $(stat -Lc %s "$fd" 2>/dev/null || echo 0)))
	done
	echo $sum
}

# number prints the number behind a word in a file of each group, and the largest of them.
largest() { # word, file
	cat "$group"/*/"$2" 2>/dev/null | awk -v word="$1" '$1 == word && $2 > most { most = $2 } END { print most + 0 }'
}

peak=0 disk=0 fed=
while kill -0 $training 2>/dev/null; do
	now=$(largest $anonymous memory.stat) && ((now <= peak)) || peak=$now
	now=$(spilled) && ((now <= disk)) || disk=$now
	if [[ -z $fed ]] && grep -q '"event":"step"' "$dir/events"; then fed=$(date +%s%N); fi
	sleep 0.5
done
status=0
wait $training || status=$?
end=$(date +%s%N)
killed=$(largest oom_kill $kills)

seconds() { awk -v ns=$(($2 - $1)) 'BEGIN { printf "%.1f", ns / 1e9 }'; }
echo "the most that a group held beside the cache of files: $((peak >> 20)) MiB; killed for memory: $killed; spilled: $((disk / 1000000)) MB"
if ((status != 0 || killed != 0)); then
	tail -20 "$dir/ember.log" >&2
	die "ember ended with $status"
fi
trained=$(sed -nE '/"event":"epoch"/s/.*"samples":([0-9]+).*/\1/p' "$dir/events" | tail -1)
[[ $trained == "$rows" ]] || die "trained on ${trained:-no} samples, want $rows"
fed=${fed:-$end}
echo "submit to first step: $(seconds "$begin" "$fed") s, $((rows * row * 1000 / ((fed - begin) / 1000000) / 1000000)) MB/s with Spark's making and shuffling of the rows"
echo "the epoch: $(seconds "$fed" "$end") s, $((rows * 1000 / ((end - fed) / 1000000 + 1))) rows/s"
