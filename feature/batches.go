package feature

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/tensor"
)

// BatchOptions says how [Batches] go through a source. The zero value reads all
// samples once, in their order, 64 at a time. The shards of a [data.Spread] are
// mixed in any case, so that all workers have their share of every batch.
type BatchOptions struct {
	// Size is the number of samples of a batch, of all ranks together; 0 means
	// 64. The last batch has what is left.
	Size int
	// Train makes the random steps random.
	Train bool
	// Shuffle reads in an order drawn by Seed and Epoch.
	Shuffle bool
	// Seed and Epoch decide all that is random, with a sample's index.
	Seed  uint64
	Epoch int
	// Parts is the number of virtual workers, into whose fixed parts every batch
	// is cut: what a part holds does not depend on the number of ranks. 0 means
	// Ranks. A [data.Spread] tells the parts of its samples.
	Parts int
	// Rank of Ranks gets its parts of every batch, those that [data.Owned]
	// tells; 0 of 0 is the same as 0 of 1. Where a
	// batch has fewer samples than there are ranks, some get none, so that all
	// ranks see as many batches.
	Rank, Ranks int
	// Start is how many samples of the epoch were used already, by all ranks.
	Start int
	// Prefetch is how many batches are read ahead; 0 means 2.
	Prefetch int
}

// Batches goes through a source once, reading ahead in a goroutine of its own. A
// Batches belongs to one goroutine.
type Batches struct {
	cancel  context.CancelCauseFunc
	ctx     context.Context //nolint:containedctx // of the reading goroutine
	done    sync.WaitGroup
	results chan result
	free    chan *cut
	current *cut
	parts   []Part
	end     int   // samples of the epoch up to the end of the current batch
	err     error // what the reading ended with
}

// cut is what a rank has of a batch.
type cut struct {
	batch data.Batch
	parts []Part
	end   int // samples of the epoch up to the end of the batch
}

type result struct {
	cut *cut
	err error
}

// NewBatches starts reading; p may be nil for samples as they are. Close it.
func NewBatches(ctx context.Context, src data.Source, p *Pipeline, o BatchOptions) (*Batches, error) {
	r, err := newReader(src, p, o)
	if err != nil {
		return nil, err
	}
	if o.Prefetch <= 0 {
		o.Prefetch = 2
	}
	b := &Batches{
		results: make(chan result, o.Prefetch),
		free:    make(chan *cut, o.Prefetch+1),
	}
	b.ctx, b.cancel = context.WithCancelCause(ctx)
	for range cap(b.free) {
		b.free <- new(cut)
	}
	b.done.Go(func() {
		defer close(b.results)
		b.run(r)
	})
	return b, nil
}

// run reads batches into free memory until the end, an error or Close.
func (b *Batches) run(r *reader) {
	for from := r.opts.Start; from < r.src.Len(); from += r.opts.Size {
		var res result
		select {
		case res.cut = <-b.free:
		case <-b.ctx.Done():
			return
		}
		res.cut.end = min(from+r.opts.Size, r.src.Len())
		res.err = r.read(from, res.cut)
		select {
		case b.results <- res:
		case <-b.ctx.Done():
			return
		}
		if res.err != nil {
			return
		}
	}
}

// Next returns the next batch, io.EOF after the last, or what went wrong. The batch
// is valid until the following call.
func (b *Batches) Next() (*data.Batch, error) {
	if b.current != nil {
		b.free <- b.current
		b.current = nil
	}
	if b.err != nil {
		return nil, b.err
	}
	res, ok := <-b.results
	switch {
	case b.ctx.Err() != nil:
		b.err = context.Cause(b.ctx)
	case !ok:
		b.err = io.EOF
	case res.err != nil:
		b.err = res.err
	default:
		b.current, b.parts, b.end = res.cut, res.cut.parts, res.cut.end
		return &res.cut.batch, nil
	}
	return nil, b.err
}

// Parts returns the parts that this rank has of the current batch, in their order:
// what each virtual worker has. They are valid until Next is called.
func (b *Batches) Parts() []Part { return b.parts }

// Position returns how many samples of the epoch all ranks have used when they have
// used the current batch: what Start is to resume after it.
func (b *Batches) Position() int { return b.end }

// Close ends the reading and waits until it has ended.
func (b *Batches) Close() {
	b.cancel(errClosed)
	b.done.Wait()
}

var errClosed = fmt.Errorf("the batches are closed")

