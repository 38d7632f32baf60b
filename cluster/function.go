package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/emberml/ember/frame"
	"github.com/emberml/ember/spark/worker"
)

// Function makes rows of the rows of one partition of a [DataFrame], on the executor
// that has them; see [Spark.MapPartitions]. Spark runs it again where an executor is
// lost, so it should do nothing but write its rows.
type Function func(ctx context.Context, p *Partition) error

// Functions are the functions of a program by name. The program that calls them and
// the one on the executors are the same, and have the same functions.
type Functions map[string]Function

// Partition is what a function knows of its place, and how it reads and writes.
type Partition struct {
	Number  int             // from 0
	Host    string          // name of the executor's machine
	Threads int             // cores of the executor that are this task's
	Args    json.RawMessage // [Call].Args
	// Rows gives the rows, batch by batch, once. A function need not read all.
	Rows iter.Seq2[*frame.Frame, error]
	// Write gives rows back. They have the columns of the call, in any order. One
	// goroutine at a time writes.
	Write func(*frame.Frame) error
}

// Decode reads the arguments into a value.
func (p *Partition) Decode(args any) error {
	if err := json.Unmarshal(p.Args, args); err != nil {
		return fmt.Errorf("arguments of the function: %w", err)
	}
	return nil
}

// functionCall is the message to a task that runs a function.
type functionCall struct {
	Function string          `json:"function"`
	Args     json.RawMessage `json:"args"`
	Schema   string          `json:"schema"` // of what it writes, in Spark's JSON
}

// run is the task of a call.
func (c *functionCall) run(ctx context.Context, functions Functions, t *worker.Task) error {
	f := functions[c.Function]
	if f == nil {
		return fmt.Errorf("the program has no function %q; it has %s", c.Function, strings.Join(slices.Sorted(maps.Keys(functions)), ", "))
	}
	schema, err := frame.ParseSparkJSON(c.Schema)
	if err != nil {
		return err
	}
	p := &Partition{
		Number: t.Partition, Host: t.Host, Threads: max(1, t.CPUs), Args: c.Args,
		Rows: rowsOf(ctx, t.Next),
		Write: func(f *frame.Frame) error {
			out, err := arrange(f, schema)
			if err != nil {
				return fmt.Errorf("rows that are not of the columns %v: %w", schema, err)
			}
			return t.Write(out)
		},
	}
	if err := f(ctx, p); err != nil {
		return fmt.Errorf("function %s: %w", c.Function, err)
	}
	return nil
}

// rowsOf gives frames until there are no more, or the context ends.
func rowsOf(ctx context.Context, next func() (*frame.Frame, error)) iter.Seq2[*frame.Frame, error] {
	return func(yield func(*frame.Frame, error) bool) {
		for {
			f, err := next()
			if ctx.Err() != nil {
				f, err = nil, context.Cause(ctx)
			}
			if err == io.EOF || !yield(f, err) || err != nil {
				return
			}
		}
	}
}

// arrange returns the columns of a frame in the order of a schema, and under its
// types.
func arrange(f *frame.Frame, schema frame.Schema) (*frame.Frame, error) {
	if len(f.Schema()) != len(schema) {
		return nil, fmt.Errorf("they have the columns %v", f.Schema())
	}
	columns := make([]*frame.Column, len(schema))
	for i, field := range schema {
		if columns[i] = f.ByName(field.Name); columns[i] == nil {
			return nil, fmt.Errorf("they have the columns %v", f.Schema())
		}
	}
	return frame.New(schema, columns...)
}
