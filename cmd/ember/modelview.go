package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/emberml/ember/feature"
	"github.com/emberml/ember/model"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/storage"
)

// modelView is what show says of a model.
type modelView struct {
	Model      string                        `json:"model"`
	SHA256     string                        `json:"sha256"` // of the file
	Bytes      int                           `json:"bytes"`
	Inputs     []string                      `json:"inputs"`
	Outputs    []string                      `json:"outputs"`
	Params     int                           `json:"params"`
	Operators  int                           `json:"operators"`
	Before     []string                      `json:"steps_before"` // that change samples before the graph
	Inside     []string                      `json:"steps_inside"` // that are part of the graph
	Labels     []string                      `json:"labels,omitempty"`
	Loss       string                        `json:"loss,omitempty"`
	Seed       *uint64                       `json:"seed,omitempty"`
	Metrics    map[string]map[string]float64 `json:"metrics,omitempty"`
	Provenance model.Provenance              `json:"provenance"`
	Net        *netView                      `json:"net,omitempty"`
}

// showModel shows a model.
func (c *showCmd) showModel(e *env, m *model.Model) error {
	switch {
	case c.YAML:
		if _, err := modelSource(c.What, m); err != nil {
			return err
		}
		_, err := io.WriteString(e.stdout, m.Net)
		return err
	case c.Dot:
		return m.Graph.WriteDOT(e.stdout)
	}
	view, err := viewModel(e.ctx, c.What, m)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(e.stdout).Encode(view)
	}
	return view.print(e.stdout)
}

func viewModel(ctx context.Context, name string, m *model.Model) (*modelView, error) {
	file, err := storage.Map(ctx, name)
	if err != nil {
		return nil, readError(err)
	}
	defer file.Close()
	sum := sha256.Sum256(file.Bytes)
	v := &modelView{
		Model: name, SHA256: hex.EncodeToString(sum[:]), Bytes: len(file.Bytes),
		Params: m.NumParameters(), Operators: len(m.Graph.Nodes()), Labels: m.Labels(), Loss: m.Loss, Metrics: m.Metrics, Provenance: m.Provenance,
		Before: []string{}, Inside: []string{},
	}
	for _, in := range m.Graph.Inputs() {
		v.Inputs = append(v.Inputs, in.Name()+" "+in.Type().String())
	}
	for i, out := range m.Graph.Outputs() {
		v.Outputs = append(v.Outputs, m.Graph.OutputNames()[i]+" "+out.Type().String())
	}
	if p := m.Pipeline; p != nil {
		v.Before, v.Inside = stepNames(p)
		v.Seed = &m.Seed
	}
	if m.Net == "" {
		return v, nil
	}
	root, err := modelSource(name, m)
	if err != nil {
		return nil, err
	}
	net, err := nn.DecodeNet(root)
	if err != nil {
		return nil, readError(err)
	}
	v.Net, err = viewNet(net)
	return v, readError(err)
}

// stepNames describes the feature steps: those that change samples as they are
// read, which ONNX lacks, and those in the graph.
func stepNames(p *feature.Pipeline) (before, inside []string) {
	before, inside = []string{}, []string{}
	for _, s := range p.Host {
		before = append(before, stepName(s))
	}
	for _, s := range p.Graph {
		inside = append(inside, stepName(s))
	}
	return before, inside
}

// stepName is a step with its options, where these are short.
func stepName(s feature.Step) string {
	options, err := json.Marshal(s)
	if err != nil || len(options) > 60 || string(options) == "{}" {
		return feature.NameOf(s)
	}
	return feature.NameOf(s) + " " + string(options)
}

// print writes the view for people.
func (v *modelView) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(t, "%s\t%s\n", name, text)
		}
	}
	line("model", fmt.Sprintf("%s: ONNX, %s bytes, %s parameters, %d operators", v.Model, grouped(int64(v.Bytes)), grouped(int64(v.Params)), v.Operators))
	if v.Seed != nil { // of a model that Ember wrote
		line("steps before ONNX", orNone(v.Before))
	}
	line("ONNX takes", listed(v.Inputs, 6))
	if v.Seed != nil {
		line("steps within ONNX", orNone(v.Inside))
	}
	if v.Net != nil {
		line("net", fmt.Sprintf("%s, input %v, loss %s", v.Net.Name, v.Net.Input, v.Net.Loss))
	}
	line("ONNX gives", listed(v.Outputs, 6))
	line("labels", listed(v.Labels, 12))
	for _, part := range slices.Sorted(maps.Keys(v.Metrics)) {
		var scores []string
		for _, name := range slices.Sorted(maps.Keys(v.Metrics[part])) {
			scores = append(scores, name+" "+scoreText(v.Metrics[part][name]))
		}
		line(part, strings.Join(scores, ", "))
	}
	line("trained", v.provenance())
	line("SHA-256", v.SHA256)
	if err := t.Flush(); err != nil || v.Net == nil {
		return err
	}
	fmt.Fprintln(w)
	return v.Net.printLayers(w)
}

func orNone(steps []string) string {
	if len(steps) == 0 {
		return "none"
	}
	return strings.Join(steps, ", ")
}

// provenance says how the model came to be, as far as it knows.
func (v *modelView) provenance() string {
	p := v.Provenance
	if p == (model.Provenance{}) {
		return ""
	}
	text := fmt.Sprintf("on %s, %s samples, %d epochs, %s steps", p.Data, grouped(int64(p.Samples)), p.Epochs, grouped(int64(p.Steps)))
	if v.Seed != nil {
		text += fmt.Sprintf(", seed %d", *v.Seed)
	}
	if p.Version != "" {
		text += ", by Ember " + p.Version
	}
	return text
}

// listed is the first texts of a list and how many there are.
func listed(list []string, most int) string {
	text := strings.Join(list[:min(len(list), most)], ", ")
	if len(list) > most {
		text += fmt.Sprintf(", … (%d)", len(list))
	}
	return text
}
