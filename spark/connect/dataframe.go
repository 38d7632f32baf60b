package connect

import (
	"context"
	"fmt"

	"github.com/emberml/ember/frame"
	pb "github.com/emberml/ember/spark/connect/internal/sparkpb"
)

// DataFrame is a plan: what rows to compute, not the rows. It is immutable; its methods return new ones, at no cost. A
// mistake in it, such as an unknown column, shows when it runs or when its Schema is asked for.
type DataFrame struct {
	s    *Session
	plan *pb.Relation
}

// SQL runs a statement and returns its rows: a query runs when they are read, any other statement now, and once.
func (s *Session) SQL(ctx context.Context, query string) (*DataFrame, error) {
	what := "run " + brief(query)
	command := &pb.SqlCommand{Input: &pb.Relation{RelType: &pb.Relation_Sql{Sql: &pb.SQL{Query: query}}}}
	if !s.atLeast(4, 0) {
		//lint:ignore SA1019 Spark 3.5 does not know the newer field
		command = &pb.SqlCommand{Sql: query}
	}
	var result *pb.Relation
	for resp, err := range s.execute(what, &pb.Plan{OpType: &pb.Plan_Command{Command: &pb.Command{
		CommandType: &pb.Command_SqlCommand{SqlCommand: command},
	}}}).responses(ctx) {
		if err != nil {
			return nil, err
		}
		if r := resp.GetSqlCommandResult(); r != nil {
			result = r.GetRelation()
		}
	}
	if result == nil {
		return nil, &Error{Op: what, Message: "the server gave no result"}
	}
	return &DataFrame{s, result}, nil
}

// brief is a statement as errors quote it.
func brief(query string) string {
	const enough = 80
	if len(query) <= enough {
		return query
	}
	return query[:enough] + "…"
}

// Table returns the rows of a table or view; global temporary views are "global_temp.name".
func (s *Session) Table(name string) *DataFrame {
	return s.frame(&pb.Relation{RelType: &pb.Relation_Read{Read: &pb.Read{
		ReadType: &pb.Read_NamedTable_{NamedTable: &pb.Read_NamedTable{UnparsedIdentifier: name}},
	}}})
}

// Read returns the rows of files or of another source of that format, such as "parquet", with the options of Spark's
// reader. There may be no path.
func (s *Session) Read(format string, options map[string]string, paths ...string) *DataFrame {
	return s.frame(&pb.Relation{RelType: &pb.Relation_Read{Read: &pb.Read{
		ReadType: &pb.Read_DataSource_{DataSource: &pb.Read_DataSource{Format: &format, Options: options, Paths: paths}},
	}}})
}

// Range returns the one column "id" with the numbers from start, by step, below end, in that many partitions; 0 leaves
// their number to Spark.
func (s *Session) Range(start, end, step int64, partitions int) *DataFrame {
	r := &pb.Range{Start: &start, End: end, Step: step}
	if partitions > 0 {
		r.NumPartitions = int32Ptr(partitions)
	}
	return s.frame(&pb.Relation{RelType: &pb.Relation_Range{Range: r}})
}

func (s *Session) frame(plan *pb.Relation) *DataFrame { return &DataFrame{s, plan} }

func int32Ptr(n int) *int32 { v := int32(n); return &v }

// expressions are SQL text, which the server parses.
func expression(sql string) *pb.Expression {
	return &pb.Expression{ExprType: &pb.Expression_ExpressionString_{ExpressionString: &pb.Expression_ExpressionString{Expression: sql}}}
}

func expressions(sql []string) []*pb.Expression {
	out := make([]*pb.Expression, len(sql))
	for i, e := range sql {
		out[i] = expression(e)
	}
	return out
}

// Select returns columns computed by SQL expressions, such as "label", "x / 255 AS x", "*" or "max(x)".
func (d *DataFrame) Select(sql ...string) *DataFrame {
	return d.s.frame(&pb.Relation{RelType: &pb.Relation_Project{Project: &pb.Project{Input: d.plan, Expressions: expressions(sql)}}})
}

// Filter returns the rows for which a SQL condition is true.
func (d *DataFrame) Filter(sql string) *DataFrame {
	return d.s.frame(&pb.Relation{RelType: &pb.Relation_Filter{Filter: &pb.Filter{Input: d.plan, Condition: expression(sql)}}})
}

// Assignment is a column of that name, new or replaced, with the value of a SQL expression.
type Assignment struct{ Name, SQL string }

