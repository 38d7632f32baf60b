package data

import (
	"fmt"
	"math"
	"strings"
	"text/tabwriter"

	"github.com/emberml/ember/tensor"
)

// Summary is what [Describe] finds in a source.
type Summary struct {
	Schema  *Schema       `json:"schema"`
	Samples int           `json:"samples"`
	Read    int           `json:"read"`              // samples that the columns' numbers are of
	Columns []ColumnStats `json:"columns"`           // of the samples; one for all pixels of images
	Targets []ColumnStats `json:"targets,omitempty"` // of a target of numbers
	Classes []ClassCount  `json:"classes,omitempty"`
}

// ColumnStats summarizes numbers.
type ColumnStats struct {
	Name string  `json:"name"`
	Min  float64 `json:"min"`
	Max  float64 `json:"max"`
	Mean float64 `json:"mean"`
	Std  float64 `json:"std"` // of the population
	NaN  int     `json:"nan"` // left out of the others
}

// ClassCount is how often a class occurs.
type ClassCount struct {
	Label string `json:"label"`
	Count int    `json:"count"`
}

// Moments gathers count, mean and variance in one pass over any number of values.
//
// Source: Welford, "Note on a method for calculating corrected sums of squares and
// products", Technometrics 4 (1962).
type Moments struct {
	N        int     // finite values and infinities
	NaN      int     // values that were not numbers
	Mean     float64 // of the N
	Min, Max float64 // of the N
	squares  float64 // Σ (v - mean)²
}

// Add takes a value in.
func (m *Moments) Add(v float64) {
	if math.IsNaN(v) {
		m.NaN++
		return
	}
	if m.N == 0 {
		m.Min, m.Max = v, v
	}
	m.N++
	m.Min, m.Max = min(m.Min, v), max(m.Max, v)
	delta := v - m.Mean
	m.Mean += delta / float64(m.N)
	m.squares += delta * (v - m.Mean)
}

// Std returns the standard deviation of the population, √(Σ(v-mean)²/N); 0 of none.
func (m *Moments) Std() float64 {
	if m.N == 0 {
		return 0
	}
	return math.Sqrt(m.squares / float64(m.N))
}

func (m *Moments) stats(name string) ColumnStats {
	return ColumnStats{Name: name, Min: m.Min, Max: m.Max, Mean: m.Mean, Std: m.Std(), NaN: m.NaN}
}

// describeLimit bounds the numbers that Describe looks at.
const describeLimit = 20_000_000

// Describe summarizes a source. Of a large one it reads evenly spread samples;
// Summary.Read says how many. Classes and targets are counted in full.
func Describe(src Source) (*Summary, error) {
	s := src.Schema()
	d := &Summary{Schema: s, Samples: src.Len()}
	if err := d.describeSamples(src); err != nil {
		return nil, err
	}
	y, err := Targets(src)
	if err != nil || y == nil {
		return d, err
	}
	if s.Target.Kind == Classes {
		counts := make([]int, len(s.Target.Labels))
		for _, c := range tensor.Data[int64](y) {
			counts[c]++
		}
		for i, l := range s.Target.Labels {
			d.Classes = append(d.Classes, ClassCount{l, counts[i]})
		}
		return d, nil
	}
	moments := make([]Moments, len(s.Target.Names))
	for i, v := range tensor.Data[float32](y) {
		moments[i%len(moments)].Add(float64(v))
	}
	for i := range moments {
		d.Targets = append(d.Targets, moments[i].stats(s.Target.Names[i]))
	}
	return d, nil
}

// describeSamples gathers the numbers of each column, or of all pixels.
func (d *Summary) describeSamples(src Source) error {
	names := d.Schema.Columns
	if names == nil {
		names = []string{"values"}
		if d.Schema.Max > 0 {
			names = []string{"pixels"}
		}
	}
	moments := make([]Moments, len(names))
	add := func(x *tensor.Tensor) {
		for i, v := range tensor.Float64s(x) {
			moments[i%len(moments)].Add(v)
		}
	}
	width := max(d.Schema.Sample.Len(), 1)
	step := 1 + d.Samples*width/describeLimit
	var rows []int
	var b Batch
	for row := 0; row < d.Samples; row += step {
		d.Read++
		if sampler, ok := src.(Sampler); ok {
			x, err := sampler.Sample(row)
			if err != nil {
				return err
			}
			add(x)
			continue
		}
		if rows = append(rows, row); len(rows)*width < 1<<16 && row+step < d.Samples {
			continue
		}
		if err := src.Read(rows, &b); err != nil {
			return err
		}
		add(b.X)
		rows = rows[:0]
	}
	for i := range moments {
		d.Columns = append(d.Columns, moments[i].stats(names[i]))
	}
	return nil
}

// String returns the summary as a table of text.
func (d *Summary) String() string {
	var b strings.Builder
	s := d.Schema
	shape := s.Sample.String()
	if s.Varies {
		shape += " and perhaps other sizes"
	}
	fmt.Fprintf(&b, "%s: %s, %d samples of %v %s, target: %v", s.Name, s.Format, d.Samples, s.DType, shape, s.Target.Kind)
	if len(s.Target.Names) > 0 {
		fmt.Fprintf(&b, " (%s)", strings.Join(s.Target.Names, ", "))
	}
	b.WriteString("\n\n")
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "column\tmin\tmax\tmean\tstd\tNaN\t\n")
	for _, c := range append(d.Columns[:len(d.Columns):len(d.Columns)], d.Targets...) {
		fmt.Fprintf(w, "%s\t%.6g\t%.6g\t%.6g\t%.6g\t%d\t\n", c.Name, c.Min, c.Max, c.Mean, c.Std, c.NaN)
	}
	w.Flush()
	if len(d.Classes) > 0 {
		fmt.Fprint(w, "\nclass\tsamples\t%\t\n")
	}
	for _, c := range d.Classes {
		fmt.Fprintf(w, "%s\t%d\t%.1f\t\n", c.Label, c.Count, 100*float64(c.Count)/float64(max(d.Samples, 1)))
	}
	w.Flush()
	if d.Read < d.Samples {
		fmt.Fprintf(&b, "\ncolumns: of %d evenly spread samples\n", d.Read)
	}
	return b.String()
}
