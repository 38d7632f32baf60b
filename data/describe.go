package data

import (
	"fmt"
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

// describeLimit bounds the numbers that Describe looks at.
const describeLimit = 20_000_000

// Describe summarizes a source. Of a large one it reads evenly spread samples;
// Summary.Read says how many. Classes and targets are counted in full; of a [Spread]
// those of all workers.
func Describe(src Source) (*Summary, error) {
	s := src.Schema()
	d := &Summary{Schema: s, Samples: src.Len()}
	if err := d.describeSamples(src); err != nil {
		return nil, err
	}
	if err := d.describeTargets(src); err != nil {
		return nil, err
	}
	return d, nil
}

// describeTargets counts the classes, or gathers the numbers of each target.
func (d *Summary) describeTargets(src Source) error {
	target := d.Schema.Target
	counts, moments := make([]int, len(target.Labels)), make([]Moments, len(target.Names))
	if target.Kind == NoTarget {
		return nil
	}
	err := eachTarget(src, func(_ chunk, y *tensor.Tensor) error {
		if target.Kind == Classes {
			for _, c := range tensor.Data[int64](y) {
				counts[c]++
			}
			return nil
		}
		for i, v := range tensor.Data[float32](y) {
			moments[i%len(moments)].Add(float64(v))
		}
		return nil
	})
	if target.Kind == Numbers {
		d.Targets, err = mergeStats(src, target.Names, moments, err)
		return err
	}
	all, err := Agree(src, counts, err)
	if err != nil {
		return err
	}
	for i, l := range target.Labels {
		d.Classes = append(d.Classes, ClassCount{Label: l})
		for _, counts := range all {
			d.Classes[i].Count += counts[i]
		}
	}
	return nil
}

// mergeStats returns the statistics of the moments of all workers.
func mergeStats(src Source, names []string, mine []Moments, err error) ([]ColumnStats, error) {
	all, err := Agree(src, mine, err)
	if err != nil {
		return nil, err
	}
	stats := make([]ColumnStats, len(names))
	for i, name := range names {
		var m Moments
		for _, moments := range all {
			m.Merge(moments[i])
		}
		stats[i] = m.stats(name)
	}
	return stats, nil
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
	width := max(d.Schema.Sample.Len(), 1)
	step := 1 + d.Samples*width/describeLimit
	d.Read = (d.Samples + step - 1) / step
	err := eachSample(src, step, 1+(1<<16)/width, func(x *tensor.Tensor) {
		for i, v := range tensor.Float64s(x) {
			moments[i%len(moments)].Add(v)
		}
	})
	d.Columns, err = mergeStats(src, names, moments, err)
	return err
}

// eachSample calls do with every step'th sample, as far as they are here: at most
// size of them at a time, those of various sizes alone.
func eachSample(src Source, step, size int, do func(x *tensor.Tensor)) error {
	var b Batch
	var rows []int
	for c := range chunks(src, size*step) {
		rows = rows[:0]
		for _, row := range c.rows {
			if row%step == 0 {
				rows = append(rows, row)
			}
		}
		sampler, ok := src.(Sampler)
		if !ok {
			if err := src.Read(rows, &b); err != nil {
				return err
			}
			do(b.X)
			continue
		}
		for _, row := range rows {
			x, err := sampler.Sample(row)
			if err != nil {
				return err
			}
			do(x)
		}
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
