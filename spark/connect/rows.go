package connect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/emberml/ember/frame"
	pb "github.com/emberml/ember/spark/connect/internal/sparkpb"
)

// responses are those of the execution, up to its first error. It is stopped when they are not read to the end.
func (e *execution) responses(ctx context.Context) iter.Seq2[*pb.ExecutePlanResponse, error] {
	return func(yield func(*pb.ExecutePlanResponse, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel() // ends the stream
		for {
			resp, err := e.next(ctx)
			if err == io.EOF {
				return
			}
			if !yield(resp, err) || err != nil {
				e.interrupt()
				return
			}
		}
	}
}

// Collect runs the plan and returns all of its rows: at least one frame, without rows if need be, so that the schema is
// known.
func (d *DataFrame) Collect(ctx context.Context) ([]*frame.Frame, error) {
	var frames []*frame.Frame
	for f, err := range d.Stream(ctx) {
		if err != nil {
			return nil, err
		}
		frames = append(frames, f)
	}
	return frames, nil
}

// Stream runs the plan and gives its rows, in the batches in which they arrive. It ends at the first error; breaking off
// stops the work on the cluster.
func (d *DataFrame) Stream(ctx context.Context) iter.Seq2[*frame.Frame, error] {
	return func(yield func(*frame.Frame, error) bool) {
		var batch assembly
		for resp, err := range d.s.execute("read rows", d.root()).responses(ctx) {
			if err != nil {
				yield(nil, err)
				return
			}
			content, err := batch.add(resp.GetArrowBatch())
			if err != nil {
				yield(nil, fmt.Errorf("spark connect: read rows: %w", err))
				return
			}
			if content == nil {
				continue
			}
			for f, err := range frames(content) {
				if !yield(f, err) || err != nil {
					return
				}
			}
		}
	}
}

// assembly puts together the batches that are too large for one message.
type assembly struct {
	content []byte
	chunks  int64 // so far
	rows    int64 // before the next batch
}

// add returns the Arrow stream that b completes, or nil.
func (a *assembly) add(b *pb.ExecutePlanResponse_ArrowBatch) ([]byte, error) {
	if b == nil {
		return nil, nil
	}
	if b.StartOffset != nil && b.GetStartOffset() != a.rows {
		return nil, fmt.Errorf("a batch of rows begins with row %d, want %d", b.GetStartOffset(), a.rows)
	}
	if b.ChunkIndex != nil && b.GetChunkIndex() != a.chunks {
		return nil, fmt.Errorf("part %d of a batch of rows, want part %d", b.GetChunkIndex(), a.chunks)
	}
	content := b.Data
	if b.GetNumChunksInBatch() > 1 {
		a.content = append(a.content, b.Data...)
		a.chunks++
		if a.chunks < b.GetNumChunksInBatch() {
			return nil, nil
		}
		content = a.content
	}
	*a = assembly{rows: a.rows + b.RowCount}
	return content, nil
}

// frames reads an Arrow stream.
func frames(content []byte) iter.Seq2[*frame.Frame, error] {
	return func(yield func(*frame.Frame, error) bool) {
		r, err := frame.NewReader(bytes.NewReader(content), frame.ReaderOptions{})
		if err != nil {
			yield(nil, fmt.Errorf("spark connect: read rows: %w", err))
			return
		}
		for {
			f, err := r.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if !yield(f, err) || err != nil {
				return
			}
		}
	}
}
