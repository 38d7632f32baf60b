package data

import (
	"fmt"
	"slices"
	"sort"

	"github.com/emberml/ember/tensor"
)

// concat is sources one after another.
type concat struct {
	schema *Schema
	parts  []Source
	starts []int // of each part; one more for the end
}

// Concat returns the source of all samples of the given ones, which agree in
// samples and targets; classes are the union of theirs. Either all of them are
// [Spread] or none is.
func Concat(parts ...Source) (Source, error) {
	if len(parts) == 0 {
		return nil, fmt.Errorf("concat: no sources")
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	like := *parts[0].Schema()
	for _, p := range parts[1:] {
		like.Target.Labels = append(like.Target.Labels[:len(like.Target.Labels):len(like.Target.Labels)], p.Schema().Target.Labels...)
	}
	if like.Target.Kind == Classes {
		like.Target.Labels = distinct(like.Target.Labels)
	}
	c := &concat{schema: &like, starts: []int{0}}
	for _, p := range parts {
		if got := p.Schema().Target.Kind; got != like.Target.Kind {
			return nil, &ContentError{p.Schema().Name, fmt.Sprintf("its target is %v, that of %s %v", got, like.Name, like.Target.Kind), "all files need the same columns"}
		}
		if p.Schema().Varies {
			return nil, &ContentError{p.Schema().Name, "images of several folders cannot be joined", "put them into one folder"}
		}
		fitted, err := Conform(p, &like)
		if err != nil {
			return nil, err
		}
		c.parts = append(c.parts, fitted)
		c.starts = append(c.starts, c.Len()+p.Len())
	}
	return c.spread()
}

// spread returns c as a [Spread] if its parts are.
func (c *concat) spread() (Source, error) {
	var shards []Shard
	for _, p := range c.parts {
		if s, ok := p.(Spread); ok {
			shards = append(shards, s.Shards()...)
		} else if shards != nil {
			return nil, fmt.Errorf("concat: %s is not spread over the workers, %s is", p.Schema().Name, c.schema.Name)
		}
	}
	switch first, ok := c.parts[0].(Spread); {
	case ok:
		return &wrapped{c, shards, first.Exchange}, nil
	case shards != nil:
		return nil, fmt.Errorf("concat: %s is not spread over the workers, others are", c.schema.Name)
	}
	return c, nil
}

func (c *concat) Schema() *Schema { return c.schema }
func (c *concat) Len() int        { return c.starts[len(c.starts)-1] }

func (c *concat) Read(rows []int, b *Batch) error {
	b.MakeX(c.schema.DType, len(rows), c.schema.Sample)
	return c.read(Source.Read, rows, b, true)
}

func (c *concat) Target(rows []int, b *Batch) error { return c.read(readTarget, rows, b, false) }

// read reads the rows of each part with a method of it, and puts them into their
// places in b.
func (c *concat) read(read func(Source, []int, *Batch) error, rows []int, b *Batch, samples bool) error {
	if err := checkRows(c.schema.Name, rows, c.Len()); err != nil {
		return err
	}
	b.SetIndex(rows)
	b.Y = nil
	if len(b.parts) < len(c.parts) {
		b.parts = make([]Batch, len(c.parts))
	}
	for i, p := range c.parts {
		b.local = b.local[:0]
		for _, r := range rows {
			if c.partOf(r) == i {
				b.local = append(b.local, r-c.starts[i])
			}
		}
		if len(b.local) == 0 && (i > 0 || len(rows) > 0) {
			continue
		}
		if err := read(p, b.local, &b.parts[i]); err != nil {
			return err
		}
		c.scatter(b, rows, i, samples)
	}
	return nil
}

// scatter copies what was read of part i to its places in b.
func (c *concat) scatter(b *Batch, rows []int, i int, samples bool) {
	part := &b.parts[i]
	if b.Y == nil && part.Y != nil {
		b.MakeY(part.Y.DType(), len(rows), part.Y.Shape()[1:])
	}
	from := 0
	for to, r := range rows {
		if c.partOf(r) != i {
			continue
		}
		if samples {
			copyRow(b.X, to, part.X, from)
		}
		if part.Y != nil {
			copyRow(b.Y, to, part.Y, from)
		}
		from++
	}
}

func (c *concat) partOf(row int) int { return sort.SearchInts(c.starts, row+1) - 1 }

func copyRow(dst *tensor.Tensor, to int, src *tensor.Tensor, from int) {
	size := len(src.Bytes()) / src.Shape()[0]
	copy(dst.Bytes()[to*size:(to+1)*size], src.Bytes()[from*size:])
}

// distinct returns the different values, in the order of labels.
func distinct(values []string) []string {
	seen := map[string]bool{}
	out := []string{}
	for _, v := range values {
		if !seen[v] {
			seen[v] = true
			out = append(out, v)
		}
	}
	slices.SortFunc(out, compareLabels)
	return out
}
