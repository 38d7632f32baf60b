package data

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/emberml/ember/tensor"
)

// readTarget fills b.Y and b.Index for the given rows of src, without reading the
// samples where src can.
func readTarget(src Source, rows []int, b *Batch) error {
	if t, ok := src.(interface {
		Target(rows []int, b *Batch) error
	}); ok {
		return t.Target(rows, b)
	}
	return src.Read(rows, b)
}

// eachTarget calls do with the targets of all samples that are here.
func eachTarget(src Source, do func(c chunk, y *tensor.Tensor) error) error {
	var b Batch
	for c := range chunks(src, 4096) {
		if err := readTarget(src, c.rows, &b); err != nil {
			return err
		}
		if err := do(c, b.Y); err != nil {
			return err
		}
	}
	return nil
}

// Targets returns the targets of all samples, as [TargetKind] says; nil without a
// target. Of a [Spread] it returns those that are here, shard by shard.
func Targets(src Source) (*tensor.Tensor, error) {
	if src.Schema().Target.Kind == NoTarget {
		return nil, nil
	}
	if t, ok := src.(*tensors); ok {
		return t.y, nil
	}
	var none Batch
	if err := readTarget(src, nil, &none); err != nil {
		return nil, err
	}
	all := []*tensor.Tensor{none.Y}
	err := eachTarget(src, func(_ chunk, y *tensor.Tensor) error {
		all = append(all, y.Clone())
		return nil
	})
	return tensor.Concat(0, all...), err
}

// retargeted is a source with other targets, which follow from its own.
type retargeted struct {
	Source
	schema  *Schema
	convert func(in, out *Batch) error // sets out.Y; nil: without target
}

// retarget replaces the targets of src.
func retarget(src Source, t Target, convert func(in, out *Batch) error) Source {
	schema := *src.Schema()
	schema.Target = t
	r := retargeted{src, &schema, convert}
	if sampler, ok := src.(Sampler); ok {
		return &retargetedSampler{r, sampler}
	}
	return spreadLike(src, &r)
}

func (r *retargeted) Schema() *Schema { return r.schema }

func (r *retargeted) Read(rows []int, b *Batch) error   { return r.read(Source.Read, rows, b) }
func (r *retargeted) Target(rows []int, b *Batch) error { return r.read(readTarget, rows, b) }

// read reads with a method of the underlying source.
func (r *retargeted) read(read func(Source, []int, *Batch) error, rows []int, b *Batch) error {
	if r.convert == nil {
		err := read(r.Source, rows, b)
		b.Y = nil
		return err
	}
	if len(b.parts) == 0 {
		b.parts = make([]Batch, 1)
	}
	in := &b.parts[0]
	if err := read(r.Source, rows, in); err != nil {
		return err
	}
	b.X, b.Index = in.X, append(b.Index[:0], in.Index...)
	return r.convert(in, b)
}

type retargetedSampler struct {
	retargeted
	sampler Sampler
}

func (r *retargetedSampler) Sample(row int) (*tensor.Tensor, error) { return r.sampler.Sample(row) }

// recode returns a conversion of targets of one value each by a table.
func recode[From, To int64 | float32](s *Schema, to tensor.DType, table map[From]To) func(in, out *Batch) error {
	return func(in, out *Batch) error {
		from := tensor.Data[From](in.Y)
		y := tensor.Data[To](out.MakeY(to, len(from), nil))
		for i, v := range from {
			var ok bool
			if y[i], ok = table[v]; !ok {
				return &ContentError{s.Name, fmt.Sprintf("the target of sample %d is another than before, %v", in.Index[i], v), "leave the data alone while it is used"}
			}
		}
		return nil
	}
}

// ToClasses returns src with its target as classes. Whole numbers become labels.
// The labels are those given, else all that occur, numbers in their order before
// text in its own. A value that is not among the labels is a *ContentError.
func ToClasses(src Source, labels []string) (Source, error) {
	s := src.Schema()
	switch s.Target.Kind {
	case NoTarget:
		return nil, noTarget(s)
	case Classes:
		if labels == nil || slices.Equal(labels, s.Target.Labels) {
			return src, nil
		}
		return relabel(src, labels, func(c int64, _ int) (string, error) { return s.Target.Labels[c], nil })
	}
	if len(s.Target.Names) != 1 {
		return nil, &ContentError{s.Name, fmt.Sprintf("%d target columns cannot be classes", len(s.Target.Names)), "name one, or use a loss for numbers"}
	}
	return relabel(src, labels, func(v float32, row int) (string, error) {
		f := float64(v)
		if f != math.Trunc(f) || math.IsInf(f, 0) {
			return "", &ContentError{s.Name, fmt.Sprintf("the target %s of sample %d is %v, not a class", s.Target.Names[0], row, v), "classes are whole numbers or text; for numbers use a loss such as mse"}
		}
		return strconv.FormatFloat(f, 'f', -1, 64), nil
	})
}

