package data

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/emberml/ember/tensor"
)

// namedReader gives a file's name to the decoder's errors.
type namedReader struct {
	*bytes.Reader
	name string
}

func (r namedReader) Name() string { return r.name }

// openNPZ reads the array x and, beside it, y or the target that is named. With a
// named target and no array x, the only other array is the samples.
func openNPZ(_ context.Context, f *file, o *Options) (Source, error) {
	names, arrays, err := tensor.ReadNPZ(namedReader{bytes.NewReader(f.bytes), f.name}, int64(len(f.bytes)))
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, &tensor.FormatError{File: f.name, Detail: "the archive is empty", Hint: "want the arrays x and y"}
	}
	target := o.npzTarget()
	y := arrays[target]
	if y == nil && target == o.Target {
		return nil, &tensor.FormatError{File: f.name, Detail: fmt.Sprintf("there is no array %s", target), Hint: "its arrays are " + preview(names)}
	}
	x := arrays["x"]
	if rest := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == target }); x == nil && len(rest) == 1 {
		x = arrays[rest[0]]
	}
	if x == nil {
		return nil, &tensor.FormatError{File: f.name, Detail: "there is no array x", Hint: fmt.Sprintf("its arrays are %s; save the samples as x and the targets as y", preview(names))}
	}
	if o.NoTarget {
		y = nil
	}
	return npzSource(f.name, target, x, y)
}

// npzTarget is the name of the array of targets.
func (o *Options) npzTarget() string {
	if o.Target != "" && !o.optionalTarget {
		return o.Target
	}
	return "y"
}

func npzSource(name, target string, x, y *tensor.Tensor) (Source, error) {
	schema := Schema{Name: name, Format: "npz"}
	if x.Rank() == 0 {
		return nil, &tensor.FormatError{File: name, Detail: "the array x is a scalar", Hint: "want [n, sample…]"}
	}
	if x.DType() == tensor.Bool {
		x, schema.Max = tensor.Cast(x, tensor.Uint8), 1
	} else {
		schema = npzSchema(name, x.DType(), x.Shape())
	}
	if y != nil {
		schema.Target.Names = targetNumbers(target, y)
	}
	return FromTensors(schema, x, y)
}

// npzSchema describes the samples of an array.
func npzSchema(name string, dt tensor.DType, shape tensor.Shape) Schema {
	schema := Schema{Name: name, Format: "npz"}
	if dt == tensor.Uint8 && len(shape) > 2 {
		schema.Layout, schema.Max = imageLayout(shape[1:]), 255
	}
	return schema
}

// targetNumbers names the numbers of a target of several, y_1, y_2….
func targetNumbers(target string, y *tensor.Tensor) []string {
	if y.Rank() < 2 || y.Shape()[1] == 1 {
		return []string{target}
	}
	var names []string
	for i := range y.Shape()[1] {
		names = append(names, fmt.Sprintf("%s_%d", target, i+1))
	}
	return names
}
