package data

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/emberml/ember/tensor"
)

// targeter is a source that has its targets in memory.
type targeter interface {
	targets() *tensor.Tensor // nil if it does not
}

// Targets returns the targets of all samples, as [TargetKind] says; nil without a
// target.
func Targets(src Source) (*tensor.Tensor, error) {
	if src.Schema().Target.Kind == NoTarget {
		return nil, nil
	}
	if t, ok := src.(targeter); ok {
		if y := t.targets(); y != nil {
			return y, nil
		}
	}
	var all []*tensor.Tensor
	var b Batch
	for from := 0; from < src.Len() || from == 0; from += 1024 {
		rows := make([]int, min(1024, src.Len()-from))
		for i := range rows {
			rows[i] = from + i
		}
		read := src.Read
		if s, ok := src.(Sampler); ok {
			read = s.Target
		}
		if err := read(rows, &b); err != nil {
			return nil, err
		}
		all = append(all, b.Y.Clone())
	}
	return tensor.Concat(0, all...), nil
}

// retargeted is a source with other targets.
type retargeted struct {
	Source
	schema *Schema
	y      *tensor.Tensor // nil: without target
}

// retarget replaces the targets of src.
func retarget(src Source, t Target, y *tensor.Tensor) Source {
	schema := *src.Schema()
	schema.Target = t
	r := retargeted{src, &schema, y}
	if sampler, ok := src.(Sampler); ok {
		return &retargetedSampler{r, sampler}
	}
	return &r
}

func (r *retargeted) Schema() *Schema         { return r.schema }
func (r *retargeted) targets() *tensor.Tensor { return r.y }

func (r *retargeted) Read(rows []int, b *Batch) error {
	if err := r.Source.Read(rows, b); err != nil {
		return err
	}
	readTarget(b, r.y, rows)
	return nil
}

type retargetedSampler struct {
	retargeted
	sampler Sampler
}

func (r *retargetedSampler) Sample(row int) (*tensor.Tensor, error) { return r.sampler.Sample(row) }

func (r *retargetedSampler) Target(rows []int, b *Batch) error {
	if err := r.sampler.Target(rows, b); err != nil {
		return err
	}
	readTarget(b, r.y, rows)
	return nil
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
	case Numbers:
		if len(s.Target.Names) != 1 {
			return nil, &ContentError{s.Name, fmt.Sprintf("%d target columns cannot be classes", len(s.Target.Names)), "name one, or use a loss for numbers"}
		}
	}
	y, err := Targets(src)
	if err != nil {
		return nil, err
	}
	text, err := labelTexts(s, y)
	if err != nil {
		return nil, err
	}
	if labels == nil {
		labels = distinct(text)
	}
	codes, err := encode(s, text, labels)
	if err != nil {
		return nil, err
	}
	return retarget(src, Target{Classes, s.Target.Names, labels}, codes), nil
}

func noTarget(s *Schema) error {
	return &ContentError{s.Name, "there is no target to learn", "name its column with --target, or put the labels beside the samples"}
}

// labelTexts returns the label of each target.
func labelTexts(s *Schema, y *tensor.Tensor) ([]string, error) {
	text := make([]string, y.Len())
	if s.Target.Kind == Classes {
		for i, c := range tensor.Data[int64](y) {
			text[i] = s.Target.Labels[c]
		}
		return text, nil
	}
	for i, v := range tensor.Data[float32](y) {
		f := float64(v)
		if f != math.Trunc(f) || math.IsInf(f, 0) {
			return nil, &ContentError{s.Name, fmt.Sprintf("the target %s of sample %d is %v, not a class", s.Target.Names[0], i, v), "classes are whole numbers or text; for numbers use a loss such as mse"}
		}
		text[i] = strconv.FormatFloat(f, 'f', -1, 64)
	}
	return text, nil
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
			return nil, &ContentError{s.Name, fmt.Sprintf("the label %q of sample %d is not among the %d classes %s", v, i, len(labels), preview(labels)), "fix the label, or train with data that has it"}
		}
		codes[i] = c
	}
	return tensor.Of(codes, len(codes)), nil
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
	values := make([]float32, len(s.Target.Labels))
	for i, l := range s.Target.Labels {
		v, err := strconv.ParseFloat(l, 32)
		if err != nil {
			return nil, &ContentError{s.Name, fmt.Sprintf("the target %s is text (%s), the loss wants numbers", s.Target.Names[0], preview(s.Target.Labels)), "use a loss for classes such as cross_entropy, or name another target"}
		}
		values[i] = float32(v)
	}
	y, err := Targets(src)
	if err != nil {
		return nil, err
	}
	numbers := make([]float32, y.Len())
	for i, c := range tensor.Data[int64](y) {
		numbers[i] = values[c]
	}
	return retarget(src, Target{Kind: Numbers, Names: s.Target.Names}, tensor.Of(numbers, len(numbers))), nil
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
	y, err := Targets(src)
	switch {
	case err != nil:
		return err
	case s.Target.Kind == NoTarget:
		return noTarget(s)
	case s.Target.Kind == Numbers:
		return finite(s, y)
	}
	codes := tensor.Data[int64](y)
	for _, c := range codes {
		if c != codes[0] {
			return nil
		}
	}
	return &ContentError{s.Name, fmt.Sprintf("the target %s has one class only, %s, in %d samples", s.Target.Names[0], s.Target.Labels[codes[0]], len(codes)), "give samples of at least two classes"}
}

func finite(s *Schema, y *tensor.Tensor) error {
	k := len(s.Target.Names)
	for i, v := range tensor.Data[float32](y) {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return &ContentError{s.Name, fmt.Sprintf("the target %s of sample %d is %v", s.Target.Names[i%k], i/k, v), "remove the sample or fix the value"}
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
