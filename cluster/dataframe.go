package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/emberml/ember/frame"
	"github.com/emberml/ember/spark/connect"
	"github.com/emberml/ember/spark/worker"
)

// What Spark computes, and how it is written, is told in the words of a Spark Connect
// client; see the methods of [DataFrame].
type (
	// DataFrame is a plan of rows on a Spark cluster: immutable, free to make, and
	// run by Collect, Stream, Count, Write and CreateTempView.
	DataFrame = connect.DataFrame
	// Assignment is a column with the value of a SQL expression.
	Assignment = connect.Assignment
	// Output says where a DataFrame is written, and how.
	Output = connect.Output
	// SparkError is what Spark, or the way to it, refused.
	SparkError = connect.Error
)

// What [Output] does where something is already.
const (
	ErrorIfExists = connect.ErrorIfExists // refuse
	Append        = connect.Append        // add to it
	Overwrite     = connect.Overwrite     // replace it
	Ignore        = connect.Ignore        // write nothing
)

// Spark is a session on a Spark cluster. Its methods SQL, Table, Read and Range begin
// a [DataFrame]; MapPartitions lets a function of this program work on its rows. It
// may be used by many goroutines.
type Spark struct {
	*connect.Session
	o Options

	sending  sync.Mutex
	shipment *shipment // nil until the executors have the program
}

// Connect begins a session on a Spark cluster. Of the options it takes those that
// say which cluster, how long to wait, and what to send there: Cluster, Token,
// Connect, Join, WorkerBinary and Stderr. Nothing is sent before it is needed. The
// caller closes the session.
func Connect(ctx context.Context, o Options) (*Spark, error) {
	if !strings.HasPrefix(o.Cluster, sparkConnect) {
		return nil, fmt.Errorf("%q is no Spark cluster: want sc://host:port", o.Cluster)
	}
	o = o.withDefaults()
	s, err := dialSpark(ctx, o)
	if err != nil {
		return nil, err
	}
	return &Spark{Session: s, o: o}, nil
}

// Call names a [Function] of this program, and says what it is given and gives.
type Call struct {
	Function string
	// Args are the arguments, which JSON can carry; see [Partition.Decode].
	Args any
	// Schema is the columns of the rows that come out; without it, DDL is, in
	// Spark's words: "id bigint, name string". Without both they are those that go
	// in.
	Schema frame.Schema
	DDL    string
}

// MapPartitions returns the rows that a function of this program makes of those of a
// DataFrame of this session, partition by partition, on the executors. It runs when
// the result is read, and again whenever it is. The first call ships the program.
//
// The executors need what a Python function on Arrow batches needs, Python 3 with
// pyarrow, or the server was started with PYSPARK_PYTHON=./ember. What the function
// fails with is in the [*SparkError] of whoever reads the rows. Ending the context
// with which they are read ends the functions, too, those that look at their
// context at once and the others within seconds.
func (s *Spark) MapPartitions(ctx context.Context, rows *DataFrame, c Call) (*DataFrame, error) {
	fail := func(err error) (*DataFrame, error) {
		return nil, fmt.Errorf("function %s: %w", c.Function, err)
	}
	if c.Function == "" {
		return nil, errors.New("a call without a function's name")
	}
	args, err := json.Marshal(c.Args)
	if err != nil {
		return fail(fmt.Errorf("arguments: %w", err))
	}
	schema, err := s.schemaOf(ctx, rows, c)
	if err != nil {
		return fail(err)
	}
	columns, err := schema.SparkJSON()
	if err != nil {
		return fail(err)
	}
	sent, err := s.sent(ctx)
	if err != nil {
		return fail(err)
	}
	message, err := json.Marshal(functionCall{Function: c.Function, Args: args, Schema: columns})
	if err != nil {
		return fail(err)
	}
	command, err := worker.Command(worker.Payload{Message: message, Schema: columns, Binary: sent.binary})
	if err != nil {
		return fail(err)
	}
	f := sent.function(command, schema, false)
	f.Name = c.Function
	return rows.MapPartitions(f), nil
}

// schemaOf is the columns of what a call gives.
func (s *Spark) schemaOf(ctx context.Context, rows *DataFrame, c Call) (frame.Schema, error) {
	switch {
	case len(c.Schema) > 0:
		return c.Schema, nil
	case c.DDL != "":
		return s.ParseDDL(ctx, c.DDL)
	}
	return rows.Schema(ctx)
}

// sent is the program on the executors, which have got it once.
func (s *Spark) sent(ctx context.Context) (*shipment, error) {
	s.sending.Lock()
	defer s.sending.Unlock()
	if s.shipment == nil {
		ship := &shipment{session: s.Session, server: s.Address(), named: s.o.WorkerBinary}
		if err := within(ctx, s.o.Join, func(ctx context.Context) error { return ship.send(ctx, true) }); err != nil {
			return nil, err
		}
		s.shipment = ship
	}
	return s.shipment, nil
}
