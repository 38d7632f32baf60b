package frame

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Schema is the columns of a table, in their order.
type Schema []Field

// Index returns the place of the column of the given name, or -1.
func (s Schema) Index(name string) int {
	return slices.IndexFunc(s, func(f Field) bool { return f.Name == name })
}

// Equal reports whether s and t have the same columns in the same order.
func (s Schema) Equal(t Schema) bool { return slices.EqualFunc(s, t, Field.Equal) }

// Names returns the columns' names.
func (s Schema) Names() []string {
	names := make([]string, len(s))
	for i, f := range s {
		names[i] = f.Name
	}
	return names
}

// String returns the schema as Spark's DDL, such as "`id` bigint NOT NULL, `x` array<float>".
func (s Schema) String() string {
	columns := make([]string, len(s))
	for i, f := range s {
		columns[i] = quote(f.Name) + " " + f.Type.String() + notNull(f)
	}
	return strings.Join(columns, ", ")
}

// sparkStruct, sparkField and sparkArray are the JSON of Spark's types: see
// org.apache.spark.sql.types.DataType.fromJson.
type (
	sparkStruct struct {
		Type   string       `json:"type"`
		Fields []sparkField `json:"fields"`
	}
	sparkField struct {
		Name     string          `json:"name"`
		Type     any             `json:"type"`
		Nullable bool            `json:"nullable"`
		Metadata json.RawMessage `json:"metadata"`
	}
	sparkArray struct {
		Type         string `json:"type"`
		ElementType  any    `json:"elementType"`
		ContainsNull bool   `json:"containsNull"`
	}
)

// SparkJSON returns the schema as Spark writes the JSON of a StructType. A type that
// Spark does not have is an [errors.ErrUnsupported].
func (s Schema) SparkJSON() (string, error) {
	v, err := sparkFields(s)
	if err != nil {
		return "", err
	}
	b, err := json.Marshal(v)
	return string(b), err
}

func sparkFields(fields []Field) (sparkStruct, error) {
	out := sparkStruct{"struct", make([]sparkField, len(fields))}
	for i, f := range fields {
		t, err := sparkType(f.Type)
		if err != nil {
			return out, fmt.Errorf("column %s: %w", f.Name, err)
		}
		out.Fields[i] = sparkField{f.Name, t, f.Nullable, json.RawMessage("{}")}
	}
	return out, nil
}

func sparkType(t Type) (any, error) {
	switch t.Kind {
	case List:
		elem, err := sparkType(*t.Elem)
		return sparkArray{"array", elem, true}, err
	case Struct:
		return sparkFields(t.Fields)
	case Decimal:
		return t.String(), nil
	}
	if name := kinds[t.Kind].json; name != "" {
		return name, nil
	}
	return nil, fmt.Errorf("no type of Spark's is %v (use a signed one): %w", t, errors.ErrUnsupported)
}

// ParseSparkJSON returns the schema of the JSON of a Spark StructType. A type that a
// frame cannot hold is an [errors.ErrUnsupported].
func ParseSparkJSON(text string) (Schema, error) {
	t, err := parseSpark(json.RawMessage(text))
	switch {
	case err != nil:
		return nil, fmt.Errorf("schema of Spark: %w", err)
	case t.Kind != Struct:
		return nil, fmt.Errorf("schema of Spark: it is a %v, want a struct", t)
	}
	return t.Fields, nil
}

func parseSpark(text json.RawMessage) (Type, error) {
	var name string
	if json.Unmarshal(text, &name) == nil {
		return parseSparkName(name)
	}
	var v struct {
		Type        string
		ElementType json.RawMessage
		Fields      []struct {
			Name     string
			Type     json.RawMessage
			Nullable bool
		}
	}
	if err := json.Unmarshal(text, &v); err != nil {
		return Type{}, err
	}
	switch v.Type {
	case "array":
		elem, err := parseSpark(v.ElementType)
		return Type{Kind: List, Elem: &elem}, err
	case "struct":
		t := Type{Kind: Struct, Fields: make([]Field, len(v.Fields))}
		for i, f := range v.Fields {
			ft, err := parseSpark(f.Type)
			if err != nil {
				return t, fmt.Errorf("column %s: %w", f.Name, err)
			}
			t.Fields[i] = Field{f.Name, ft, f.Nullable}
		}
		return t, nil
	}
	return Type{}, fmt.Errorf("no column can hold the type %q: %w", v.Type, errors.ErrUnsupported)
}

func parseSparkName(name string) (Type, error) {
	if name == "decimal" {
		return Type{Kind: Decimal, Precision: 10}, nil
	}
	t := Type{Kind: Decimal}
	if n, _ := fmt.Sscanf(name, "decimal(%d,%d)", &t.Precision, &t.Scale); n == 2 {
		return t, nil
	}
	for k, names := range kinds {
		if names.json == name && Kind(k) < Decimal {
			return Type{Kind: Kind(k)}, nil
		}
	}
	return Type{}, fmt.Errorf("no column can hold the type %q: %w", name, errors.ErrUnsupported)
}
