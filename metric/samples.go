package metric

import (
	"fmt"
	"math"

	"github.com/emberml/ember/tensor"
)

// samples are predictions of classes, one row a sample.
type samples struct {
	classes int
	scores  []float64 // row-major [N, classes]
	labels  []int
	weights []float64
	epsilon float64 // of the type of the scores
}

func (s *samples) row(i int) []float64 { return s.scores[i*s.classes : (i+1)*s.classes] }

// best is the class of the highest score of row i, the first of equals.
func (s *samples) best(i int) int {
	best := 0
	row := s.row(i)
	for j, score := range row {
		if score > row[best] {
			best = j
		}
	}
	return best
}

// classSamples brings scores, targets and weights of the shapes that the package
// describes into rows, and leaves out those of weight 0.
func classSamples(scores, targets, weights *tensor.Tensor) (*samples, error) {
	s := &samples{epsilon: 0x1p-52}
	if scores.DType() == tensor.Float32 {
		s.epsilon = 0x1p-23
	}
	shape := scores.Shape()
	if len(shape) == 0 {
		return nil, fmt.Errorf("scores of classes are a scalar; want [N, C] or [N]")
	}
	spread := shape[:1:1] // the shape of the samples
	switch {
	case len(shape) == 1 || len(shape) == 2 && shape[1] == 1:
		s.classes = 2
		for _, p := range tensor.Float64s(scores) {
			s.scores = append(s.scores, 1-p, p)
		}
	default:
		s.classes = shape[1]
		spread = append(spread, shape[2:]...)
		s.scores = tensor.Float64s(classesLast(scores))
	}
	if s.classes == 0 {
		return nil, fmt.Errorf("scores of shape %v have no classes", shape)
	}
	var err error
	if s.labels, err = labels(targets, spread, s.classes); err != nil {
		return nil, err
	}
	if s.weights, err = sampleWeights(weights, shape[0], len(s.labels)); err != nil {
		return nil, err
	}
	return s, s.compact()
}

// classesLast is a view with the class axis 1 moved to the end.
func classesLast(t *tensor.Tensor) *tensor.Tensor {
	if t.Rank() == 2 {
		return t
	}
	perm := []int{0}
	for axis := 2; axis < t.Rank(); axis++ {
		perm = append(perm, axis)
	}
	return t.Transpose(append(perm, 1)...)
}

// labels reads class numbers of the shape of the samples, or one-hot rows.
func labels(targets *tensor.Tensor, spread tensor.Shape, classes int) ([]int, error) {
	shape, n := targets.Shape(), spread.Len()
	plain := targets.Len() == n && (shape.Equal(spread) || len(shape) == len(spread)+1 && shape[1] == 1)
	oneHot := len(shape) == len(spread)+1 && shape[0] == spread[0] && shape[1] == classes && targets.Len() == n*classes
	out := make([]int, n)
	switch {
	case plain:
		for i, v := range tensor.Float64s(targets) {
			if out[i] = int(v); float64(out[i]) != v {
				return nil, fmt.Errorf("the target of sample %d is %v, not a class number", i, v)
			}
		}
	case oneHot:
		for i, class := range tensor.Int64s(tensor.ArgMax(classesLast(targets), -1, false)) {
			out[i] = int(class)
		}
	default:
		return nil, fmt.Errorf("targets of shape %v do not fit: want class numbers of shape %v, or one-hot rows of %d", shape, spread, classes)
	}
	return out, nil
}

// sampleWeights spreads weights [N], 1 if nil, over count samples in N groups.
func sampleWeights(weights *tensor.Tensor, n, count int) ([]float64, error) {
	out := make([]float64, count)
	if weights == nil {
		for i := range out {
			out[i] = 1
		}
		return out, nil
	}
	if weights.Len() != n {
		return nil, fmt.Errorf("weights of shape %v do not fit %d samples", weights.Shape(), n)
	}
	for i, w := range tensor.Float64s(weights) {
		if !(w >= 0) || math.IsInf(w, 1) {
			return nil, fmt.Errorf("the weight of sample %d is %v; want a number ≥ 0", i, w)
		}
		for j := i * (count / n); j < (i+1)*(count/n); j++ {
			out[j] = w
		}
	}
	return out, nil
}

// compact drops samples of weight 0 and checks the others.
func (s *samples) compact() error {
	kept := 0
	for i, label := range s.labels {
		if s.weights[i] == 0 {
			continue
		}
		if label < 0 || label >= s.classes {
			return fmt.Errorf("the target of sample %d is class %d; the scores have classes 0 to %d", i, label, s.classes-1)
		}
		for _, score := range s.row(i) {
			if math.IsNaN(score) {
				return fmt.Errorf("a score of sample %d is NaN", i)
			}
		}
		copy(s.row(kept), s.row(i))
		s.labels[kept], s.weights[kept] = label, s.weights[i]
		kept++
	}
	s.labels, s.weights, s.scores = s.labels[:kept], s.weights[:kept], s.scores[:kept*s.classes]
	return nil
}