// reader reads one batch.
type reader struct {
	src    data.Source
	opts   BatchOptions
	host   []HostStep
	sample tensor.Shape // that the pipeline's graph takes; nil: as they are
	order  order
	parts  [2]int       // first part of this rank, and end
	random *tensor.Rand // nil in evaluation
	rows   []int
	raw    data.Batch // samples before the host steps
}

func newReader(src data.Source, p *Pipeline, o BatchOptions) (*reader, error) {
	if o.Size == 0 {
		o.Size = 64
	}
	o.Ranks = max(o.Ranks, 1)
	if o.Parts == 0 {
		o.Parts = o.Ranks
	}
	if o.Size < 0 || o.Start < 0 || o.Parts < 0 || o.Rank < 0 || o.Rank >= o.Ranks {
		return nil, fmt.Errorf("batches: size %d, start %d, parts %d, rank %d of %d: want none negative, and the rank below the ranks", o.Size, o.Start, o.Parts, o.Rank, o.Ranks)
	}
	r := &reader{src: src, opts: o}
	r.parts[0], r.parts[1] = data.Owned(o.Parts, o.Rank, o.Ranks)
	var err error
	if r.order, err = newOrder(src, o); err != nil {
		return nil, err
	}
	if o.Train {
		r.random = tensor.RandStream(o.Seed, "augment").At(uint64(o.Epoch))
	}
	if p == nil {
		return r, nil
	}
	if p, err = p.adapt(src.Schema()); err != nil {
		return nil, err
	}
	r.host = p.Host
	if r.sample, err = p.sample(); err != nil {
		return nil, err
	}
	if s := src.Schema(); len(r.host) == 0 && !s.Varies && s.Sample.Len() != r.sample.Len() {
		return nil, &data.ContentError{Source: s.Name, Detail: fmt.Sprintf("a sample is %v, want %v as in %s", s.Sample, r.sample, p.Schema.Name), Hint: "use data of the same shape"}
	}
	return r, nil
}

// read fills c with what this rank has of the samples from…c.end of the epoch.
func (r *reader) read(from int, c *cut) error {
	c.parts = c.parts[:0]
	for v := r.parts[0]; v < r.parts[1]; v++ {
		c.parts = append(c.parts, Part{Number: v})
	}
	r.rows = r.order.cut(from, c.end, r.rows[:0], c.parts)
	b := &c.batch
	if len(r.host) > 0 {
		return r.readImages(b)
	}
	if err := r.src.Read(r.rows, b); err != nil {
		return err
	}
	if r.sample != nil && !b.X.Shape()[1:].Equal(r.sample) && !r.src.Schema().Varies {
		b.X = b.X.Reshape(append([]int{len(r.rows)}, r.sample...)...)
	}
	return nil
}

// readImages reads samples one by one and applies the host steps.
func (r *reader) readImages(b *data.Batch) error {
	sampler, single := r.src.(data.Sampler)
	if single {
		if err := sampler.Target(r.rows, b); err != nil {
			return err
		}
	} else if err := r.readRaw(b); err != nil {
		return err
	}
	x := b.MakeX(r.src.Schema().DType, len(r.rows), r.sample)
	return data.Parallel(len(r.rows), func(i int) error {
		var sample *tensor.Tensor
		var err error
		if single {
			sample, err = sampler.Sample(r.rows[i])
		} else {
			sample = r.raw.X.Index(0, i)
		}
		if err == nil {
			sample, err = r.apply(sample, b.Index[i])
		}
		if err != nil {
			return err
		}
		tensor.CopyInto(x.Index(0, i), sample.Reshape(r.sample...))
		return nil
	})
}

// readRaw reads samples as they are, and hands their targets on to b.
func (r *reader) readRaw(b *data.Batch) error {
	if err := r.src.Read(r.rows, &r.raw); err != nil {
		return err
	}
	b.Index = append(b.Index[:0], r.raw.Index...)
	b.Y = nil
	if y := r.raw.Y; y != nil {
		tensor.CopyInto(b.MakeY(y.DType(), len(r.rows), y.Shape()[1:]), y)
	}
	return nil
}

// apply takes one sample through the host steps.
func (r *reader) apply(x *tensor.Tensor, index int64) (*tensor.Tensor, error) {
	x = x.Reshape(image(x.Shape())...)
	var random *tensor.Rand
	if r.random != nil {
		random = r.random.At(uint64(index))
	}
	for _, s := range r.host {
		var err error
		if x, err = s.Apply(x, random); err != nil {
			return nil, err
		}
	}
	if x.Len() != r.sample.Len() {
		return nil, fmt.Errorf("sample %d: the steps give an image of shape %v, want %v", index, x.Shape(), r.sample)
	}
	return x, nil
}
