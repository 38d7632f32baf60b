package train

import (
	"fmt"
	"math"

	"github.com/emberml/ember/metric"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/report"
	"github.com/emberml/ember/tensor"
)

// scored is a metric with its name.
type scored struct {
	name   string
	spec   metric.Spec
	metric metric.Metric
}

// score gathers loss and metrics of an epoch or an evaluation.
type score struct {
	loss    float64 // sum over the samples, in training with the penalties
	samples int
	metrics []scored
	answers bool // numbers are answers of yes or no, each a sample of its own to the metrics
}

// newScore makes the metrics that a net asks for: those of its file, else
// accuracy for classes.
func newScore(net *nn.Net) (*score, error) {
	s := &score{}
	task, fits := metric.Regression, "numbers"
	if net.Loss.Target() != nn.NumberTarget && net.Target != nn.InputName {
		task, fits = metric.Classification, "classes"
		s.answers = net.Loss.Target() == nn.BinaryTarget
	}
	if net.Metrics == nil && task == metric.Classification {
		spec, _ := metric.Find("accuracy")
		s.metrics = []scored{{spec.Key, spec, spec.New()}}
	}
	for _, n := range net.Metrics {
		key, options, err := n.Choice()
		if err != nil {
			return nil, err
		}
		spec, ok := metric.Find(key)
		if !ok {
			return nil, n.Unknown("metric", key, metric.Keys())
		}
		if spec.Tasks&task == 0 {
			return nil, n.Errorf("the metric %s is not for %s, which the loss learns", key, fits)
		}
		m := spec.New()
		if err := options.Decode(m); err != nil {
			return nil, err
		}
		s.metrics = append(s.metrics, scored{key, spec, m})
	}
	return s, nil
}

// add takes the results of a gradient or evaluation program for n samples, and
// what their losses add up to.
func (s *score) add(out []*tensor.Tensor, loss float64, n int) error {
	s.loss += loss
	s.samples += n
	if len(s.metrics) == 0 {
		return nil
	}
	prediction, target := out[outPrediction], out[outTarget]
	switch {
	case s.answers && target.DType().IsFloat():
		yes := tensor.Greater(target, tensor.Scalar(float32(0.5)))
		prediction, target = prediction.Reshape(-1), tensor.Cast(yes, tensor.Int64).Reshape(-1)
	case s.metrics[0].spec.Tasks&metric.Regression != 0 && target.Len() == prediction.Len():
		target = target.Reshape(prediction.Shape()...)
	}
	for _, m := range s.metrics {
		if err := m.metric.Update(prediction, target, nil); err != nil {
			return fmt.Errorf("metric %s: %w", m.name, err)
		}
	}
	return nil
}

// mean is the mean loss of the samples.
func (s *score) mean() float64 {
	if s.samples == 0 {
		return math.NaN()
	}
	return s.loss / float64(s.samples)
}

// values are the metrics; withLoss puts the loss in front.
func (s *score) values(withLoss bool) report.Scores {
	var out report.Scores
	if withLoss {
		out = append(out, report.Score{Name: "loss", Value: s.mean()})
	}
	for _, m := range s.metrics {
		out = append(out, report.Score{Name: m.name, Value: m.metric.Value()})
	}
	return out
}

// reset forgets all samples.
func (s *score) reset() {
	s.loss, s.samples = 0, 0
	for _, m := range s.metrics {
		_ = m.metric.Restore(m.spec.New().State()) // which is always valid
	}
}

// progress is a score in the middle of an epoch, in a checkpoint.
type progress struct {
	Loss       float64              `json:"loss"`
	Samples    int                  `json:"samples"`
	Metrics    map[string][]float64 `json:"metrics,omitempty"`
	Seconds    float64              `json:"seconds"`
	CPUSeconds float64              `json:"cpu_seconds"`
}

func (s *score) save() progress {
	p := progress{Loss: s.loss, Samples: s.samples, Metrics: map[string][]float64{}}
	for _, m := range s.metrics {
		p.Metrics[m.name] = m.metric.State()
	}
	return p
}

func (s *score) restore(p progress) error {
	s.loss, s.samples = p.Loss, p.Samples
	for _, m := range s.metrics {
		if state, ok := p.Metrics[m.name]; ok {
			if err := m.metric.Restore(state); err != nil {
				return fmt.Errorf("metric %s: %w", m.name, err)
			}
		}
	}
	return nil
}

// scoreMap is scores as JSON can hold them, without those that are not finite.
func scoreMap(scores report.Scores) map[string]float64 {
	out := map[string]float64{}
	for _, s := range scores {
		if isNumber(s.Value) {
			out[s.Name] = s.Value
		}
	}
	return out
}

// named puts scores that were saved in the order of the metrics.
func (s *score) named(saved map[string]float64) report.Scores {
	var out report.Scores
	for _, score := range s.values(true) {
		if v, ok := saved[score.Name]; ok {
			out = append(out, report.Score{Name: score.Name, Value: v})
		}
	}
	return out
}
