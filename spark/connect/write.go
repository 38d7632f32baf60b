package connect

import (
	"context"
	"fmt"

	pb "github.com/emberml/ember/spark/connect/internal/sparkpb"
)

// Mode says what a write does where something is already.
type Mode uint8

// The modes of writing.
const (
	ErrorIfExists Mode = iota // refuse
	Append                    // add to it
	Overwrite                 // replace it
	Ignore                    // write nothing
)

var modes = [...]pb.WriteOperation_SaveMode{
	ErrorIfExists: pb.WriteOperation_SAVE_MODE_ERROR_IF_EXISTS,
	Append:        pb.WriteOperation_SAVE_MODE_APPEND,
	Overwrite:     pb.WriteOperation_SAVE_MODE_OVERWRITE,
	Ignore:        pb.WriteOperation_SAVE_MODE_IGNORE,
}

// Output says where rows are written and how.
type Output struct {
	Format  string            // such as "parquet"; "" is Spark's default source
	Path    string            // of the folder of files
	Table   string            // instead of a path
	Mode    Mode              // what to do where something is
	By      []string          // columns whose values become folders
	Options map[string]string // of Spark's writer for the format
}

// Write runs the plan and writes its rows, each partition by the executor that computed it.
func (d *DataFrame) Write(ctx context.Context, o Output) error {
	if int(o.Mode) >= len(modes) {
		return fmt.Errorf("spark connect: write: mode %d does not exist", o.Mode)
	}
	w := &pb.WriteOperation{Input: d.plan, Mode: modes[o.Mode], PartitioningColumns: o.By, Options: o.Options}
	if o.Format != "" {
		w.Source = &o.Format
	}
	what := "write " + o.Path + o.Table
	switch {
	case o.Path != "" && o.Table != "":
		return fmt.Errorf("spark connect: %s: give a path or a table, not both", what)
	case o.Table != "":
		w.SaveType = &pb.WriteOperation_Table{Table: &pb.WriteOperation_SaveTable{
			TableName: o.Table, SaveMethod: pb.WriteOperation_SaveTable_TABLE_SAVE_METHOD_SAVE_AS_TABLE,
		}}
	case o.Path != "":
		w.SaveType = &pb.WriteOperation_Path{Path: o.Path}
	}
	return d.s.run(ctx, what, &pb.Command{CommandType: &pb.Command_WriteOperation{WriteOperation: w}})
}

// CreateTempView gives the plan a name in SQL, for this session; a view of that name is replaced. A global one is
// "global_temp.name" to all sessions of the server, the classic ones too.
func (d *DataFrame) CreateTempView(ctx context.Context, name string, global bool) error {
	return d.s.run(ctx, "create view "+name, &pb.Command{CommandType: &pb.Command_CreateDataframeView{
		CreateDataframeView: &pb.CreateDataFrameViewCommand{Input: d.plan, Name: name, IsGlobal: global, Replace: true},
	}})
}
