package train

import (
	"github.com/emberml/ember/data"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/model"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/report"
	"github.com/emberml/ember/tensor"
)

// model is the trained net as a model, with copies of the parameters.
func (t *trainer) model(r *Result) (*model.Model, error) {
	net := t.job.Net
	info := model.Info{
		Pipeline: t.pipeline, Seed: t.job.Seed, Metrics: map[string]map[string]float64{},
		Provenance: model.Provenance{
			Data: t.src.Schema().Name, Samples: t.src.Len(), Epochs: t.epoch, Steps: t.step, Version: t.job.Version,
		},
	}
	if net.Target == nn.InputName { // what is predicted is no class, whatever the data's labels
		pipeline := *t.pipeline
		schema := *pipeline.Schema
		schema.Target = data.Target{}
		pipeline.Schema, info.Pipeline = &schema, &pipeline
	}
	for part, scores := range map[string]report.Scores{"train": r.Train, "valid": r.Valid, "test": r.Test} {
		for _, s := range scores {
			if info.Metrics[part] == nil {
				info.Metrics[part] = map[string]float64{}
			}
			info.Metrics[part][s.Name] = s.Value
		}
	}
	if root, err := net.Node(); err == nil { // a net made in Go may have no file form
		info.Net = t.job.source()
		info.Loss, _, _ = root.Get("loss").Choice()
	}
	weights := map[string]*tensor.Tensor{}
	for _, p := range t.programs.params {
		weights[p.Name] = t.programs.state.Get(p.Name).Clone()
	}
	return model.Build(model.Spec{
		Name: net.Name, Info: info, Weights: weights,
		Forward: func(g *graph.Graph, x *graph.Value) *graph.Value {
			b := nn.NewBuilder(g, nn.Options{Seed: t.job.Seed})
			y := net.Loss.Predict(net.Forward(b, x))
			for _, state := range b.Carries() {
				g.Output(state.Before.Name()+model.NextSuffix, state.After)
			}
			return y
		},
	})
}
