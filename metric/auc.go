package metric

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/emberml/ember/tensor"
)

// AUC is the area under the ROC curve: the probability that a random sample of
// the class has a higher score than a random one of another, ties counting half.
// Of two classes it is that of the second; of more, the plain mean over the
// classes of each against the rest (leaving out a class that no sample, or every
// sample, has).
//
// It is exact, and for that keeps every score: 8·(C+2) bytes a sample, 24 for two
// classes.
type AUC struct {
	width int       // scores kept of a sample: 1 for two classes
	rows  []float64 // width scores, label, weight
}

// Update implements [Metric].
func (m *AUC) Update(scores, targets, weights *tensor.Tensor) error {
	s, err := classSamples(scores, targets, weights)
	if err != nil {
		return err
	}
	width, first := s.classes, 0
	if width == 2 {
		width, first = 1, 1
	}
	if m.width == 0 {
		m.width = width
	}
	if m.width != width {
		return fmt.Errorf("scores have %d classes, those before had another number", s.classes)
	}
	for i, label := range s.labels {
		m.rows = append(m.rows, s.row(i)[first:]...)
		m.rows = append(m.rows, float64(label), s.weights[i])
	}
	return nil
}

// Merge implements [Metric].
func (m *AUC) Merge(other Metric) error {
	o, ok := other.(*AUC)
	if !ok || m.width != 0 && o.width != 0 && m.width != o.width {
		return mergeError(m, other)
	}
	m.width = max(m.width, o.width)
	m.rows = append(m.rows, o.rows...)
	return nil
}

// State implements [Metric].
func (m *AUC) State() []float64 { return append([]float64{float64(m.width)}, m.rows...) }

// Restore implements [Metric].
func (m *AUC) Restore(state []float64) error {
	if len(state) == 0 || state[0] < 0 || state[0] > 1<<24 || (len(state)-1)%(int(state[0])+2) != 0 {
		return fmt.Errorf("the state of an AUC metric has %d numbers, which do not fit", len(state))
	}
	m.width, m.rows = int(state[0]), slices.Clone(state[1:])
	return nil
}

// Value implements [Metric].
func (m *AUC) Value() float64 {
	if m.width == 1 {
		return m.area(0, 1)
	}
	total, count := 0.0, 0.0
	for class := range m.width {
		if area := m.area(class, class); !math.IsNaN(area) {
			total += area
			count++
		}
	}
	return total / count
}

// area is the area of the class by the scores of the column; NaN if no sample,
// or every sample, has the class.
func (m *AUC) area(column, class int) float64 {
	type point struct {
		score, weight float64
		hit           bool
	}
	stride := m.width + 2
	points := make([]point, 0, len(m.rows)/stride)
	for r := 0; r < len(m.rows); r += stride {
		row := m.rows[r : r+stride]
		points = append(points, point{row[column], row[m.width+1], row[m.width] == float64(class)})
	}
	slices.SortFunc(points, func(a, b point) int { return cmp.Compare(b.score, a.score) })
	var hits, misses, area sum // area: the sum over misses of the hits above them
	for i := 0; i < len(points); {
		var tieHits, tieMisses sum
		score := points[i].score
		for ; i < len(points) && points[i].score == score; i++ {
			if points[i].hit {
				tieHits.add(points[i].weight)
			} else {
				tieMisses.add(points[i].weight)
			}
		}
		area.addProduct(tieMisses.value(), hits.value()+tieHits.value()/2)
		hits.merge(tieHits)
		misses.merge(tieMisses)
	}
	if hits.value() == 0 || misses.value() == 0 {
		return math.NaN()
	}
	return area.value() / (hits.value() * misses.value())
}
