// Package sparktest starts real Apache Sparks for the tests with the build tag spark, on Linux: [Start] one for a test,
// [Shared] one for all tests of a package that ask for the same [Options].
//
// A cluster is a Spark Connect server and its executors, every one a process of this machine that listens on 127.0.0.1 and a
// port of its own; with a [Network], of a host of its own. scripts/spark.sh makes what it needs in .cache/spark; the environment variable EMBER_SPARK_HOMES names
// another folder that holds an environment for each version. Start-up takes 5 to 15 seconds.
//
// All processes of a cluster, those that Ember starts on its executors too, carry a mark in their environment. By it they are
// found ([Cluster.Executors], [Cluster.Workers]) and killed when the test ends. When the test's own process dies, the kernel
// ends the server, and the executors follow. A package that uses Shared stops its clusters in TestMain:
//
//	func TestMain(m *testing.M) { os.Exit(sparktest.Main(m)) }
package sparktest
