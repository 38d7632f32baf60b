package connect

import (
	"context"
	"errors"
	"fmt"

	"github.com/emberml/ember/frame"
	pb "github.com/emberml/ember/spark/connect/internal/sparkpb"
)

// Schema asks Spark for the plan's columns; nothing runs. A type that frames cannot hold is an errors.ErrUnsupported that
// names the column.
func (d *DataFrame) Schema(ctx context.Context) (frame.Schema, error) {
	req := d.s.analysis()
	req.Analyze = &pb.AnalyzePlanRequest_Schema_{Schema: &pb.AnalyzePlanRequest_Schema{Plan: d.root()}}
	resp, err := d.s.analyze(ctx, "find the schema", req)
	if err != nil {
		return nil, err
	}
	t, err := typeOf(resp.GetSchema().GetSchema())
	if err != nil {
		return nil, fmt.Errorf("spark connect: find the schema: %w", err)
	}
	return t.Fields, nil
}

// scalars are the types without parameters, by the names of their fields in DataType.
var scalars = map[string]frame.Kind{
	"null":          frame.Null,
	"boolean":       frame.Bool,
	"byte":          frame.Int8,
	"short":         frame.Int16,
	"integer":       frame.Int32,
	"long":          frame.Int64,
	"float":         frame.Float32,
	"double":        frame.Float64,
	"string":        frame.String,
	"char":          frame.String,
	"var_char":      frame.String,
	"binary":        frame.Binary,
	"date":          frame.Date,
	"timestamp":     frame.Timestamp,
	"timestamp_ntz": frame.TimestampNTZ,
}

// typeOf translates a type.
func typeOf(t *pb.DataType) (frame.Type, error) {
	switch k := t.GetKind().(type) {
	case *pb.DataType_Decimal_:
		return frame.Type{Kind: frame.Decimal, Precision: int(k.Decimal.GetPrecision()), Scale: int(k.Decimal.GetScale())}, nil
	case *pb.DataType_Array_:
		elem, err := typeOf(k.Array.GetElementType())
		return frame.Type{Kind: frame.List, Elem: &elem}, err
	case *pb.DataType_Udt:
		return typeOf(k.Udt.GetSqlType())
	case *pb.DataType_Struct_:
		out := frame.Type{Kind: frame.Struct}
		for _, f := range k.Struct.GetFields() {
			ft, err := typeOf(f.GetDataType())
			if err != nil {
				return out, fmt.Errorf("column %s: %w", f.GetName(), err)
			}
			out.Fields = append(out.Fields, frame.Field{Name: f.GetName(), Type: ft, Nullable: f.GetNullable()})
		}
		return out, nil
	}
	m := t.ProtoReflect()
	field := m.WhichOneof(m.Descriptor().Oneofs().ByName("kind"))
	if field == nil {
		return frame.Type{}, fmt.Errorf("the server named no type")
	}
	if kind, ok := scalars[string(field.Name())]; ok {
		return frame.Type{Kind: kind}, nil
	}
	return frame.Type{}, fmt.Errorf("no column can hold the type %s: cast it in the query: %w", field.Name(), errors.ErrUnsupported)
}

// ParseDDL asks Spark for the columns that a text in its DDL means, such as "id bigint NOT NULL, name string".
func (s *Session) ParseDDL(ctx context.Context, ddl string) (frame.Schema, error) {
	what := "parse " + brief(ddl)
	req := s.analysis()
	req.Analyze = &pb.AnalyzePlanRequest_DdlParse{DdlParse: &pb.AnalyzePlanRequest_DDLParse{DdlString: ddl}}
	resp, err := s.analyze(ctx, what, req)
	if err != nil {
		return nil, err
	}
	t, err := typeOf(resp.GetDdlParse().GetParsed())
	if err != nil {
		return nil, fmt.Errorf("spark connect: %s: %w", what, err)
	}
	if t.Kind != frame.Struct {
		return nil, fmt.Errorf("spark connect: %s: it means a %v, not columns", what, t)
	}
	return t.Fields, nil
}
