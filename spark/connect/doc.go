// Package connect is a client of Spark Connect, for Spark 3.5 to 4.3: it builds plans, runs them on the user's cluster and
// reads their rows as frames.
//
//	s, err := connect.Dial(ctx, connect.Options{Remote: "sc://host:15002/;use_ssl=true", Token: token})
//	defer s.Close()
//	df, err := s.SQL(ctx, "SELECT label, pixels FROM digits")
//	for f, err := range df.Filter("label < 5").Stream(ctx) { … }
//
// A [Session] is one session on the server: views, configuration and artifacts belong to it. A [DataFrame] is a plan,
// immutable and free; Collect, Stream, Count, Write and CreateTempView run it. Whatever runs survives cut connections:
// the client attaches again to its operation and goes on behind the last answer that it saw. A canceled context cancels
// the work on the cluster, too; that of a client that was killed ends on the cluster when nobody has asked for it for
// spark.connect.execute.manager.detachedTimeout, five minutes unless the server was started with another value: no client
// can set it. What Spark refuses is an [Error], with Spark's own words, error class and SQL state.
package connect
