package feature

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// maxOneHot bounds the columns that one becomes.
const maxOneHot = 10_000

// OneHot replaces a column of whole numbers 0…size-1 of a table by size columns, of
// which the one at the number is 1 and all others are 0. A number that training
// did not have gives 0 in all.
type OneHot struct {
	Column string `json:"column" required:"true" doc:"name of the column"`
	Size   int    `json:"size" min:"0" doc:"how many numbers there are; without it, as many as the training data has"`
	At     int    `json:"at" config:"-"` // place of the column, which follows from its name
}

// bind finds the column and returns the names of those that follow from it.
func (s *OneHot) bind(columns []string) error {
	s.At = slices.Index(columns, s.Column)
	if s.At < 0 {
		return fmt.Errorf("one_hot: there is no column %s among %s", s.Column, strings.Join(columns, ", "))
	}
	return nil
}

// Fitted reports whether the size is known.
func (s *OneHot) Fitted() bool { return s.Size > 0 }

// Fit learns the size from the column's largest number.
func (s *OneHot) Fit(rows Rows) error {
	most, err := Learn(rows, func(each func(do func(x *tensor.Tensor) error) error) (float64, error) {
		most := -1.0
		err := each(func(x *tensor.Tensor) error {
			for _, v := range tensor.Float64s(x.Index(1, s.At)) {
				if v < 0 || v != math.Trunc(v) || v >= maxOneHot {
					return &data.ContentError{Source: "one_hot", Detail: fmt.Sprintf("column %s holds %v, want whole numbers of 0…%d", s.Column, v, maxOneHot-1), Hint: "recode it"}
				}
				most = max(most, v)
			}
			return nil
		})
		return most, err
	}, func(into *float64, from float64) { *into = max(*into, from) })
	s.Size = int(most) + 1
	return err
}

// Build adds slices around the column and a OneHot of it.
func (s *OneHot) Build(x *graph.Value) *graph.Value {
	x = toFloat(x)
	index := op.Cast(op.Squeeze(op.Slice(x, 1, s.At, s.At+1, 1), 1), tensor.Int64)
	columns := []*graph.Value{op.OneHot(index, s.Size, x.DType())}
	if s.At > 0 {
		columns = append([]*graph.Value{op.Slice(x, 1, 0, s.At, 1)}, columns...)
	}
	if n, ok := x.Shape()[1].Size(); !ok || s.At+1 < n {
		columns = append(columns, op.Slice(x, 1, s.At+1, math.MaxInt, 1))
	}
	if len(columns) == 1 {
		return columns[0]
	}
	return op.Concat(1, columns...)
}