// WithColumns returns the columns of d and those that are assigned; all expressions see the columns of d.
func (d *DataFrame) WithColumns(columns ...Assignment) *DataFrame {
	aliases := make([]*pb.Expression_Alias, len(columns))
	for i, c := range columns {
		aliases[i] = &pb.Expression_Alias{Expr: expression(c.SQL), Name: []string{c.Name}}
	}
	return d.s.frame(&pb.Relation{RelType: &pb.Relation_WithColumns{WithColumns: &pb.WithColumns{Input: d.plan, Aliases: aliases}}})
}

// Limit returns no more than n rows.
func (d *DataFrame) Limit(n int) *DataFrame {
	return d.s.frame(&pb.Relation{RelType: &pb.Relation_Limit{Limit: &pb.Limit{Input: d.plan, Limit: int32(n)}}})
}

// Union returns the rows of d and of other, duplicates too, matching columns by name.
func (d *DataFrame) Union(other *DataFrame) *DataFrame {
	yes := true
	return d.s.frame(&pb.Relation{RelType: &pb.Relation_SetOp{SetOp: &pb.SetOperation{
		LeftInput: d.plan, RightInput: other.plan, SetOpType: pb.SetOperation_SET_OP_TYPE_UNION, IsAll: &yes, ByName: &yes,
	}}})
}

// Repartition returns the rows in n partitions. With shuffle, rows are dealt out evenly; without, whole partitions are put
// together, and there may be fewer than n.
func (d *DataFrame) Repartition(n int, shuffle bool) *DataFrame {
	return d.s.frame(&pb.Relation{RelType: &pb.Relation_Repartition{Repartition: &pb.Repartition{
		Input: d.plan, NumPartitions: int32(n), Shuffle: &shuffle,
	}}})
}

// RepartitionBy returns the rows in n partitions, 0 for Spark's default, those with equal values of SQL expressions in one.
func (d *DataFrame) RepartitionBy(n int, sql ...string) *DataFrame {
	r := &pb.RepartitionByExpression{Input: d.plan, PartitionExprs: expressions(sql)}
	if n > 0 {
		r.NumPartitions = int32Ptr(n)
	}
	return d.s.frame(&pb.Relation{RelType: &pb.Relation_RepartitionByExpression{RepartitionByExpression: r}})
}

// Function is what runs on the executors in place of a Python function from batches to batches of rows.
type Function struct {
	Name          string       // in Spark's UI and plans
	Command       []byte       // what the executors' worker gets: a pickle, for a Python one
	PythonVersion string       // "3.11": that of the executors' Python, which compares it; a worker that is Ember gets it as it is
	Schema        frame.Schema // of the rows that come out
	Barrier       bool         // all partitions run at once, or none does
}

// mapInArrow is Spark's number for functions from Arrow batches to Arrow batches.
const mapInArrow = 207

// MapPartitions returns what the function makes of the rows, partition by partition.
func (d *DataFrame) MapPartitions(f Function) *DataFrame {
	return d.s.frame(&pb.Relation{RelType: &pb.Relation_MapPartitions{MapPartitions: &pb.MapPartitions{
		Input:     d.plan,
		IsBarrier: &f.Barrier,
		Func: &pb.CommonInlineUserDefinedFunction{
			FunctionName: f.Name, Deterministic: true,
			Function: &pb.CommonInlineUserDefinedFunction_PythonUdf{PythonUdf: &pb.PythonUDF{
				OutputType: &pb.DataType{Kind: &pb.DataType_Unparsed_{Unparsed: &pb.DataType_Unparsed{DataTypeString: f.Schema.String()}}},
				EvalType:   mapInArrow,
				Command:    f.Command,
				PythonVer:  f.PythonVersion,
			}},
		},
	}}})
}

// Session is the session that the plan runs in.
func (d *DataFrame) Session() *Session { return d.s }

func (d *DataFrame) root() *pb.Plan { return &pb.Plan{OpType: &pb.Plan_Root{Root: d.plan}} }

// Count returns the number of rows.
func (d *DataFrame) Count(ctx context.Context) (int64, error) {
	frames, err := d.Select("count(1) AS n").Collect(ctx)
	if err != nil {
		return 0, err
	}
	for _, f := range frames {
		if n := frame.Values[int64](f.Column(0)); len(n) == 1 {
			return n[0], nil
		}
	}
	return 0, fmt.Errorf("spark connect: count rows: Spark returned no number")
}
