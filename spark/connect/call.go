package connect

import pb "github.com/emberml/ember/spark/connect/internal/sparkpb"

// perRow is the PythonEvalType of a function that is called with pickled values.
const perRow = 100

// Call returns one column, of Spark's type binary: what the function makes of the value of a SQL expression, row by row.
// Spark pickles the value, for which the executors' Python needs no pyarrow. The function's Schema and Barrier have no
// meaning here.
func (d *DataFrame) Call(f Function, sql string) *DataFrame {
	call := &pb.Expression{ExprType: &pb.Expression_CommonInlineUserDefinedFunction{
		CommonInlineUserDefinedFunction: &pb.CommonInlineUserDefinedFunction{
			FunctionName: f.Name, Arguments: []*pb.Expression{expression(sql)}, // not deterministic: called once a row
			Function: &pb.CommonInlineUserDefinedFunction_PythonUdf{PythonUdf: &pb.PythonUDF{
				OutputType: &pb.DataType{Kind: &pb.DataType_Binary_{Binary: &pb.DataType_Binary{}}},
				EvalType:   perRow,
				Command:    f.Command,
				PythonVer:  f.PythonVersion,
			}},
		},
	}}
	return d.s.frame(&pb.Relation{RelType: &pb.Relation_Project{Project: &pb.Project{Input: d.plan, Expressions: []*pb.Expression{call}}}})
}
