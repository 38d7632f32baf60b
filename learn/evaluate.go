package learn

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/feature"
	"github.com/emberml/ember/metric"
	"github.com/emberml/ember/model"
	"github.com/emberml/ember/tensor"
)

// Scorer gives what metrics compare for a batch: scores, which are
// probabilities [n, C] or numbers [n, …], and the truth. Both need to be valid
// until the next call only.
type Scorer func(b *data.Batch) (scores, truth *tensor.Tensor, err error)

// Predictions scores by the predictions of a model; the truth is the target.
func Predictions(p *model.Predictor) Scorer {
	return func(b *data.Batch) (scores, truth *tensor.Tensor, err error) {
		prediction, err := p.Predict(b.X)
		if err != nil {
			return nil, nil, err
		}
		if prediction.Probabilities != nil {
			return prediction.Probabilities, b.Y, nil
		}
		return prediction.Values, b.Y, nil
	}
}

// Evaluate adds all samples of a source to the metrics. It reads them in batches,
// through the host steps of the pipeline, which may be nil. A truth of numbers is
// brought into the shape of the scores if it has as many elements.
//
// A source without samples is a [*data.ContentError]; samples that do not fit a
// metric are an error.
func Evaluate(ctx context.Context, src data.Source, p *feature.Pipeline, score Scorer, metrics ...metric.Metric) error {
	if src.Len() == 0 {
		return &data.ContentError{Source: src.Schema().Name, Detail: "there are no samples to measure on", Hint: "give a file that holds some"}
	}
	batches, err := feature.NewBatches(ctx, src, p, feature.BatchOptions{Size: evaluationBatch})
	if err != nil {
		return err
	}
	defer batches.Close()
	for {
		b, err := batches.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		scores, truth, err := score(b)
		if err != nil {
			return err
		}
		if truth.DType().IsFloat() && truth.Len() == scores.Len() {
			truth = truth.Reshape(scores.Shape()...)
		}
		for _, m := range metrics {
			if err := m.Update(scores, truth, nil); err != nil {
				return fmt.Errorf("%s: %w", src.Schema().Name, err)
			}
		}
	}
}

// evaluationBatch is how many samples are read at a time.
const evaluationBatch = 256
