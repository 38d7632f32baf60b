package frame

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Kind is what the values of a column are.
type Kind uint8

// The kinds, each with the memory that [Values] gives.
const (
	Null         Kind = iota // no value at all
	Bool                     // see [Column.Bool]
	Int8                     // int8
	Int16                    // int16
	Int32                    // int32
	Int64                    // int64
	Uint8                    // uint8; Spark has no unsigned numbers
	Uint16                   // uint16
	Uint32                   // uint32
	Uint64                   // uint64
	Float32                  // float32
	Float64                  // float64
	String                   // see [Column.String]
	Binary                   // see [Column.Bytes]
	Date                     // int32: days since 1970-01-01
	Timestamp                // int64: microseconds since 1970-01-01 00:00 UTC
	TimestampNTZ             // int64: microseconds since 1970-01-01 00:00 in no time zone
	Decimal                  // see [Column.String] and [Column.Float64]
	List                     // see [Column.List]
	Struct                   // see [Column.Field]
)

// kinds names the kinds as Spark does, in its SQL and in its JSON. Spark does not
// have those without a name in JSON.
var kinds = [...]struct{ sql, json string }{
	Null:         {"void", "void"},
	Bool:         {"boolean", "boolean"},
	Int8:         {"tinyint", "byte"},
	Int16:        {"smallint", "short"},
	Int32:        {"int", "integer"},
	Int64:        {"bigint", "long"},
	Uint8:        {"uint8", ""},
	Uint16:       {"uint16", ""},
	Uint32:       {"uint32", ""},
	Uint64:       {"uint64", ""},
	Float32:      {"float", "float"},
	Float64:      {"double", "double"},
	String:       {"string", "string"},
	Binary:       {"binary", "binary"},
	Date:         {"date", "date"},
	Timestamp:    {"timestamp", "timestamp"},
	TimestampNTZ: {"timestamp_ntz", "timestamp_ntz"},
	Decimal:      {"decimal", "decimal"},
	List:         {"array", "array"},
	Struct:       {"struct", "struct"},
}

// String returns the kind's name in Spark SQL, such as "bigint" or "array".
func (k Kind) String() string {
	if int(k) >= len(kinds) {
		return "kind " + strconv.Itoa(int(k))
	}
	return kinds[k].sql
}

// IsNumber reports whether values are integers or floating-point numbers, which
// [Values] gives as such.
func (k Kind) IsNumber() bool { return Int8 <= k && k <= Float64 }

// IsText reports whether values are strings or bytes.
func (k Kind) IsText() bool { return k == String || k == Binary }

// Type is the type of a column.
type Type struct {
	Kind      Kind
	Elem      *Type   // of a List
	Fields    []Field // of a Struct
	Precision int     // of a Decimal: the number of digits, 1…38
	Scale     int     // of a Decimal: how many of them are behind the point
}

// Field is a named column of a table or a struct.
type Field struct {
	Name     string `json:"name"`
	Type     Type   `json:"type"`
	Nullable bool   `json:"nullable"` // values may be missing
}

// ListOf returns the type of lists of values of the given kind.
func ListOf(k Kind) Type { return Type{Kind: List, Elem: &Type{Kind: k}} }

// Equal reports whether t and u are the same type.
func (t Type) Equal(u Type) bool {
	return t.Kind == u.Kind && t.Precision == u.Precision && t.Scale == u.Scale &&
		(t.Elem == nil) == (u.Elem == nil) && (t.Elem == nil || t.Elem.Equal(*u.Elem)) &&
		slices.EqualFunc(t.Fields, u.Fields, Field.Equal)
}

// Equal reports whether f and g are the same field.
func (f Field) Equal(g Field) bool {
	return f.Name == g.Name && f.Nullable == g.Nullable && f.Type.Equal(g.Type)
}

// String returns the type as Spark SQL writes it, such as "array<float>",
// "decimal(10,2)" or "struct<a: int, b: string>".
func (t Type) String() string {
	switch t.Kind {
	case Decimal:
		return fmt.Sprintf("decimal(%d,%d)", t.Precision, t.Scale)
	case List:
		return "array<" + t.Elem.String() + ">"
	case Struct:
		fields := make([]string, len(t.Fields))
		for i, f := range t.Fields {
			fields[i] = quote(f.Name) + ": " + f.Type.String() + notNull(f)
		}
		return "struct<" + strings.Join(fields, ", ") + ">"
	}
	return t.Kind.String()
}

func quote(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

func notNull(f Field) string {
	if f.Nullable {
		return ""
	}
	return " NOT NULL"
}
