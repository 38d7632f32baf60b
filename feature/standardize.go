package feature

import (
	"fmt"
	"math"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// Standardize brings every column of a table to mean 0 and deviation 1.
//
//	y = (x - mean) / std
//
// The standard deviation is that of the population, as scikit-learn's
// StandardScaler has it; a constant column is only centered.
type Standardize struct {
	Mean []float64 `json:"mean" doc:"of each column; without it, of the training data"`
	Std  []float64 `json:"std" doc:"of each column; without it, of the training data"`
}

// Fitted reports whether the means and deviations are known.
func (s *Standardize) Fitted() bool { return s.Mean != nil && s.Std != nil }

// Fit learns them from all samples.
func (s *Standardize) Fit(rows Rows) error {
	m, err := moments(rows, -1)
	if err != nil {
		return err
	}
	s.Mean, s.Std = meanStd(m)
	return nil
}

// Build adds a difference and a product.
func (s *Standardize) Build(x *graph.Value) *graph.Value {
	return affine("standardize", x, x.Rank()-1, s.Mean, inverse(s.Std))
}

// Normalize brings every channel of an image to mean 0 and deviation 1, over all
// pixels.
//
//	y = (x - mean) / std
//
// x is [N, channels, height, width].
type Normalize struct {
	Mean []float64 `json:"mean" doc:"of each channel; without it, of the training data"`
	Std  []float64 `json:"std" doc:"of each channel; without it, of the training data"`
}

// Fitted reports whether the means and deviations are known.
func (s *Normalize) Fitted() bool { return s.Mean != nil && s.Std != nil }

// Fit learns them from all pixels of all samples.
func (s *Normalize) Fit(rows Rows) error {
	m, err := moments(rows, 1)
	if err != nil {
		return err
	}
	s.Mean, s.Std = meanStd(m)
	return nil
}

// Build adds a difference and a product.
func (s *Normalize) Build(x *graph.Value) *graph.Value {
	return affine("normalize", x, 1, s.Mean, inverse(s.Std))
}

// MinMax brings every column of a table to 0…1; a constant column to 0.
//
//	y = (x - min) / (max - min)
type MinMax struct {
	Min []float64 `json:"min" doc:"of each column; without it, of the training data"`
	Max []float64 `json:"max" doc:"of each column; without it, of the training data"`
}

// Fitted reports whether the bounds are known.
func (s *MinMax) Fitted() bool { return s.Min != nil && s.Max != nil }

// Fit learns the bounds from all samples.
func (s *MinMax) Fit(rows Rows) error {
	m, err := moments(rows, -1)
	if err != nil {
		return err
	}
	s.Min, s.Max = make([]float64, len(m)), make([]float64, len(m))
	for i := range m {
		s.Min[i], s.Max[i] = m[i].Min, m[i].Max
	}
	return nil
}

// Build adds a difference and a product.
func (s *MinMax) Build(x *graph.Value) *graph.Value {
	width := make([]float64, len(s.Min))
	for i := range width {
		width[i] = s.Max[i] - s.Min[i]
	}
	return affine("min_max", x, x.Rank()-1, s.Min, inverse(width))
}

// moments gathers the moments for each index of an axis; -1 is the last.
func moments(rows Rows, axis int) ([]data.Moments, error) {
	return Learn(rows, func(each func(do func(x *tensor.Tensor) error) error) ([]data.Moments, error) {
		var m []data.Moments
		seen := 0 // samples
		err := each(func(x *tensor.Tensor) error {
			a := axis
			if a < 0 {
				a += x.Rank()
			}
			if a < 1 || a >= x.Rank() {
				return fmt.Errorf("samples of shape %v have no axis to standardize", x.Shape()[1:])
			}
			if m == nil {
				m = make([]data.Moments, x.Shape()[a])
			}
			inner := x.Shape()[a+1:].Len()
			for i, v := range tensor.Float64s(x) {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					sample := seen + i/x.Shape()[1:].Len()
					return &data.ContentError{Source: fmt.Sprintf("sample %d", sample), Detail: fmt.Sprintf("it holds %v", v), Hint: "remove the sample or fix the value"}
				}
				m[i/inner%len(m)].Add(v)
			}
			seen += x.Shape()[0]
			return nil
		})
		return m, err
	}, func(into *[]data.Moments, from []data.Moments) {
		for i := range from {
			(*into)[i].Merge(from[i])
		}
	})
}

func meanStd(m []data.Moments) (mean, std []float64) {
	for i := range m {
		mean, std = append(mean, m[i].Mean), append(std, m[i].Std())
	}
	return mean, std
}