// relabel returns src with classes as targets: the place that the text of a target
// has among the labels, which are those of all workers if they are nil.
func relabel[T int64 | float32](src Source, labels []string, text func(v T, row int) (string, error)) (Source, error) {
	s := src.Schema()
	texts := map[T]string{}
	err := eachTarget(src, func(c chunk, y *tensor.Tensor) error {
		for i, v := range tensor.Data[T](y) {
			if _, ok := texts[v]; ok {
				continue
			}
			label, err := text(v, c.rows[i])
			if err != nil {
				return err
			}
			if labels != nil && !slices.Contains(labels, label) {
				return strangeLabel(s, label, c.rows[i], labels)
			}
			texts[v] = label
		}
		return nil
	})
	all, err := Agree(src, slices.Collect(maps.Values(texts)), err)
	if err != nil {
		return nil, err
	}
	if labels == nil {
		labels = distinct(slices.Concat(all...))
	}
	table := make(map[T]int64, len(texts))
	for v, label := range texts {
		table[v] = int64(slices.Index(labels, label))
	}
	return retarget(src, Target{Classes, s.Target.Names, labels}, recode(s, tensor.Int64, table)), nil
}

func noTarget(s *Schema) error {
	return &ContentError{s.Name, "there is no target to learn", "name its column with --target, or put the labels beside the samples"}
}

// encode returns the place of each text among the labels.
func encode(s *Schema, text, labels []string) (*tensor.Tensor, error) {
	at := make(map[string]int64, len(labels))
	for i, l := range labels {
		at[l] = int64(i)
	}
	codes := make([]int64, len(text))
	for i, v := range text {
		c, ok := at[v]
		if !ok {
			return nil, strangeLabel(s, v, i, labels)
		}
		codes[i] = c
	}
	return tensor.Of(codes, len(codes)), nil
}

func strangeLabel(s *Schema, label string, row int, labels []string) error {
	return &ContentError{s.Name, fmt.Sprintf("the label %q of sample %d is not among the %d classes %s", label, row, len(labels), preview(labels)), "fix the label, or train with data that has it"}
}

// ToNumbers returns src with its target as numbers; labels that are numbers stand
// for themselves.
func ToNumbers(src Source) (Source, error) {
	s := src.Schema()
	switch s.Target.Kind {
	case NoTarget:
		return nil, noTarget(s)
	case Numbers:
		return src, nil
	}
	values := make(map[int64]float32, len(s.Target.Labels))
	for i, l := range s.Target.Labels {
		v, err := strconv.ParseFloat(l, 32)
		if err != nil {
			return nil, &ContentError{s.Name, fmt.Sprintf("the target %s is text (%s), the loss wants numbers", s.Target.Names[0], preview(s.Target.Labels)), "use a loss for classes such as cross_entropy, or name another target"}
		}
		values[int64(i)] = float32(v)
	}
	return retarget(src, Target{Kind: Numbers, Names: s.Target.Names}, recode(s, tensor.Float32, values)), nil
}

// WithoutTarget returns src without its target.
func WithoutTarget(src Source) Source {
	if src.Schema().Target.Kind == NoTarget {
		return src
	}
	return retarget(src, Target{}, nil)
}

// Validate reports what makes src unfit to learn from: no samples, no target, a
// target that is not a finite number, a single class.
func Validate(src Source) error {
	s := src.Schema()
	if src.Len() == 0 {
		return &ContentError{s.Name, "there are no samples", "give a file that holds some"}
	}
	if s.Target.Kind == NoTarget {
		return noTarget(s)
	}
	var classes []int64 // two of them are enough
	err := eachTarget(src, func(c chunk, y *tensor.Tensor) error {
		if s.Target.Kind == Numbers {
			return finite(s, c, tensor.Data[float32](y))
		}
		for _, v := range tensor.Data[int64](y) {
			if len(classes) < 2 && !slices.Contains(classes, v) {
				classes = append(classes, v)
			}
		}
		return nil
	})
	all, err := Agree(src, classes, err)
	if err != nil || s.Target.Kind == Numbers {
		return err
	}
	found := slices.Concat(all...)
	slices.Sort(found)
	if found = slices.Compact(found); len(found) > 1 {
		return nil
	}
	return &ContentError{s.Name, fmt.Sprintf("the target %s has one class only, %s, in %d samples", s.Target.Names[0], s.Target.Labels[found[0]], src.Len()), "give samples of at least two classes"}
}

// finite reports a target that is no finite number.
func finite(s *Schema, c chunk, y []float32) error {
	k := len(s.Target.Names)
	for i, v := range y {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return &ContentError{s.Name, fmt.Sprintf("the target %s of sample %d is %v", s.Target.Names[i%k], c.rows[i/k], v), "remove the sample or fix the value"}
		}
	}
	return nil
}

// compareLabels puts numbers in their order before text in its own.
func compareLabels(a, b string) int {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	switch {
	case errX == nil && errY == nil && x != y:
		return cmp.Compare(x, y)
	case errX == nil && errY != nil:
		return -1
	case errX != nil && errY == nil:
		return 1
	}
	return strings.Compare(a, b)
}

// preview lists the first labels.
func preview(labels []string) string {
	if len(labels) > 5 {
		return strings.Join(labels[:5], ", ") + "…"
	}
	return strings.Join(labels, ", ")
}
