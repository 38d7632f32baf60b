package model

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/emberml/ember/feature"
	"github.com/emberml/ember/onnx"
	"github.com/emberml/ember/storage"
	"github.com/emberml/ember/tensor"
)

// version is that of the metadata entries.
const version = 1

// The metadata entries.
const (
	versionKey    = "ember.version"
	stepsKey      = "ember.steps"
	labelsKey     = "ember.labels"
	netKey        = "ember.net"
	lossKey       = "ember.loss"
	metricsKey    = "ember.metrics"
	seedKey       = "ember.seed"
	provenanceKey = "ember.provenance"
)

// Save writes the model to a file or URL, whole or not at all. Weights of more
// than 1.5 GiB go to a file of the same name with .data behind it. The same model
// gives the same bytes.
func (m *Model) Save(ctx context.Context, url string) error {
	return m.save(ctx, url, 0)
}

func (m *Model) save(ctx context.Context, url string, externalLimit int64) error {
	metadata, err := m.metadata()
	if err != nil {
		return err
	}
	file, external, err := onnx.Encode(
		&onnx.Model{Graph: m.Graph, Metadata: metadata, ProducerVersion: m.Provenance.Version},
		onnx.EncodeOptions{ExternalName: storage.Base(url) + ".data", ExternalLimit: externalLimit},
	)
	if err != nil {
		return err
	}
	if external != nil { // first, so that no model names weights that are not there
		if err := write(ctx, url+".data", external); err != nil {
			return err
		}
	}
	return write(ctx, url, file)
}

func write(ctx context.Context, url string, e *onnx.Encoded) error {
	return storage.Write(ctx, url, e.Size(), func(w io.Writer) error {
		_, err := e.WriteTo(w)
		return err
	})
}

// Load reads a model from a file or URL; one of this machine is memory-mapped.
// Damage is a [*tensor.FormatError], an operator that Ember does not have an
// [*onnx.UnsupportedError].
func Load(ctx context.Context, url string) (m *Model, err error) {
	m = &Model{}
	defer func() {
		if err != nil {
			m.Close() // the error that is returned matters more
			m = nil
		}
	}()
	content, err := m.open(ctx, url)
	if err != nil {
		return m, err
	}
	folder := strings.TrimSuffix(url, storage.Base(url))
	file, err := onnx.Decode(content, onnx.DecodeOptions{
		File: url,
		Open: func(name string) ([]byte, error) { return m.open(ctx, folder+name) },
	})
	if err != nil {
		return m, err
	}
	m.Graph = file.Graph
	err = m.setMetadata(file.Metadata)
	if err == nil {
		err = m.check()
	}
	if err != nil {
		return m, &tensor.FormatError{File: url, Detail: "the metadata of the model cannot be read", Err: err}
	}
	return m, nil
}

// check compares the metadata with the graph.
func (m *Model) check() error {
	if m.Pipeline == nil {
		return nil
	}
	want := max(1, len(m.Pipeline.Schema.Columns))
	if n := len(m.Graph.Inputs()) - len(m.carried()); n != want {
		return fmt.Errorf("the graph has %d inputs, the samples have %d", n, want)
	}
	y := m.output(ProbabilitiesOutput)
	if y == nil {
		return nil
	}
	if n := len(m.Labels()); y.Rank() < 2 || !y.Shape()[1].Is(n) {
		return fmt.Errorf("the graph gives probabilities %v for %d labels", y.Shape(), n)
	}
	return nil
}

func (m *Model) open(ctx context.Context, url string) ([]byte, error) {
	mapping, err := storage.Map(ctx, url)
	if err != nil {
		return nil, err
	}
	m.maps = append(m.maps, mapping)
	return mapping.Bytes, nil
}

// metadata writes the info as entries; what is zero has none.
func (m *Model) metadata() (map[string]string, error) {
	entries := map[string]string{versionKey: strconv.Itoa(version)}
	texts := map[string]string{netKey: m.Net, lossKey: m.Loss}
	if m.Pipeline != nil {
		texts[seedKey] = strconv.FormatUint(m.Seed, 10)
	}
	for key, text := range texts {
		if text != "" {
			entries[key] = text
		}
	}
	values := map[string]any{}
	if m.Pipeline != nil {
		values[stepsKey] = m.Pipeline
	}
	if labels := m.Labels(); labels != nil {
		values[labelsKey] = labels
	}
	if len(m.Metrics) > 0 {
		values[metricsKey] = finite(m.Metrics)
	}
	if m.Provenance != (Provenance{}) {
		values[provenanceKey] = m.Provenance
	}
	for key, value := range values {
		text, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("model: the metadata entry %s: %w", key, err)
		}
		entries[key] = string(text)
	}
	return entries, nil
}

// finite is the metrics without those that JSON cannot hold.
func finite(metrics map[string]map[string]float64) map[string]map[string]float64 {
	out := map[string]map[string]float64{}
	for part, scores := range metrics {
		out[part] = map[string]float64{}
		for name, v := range scores {
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				out[part][name] = v
			}
		}
	}
	return out
}

// setMetadata reads the entries, of which a file of another program has none.
func (m *Model) setMetadata(entries map[string]string) error {
	text, ok := entries[versionKey]
	if !ok {
		return nil
	}
	if v, err := strconv.Atoi(text); err != nil || v < 1 || v > version {
		return fmt.Errorf("%s is %q, this program reads %d: use a later version of Ember", versionKey, text, version)
	}
	m.Net, m.Loss = entries[netKey], entries[lossKey]
	if text, ok := entries[seedKey]; ok {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return fmt.Errorf("%s: %w", seedKey, err)
		}
		m.Seed = seed
	}
	if _, ok := entries[stepsKey]; ok {
		m.Pipeline = &feature.Pipeline{}
	}
	for key, to := range map[string]any{stepsKey: m.Pipeline, metricsKey: &m.Metrics, provenanceKey: &m.Provenance} {
		if text, ok := entries[key]; ok {
			if err := json.Unmarshal([]byte(text), to); err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
		}
	}
	return nil
}
