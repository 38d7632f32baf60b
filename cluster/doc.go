// Package cluster runs a [Job] on several workers: in this process, in processes
// of this machine, or on the executors of a Spark cluster. The workers are joined
// by a [comm.Group]; the program that started them, the driver, hears their
// events and lends them its files.
//
// A program becomes one of many workers by one call at the top of main:
//
//	func main() { cluster.Main(cluster.Jobs{"train": train}) }
//
//	func train(ctx context.Context, w *cluster.Worker) error {
//		…
//		return w.Group.AllReduce(ctx, gradients)
//	}
//
// [Main] gives the program a command line: prog --cluster local:4. A program with
// a command line of its own calls [Serve] first and [Run] where it wants workers.
//
// # Rows on Spark
//
// [Connect] begins a session on a Spark cluster: SQL, tables and files are plans, a
// [DataFrame] each, and a [Function] of the program works on their rows where they
// are:
//
//	cluster.Serve(cluster.Functions{"clean": clean}) // first in main
//	spark, err := cluster.Connect(ctx, cluster.Options{Cluster: "sc://host:15002"})
//	rows, err := spark.MapPartitions(ctx, spark.Table("raw"), cluster.Call{Function: "clean"})
//	err = rows.Write(ctx, cluster.Output{Table: "cleaned"})
//
// # Files
//
// The context of a job knows the scheme driver: of package storage. The name
// driver://out/m.onnx is the driver's file out/m.onnx, if the driver allows it;
// see [Options].
//
// # Losses
//
// A worker that is lost (killed, stopped, cut off) ends its generation: the others
// are ended too, and a new generation of workers begins, whose [Worker.Checkpoint]
// names the last checkpoint that was reported. An error that the job itself returns
// ends the run: it is a [*JobError]. Every wait has a deadline, and the [*Error] at
// its end names who is missing.
//
// # Security
//
// The driver has one port, on loopback for workers of this machine. Workers need a
// certificate of the job's own authority and the job's token, which they get by
// pipe. A stranger is dropped before it has said anything that is kept.
package cluster
