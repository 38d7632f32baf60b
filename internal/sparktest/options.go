package sparktest

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// The versions of Spark that scripts/spark.sh installs, newest first.
const (
	Spark43 = "4.3.0"
	Spark35 = "3.5.9" // no Token: its Connect server cannot ask for one
)

// Options describe a cluster. The zero value is Spark 4.3 with two executors of one core that run Python with pyarrow.
type Options struct {
	Version           string            // default Spark43
	Executors         int               // default 2
	Cores             int               // of each executor; default 1
	Standalone        bool              // a master and a worker daemon for each executor; default local-cluster, the same in the driver's JVM
	DynamicAllocation bool              // executors come, up to their number, with the tasks; Spark then refuses barrier stages
	Network           *Network          // Standalone: executor i runs on host i, the master and the Connect server on host 0; default this machine
	Python            string            // PYSPARK_PYTHON; default the version's own Python, which has pyarrow
	Token             string            // what clients of the Connect server must present; default none
	Conf              map[string]string // more of Spark's configuration; wins over what the cluster sets by itself
}

func (o Options) withDefaults() Options {
	o.Version = cmp.Or(o.Version, Spark43)
	o.Executors = cmp.Or(o.Executors, 2)
	o.Cores = cmp.Or(o.Cores, 1)
	return o
}

// key is the same for equal options only: fmt prints maps sorted.
func (o Options) key() string { return fmt.Sprintf("%+v", o.withDefaults()) }

// workerMemory bounds the executors of one Spark worker, in MiB. Their heap is set by spark.executor.memory.
const workerMemory = 4096

// properties returns Spark's configuration as the text of a properties file. It is small on memory and threads, as several
// JVMs share the two cores that run the tests.
func (o Options) properties(master, dir string) string {
	java := "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData -Djava.io.tmpdir=" + dir
	conf := map[string]string{
		"spark.master":                       cmp.Or(master, fmt.Sprintf("local-cluster[%d,%d,%d]", o.Executors, o.Cores, workerMemory)),
		"spark.ui.enabled":                   "false",
		"spark.driver.host":                  o.address(0),
		"spark.driver.bindAddress":           o.address(0),
		"spark.driver.memory":                "768m",
		"spark.driver.extraJavaOptions":      java,
		"spark.executor.memory":              "512m",
		"spark.executor.cores":               strconv.Itoa(o.Cores),
		"spark.executor.extraJavaOptions":    java,
		"spark.sql.warehouse.dir":            filepath.Join(dir, "warehouse"),
		"spark.connect.grpc.binding.address": o.address(0),
		"spark.connect.grpc.binding.port":    "0",
	}
	if o.DynamicAllocation {
		conf["spark.dynamicAllocation.enabled"] = "true"
		conf["spark.dynamicAllocation.shuffleTracking.enabled"] = "true"
		conf["spark.dynamicAllocation.maxExecutors"] = strconv.Itoa(o.Executors)
	}
	if o.Token != "" {
		conf["spark.connect.authenticate.token"] = o.Token
	}
	maps.Copy(conf, o.Conf)
	var text strings.Builder
	for _, key := range slices.Sorted(maps.Keys(conf)) {
		fmt.Fprintf(&text, "%s %s\n", key, conf[key])
	}
	return text.String()
}
