package feature_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/feature"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/config"
	"github.com/emberml/ember/op/optest"
	"github.com/emberml/ember/storage"
	"github.com/emberml/ember/tensor"
)

// forward computes the graph steps of p for a batch.
func forward(t *testing.T, p *feature.Pipeline, x *tensor.Tensor) *tensor.Tensor {
	t.Helper()
	typ, err := p.InputType(graph.Sym("N"))
	if err != nil {
		t.Fatal(err)
	}
	g, err := graph.Build(func(g *graph.Graph) { g.Output("y", p.Build(g.Input("x", typ))) })
	if err != nil {
		t.Fatal(err)
	}
	out, err := optest.Eval(g, []*tensor.Tensor{x})
	if err != nil {
		t.Fatal(err)
	}
	if out[0].DType() != tensor.Float32 {
		t.Errorf("the steps give %v, want float32", out[0].DType())
	}
	return out[0]
}

func source(t *testing.T, schema data.Schema, x, y *tensor.Tensor) data.Source {
	t.Helper()
	schema.Name, schema.Format = "test", "test"
	src, err := data.FromTensors(schema, x, y)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func auto(t *testing.T, src data.Source, input tensor.Shape, user ...feature.Step) *feature.Pipeline {
	t.Helper()
	p, err := feature.Auto(src.Schema(), input, user...)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Fit(t.Context(), src); err != nil {
		t.Fatal(err)
	}
	return p
}

func names(p *feature.Pipeline) string {
	var all []string
	for _, s := range p.Host {
		all = append(all, feature.NameOf(s))
	}
	all = append(all, "|")
	for _, s := range p.Graph {
		all = append(all, feature.NameOf(s))
	}
	return strings.Join(all, " ")
}

func TestAuto(t *testing.T) {
	gray := source(t, data.Schema{Layout: "HW", Max: 255}, tensor.New(tensor.Uint8, 4, 6, 5), nil)
	color := source(t, data.Schema{Layout: "HWC", Max: 255}, tensor.New(tensor.Uint8, 4, 6, 5, 3), nil)
	photos := source(t, data.Schema{Layout: "HWC", Max: 255, Varies: true}, tensor.New(tensor.Uint8, 4, 6, 5, 3), nil)
	table := source(t, data.Schema{Columns: []string{"a", "b"}}, tensor.New(tensor.Float32, 4, 2), nil)
	raw := source(t, data.Schema{}, tensor.New(tensor.Float64, 4, 2, 3), nil)
	for _, c := range []struct {
		name  string
		src   data.Source
		input tensor.Shape
		user  []feature.Step
		steps string
		out   tensor.Shape
	}{
		{"gray to vector", gray, tensor.Shape{30}, nil, "| scale reshape", tensor.Shape{30}},
		{"gray to image", gray, tensor.Shape{1, 6, 5}, nil, "| scale reshape", tensor.Shape{1, 6, 5}},
		{"gray as it is", gray, nil, nil, "| reshape scale", tensor.Shape{1, 6, 5}},
		{"color", color, tensor.Shape{3, 6, 5}, nil, "| channels_first scale", tensor.Shape{3, 6, 5}},
		{"color normalized", color, tensor.Shape{3, 6, 5}, []feature.Step{new(feature.Normalize)}, "| channels_first normalize", tensor.Shape{3, 6, 5}},
		{"photos", photos, tensor.Shape{3, 4, 4}, []feature.Step{new(feature.RandomFlip)}, "resize random_flip | channels_first scale", tensor.Shape{3, 4, 4}},
		{"photos cropped", photos, tensor.Shape{3, 4, 4}, []feature.Step{&feature.Resize{Shorter: 5}, &feature.RandomCrop{Height: 4, Width: 4}}, "resize random_crop | channels_first scale", tensor.Shape{3, 4, 4}},
		{"gray cropped", gray, tensor.Shape{1, 4, 4}, []feature.Step{&feature.CenterCrop{Height: 4, Width: 4}}, "center_crop | scale reshape", tensor.Shape{1, 4, 4}},
		{"table", table, tensor.Shape{2}, nil, "| standardize", tensor.Shape{2}},
		{"table to 0…1", table, nil, []feature.Step{new(feature.MinMax)}, "| min_max", tensor.Shape{2}},
		{"array", raw, tensor.Shape{6}, nil, "| reshape", tensor.Shape{6}},
	} {
		p := auto(t, c.src, c.input, c.user...)
		if got := names(p); got != c.steps {
			t.Errorf("%s: steps %q, want %q", c.name, got, c.steps)
		}
		if out, err := p.Output(); err != nil || !out.Equal(c.out) {
			t.Errorf("%s: gives %v, %v; want %v", c.name, out, err, c.out)
		}
	}
}

func TestAutoErrors(t *testing.T) {
	gray := data.Schema{Name: "gray", Layout: "HW", Max: 255, Sample: tensor.Shape{6, 5}, DType: tensor.Uint8}
	photos := data.Schema{Name: "photos", Layout: "HWC", Max: 255, Sample: tensor.Shape{6, 5, 3}, DType: tensor.Uint8, Varies: true}
	table := data.Schema{Name: "table", Columns: []string{"a", "b"}, Sample: tensor.Shape{2}, DType: tensor.Float32}
	for _, c := range []struct {
		want   string
		schema data.Schema
		input  tensor.Shape
		user   []feature.Step
	}{
		{"a sample is [6 5], 30 values; the net's input is [31], 31 values", gray, tensor.Shape{31}, nil},
		{"resize works on images", table, nil, []feature.Step{&feature.Resize{Height: 2, Width: 2}}},
		{"want height and width, or shorter", gray, nil, []feature.Step{&feature.Resize{Height: 2}}},
		{"smaller than 9 × 9", gray, nil, []feature.Step{&feature.CenterCrop{Height: 9, Width: 9}}},
		{"need the step resize", photos, tensor.Shape{3, 4, 4}, []feature.Step{&feature.Resize{Shorter: 4}}},
		{"no column c among a, b", table, nil, []feature.Step{&feature.OneHot{Column: "c"}}},
		{"put it before scale", gray, nil, []feature.Step{&feature.Scale{Factor: 1}, new(feature.RandomFlip)}},
		{"normalize", gray, nil, []feature.Step{&feature.Normalize{Mean: []float64{1, 2}, Std: []float64{1, 1}}}},
	} {
		p, err := feature.Auto(&c.schema, c.input, c.user...)
		if err == nil {
			_, err = p.Output()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

func TestScaleAndTranspose(t *testing.T) {
	x := picture(4, 3, 3)
	src := source(t, data.Schema{Layout: "HWC", Max: 255}, x.Unsqueeze(0), nil)
	y := forward(t, auto(t, src, nil), x.Unsqueeze(0))
	for _, at := range [][3]int{{0, 0, 0}, {2, 1, 2}, {3, 2, 1}} {
		want := float32(x.Float64At(at[0], at[1], at[2])) * float32(1.0/255)
		if got := tensor.At[float32](y, 0, at[2], at[0], at[1]); got != want {
			t.Errorf("pixel %v is %v, want %v", at, got, want)
		}
	}
}

// A fitted step sees what the steps before it give, and brings each channel to
// mean 0 and deviation 1.
func TestFitInSequence(t *testing.T) {
	x := tensor.New(tensor.Uint8, 600, 2, 3, 2)
	for i := range tensor.Data[uint8](x) {
		tensor.Data[uint8](x)[i] = uint8(i*i%200 + i%2*40)
	}
	src := source(t, data.Schema{Layout: "HWC", Max: 255}, x, nil)
	p := auto(t, src, nil, &feature.Scale{Factor: 0.5}, new(feature.Normalize))
	y := forward(t, p, x)
	for channel := range 2 {
		var m data.Moments
		for _, v := range tensor.Float64s(y.Index(1, channel)) {
			m.Add(v)
		}
		if math.Abs(m.Mean) > 1e-5 || math.Abs(m.Std()-1) > 1e-5 {
			t.Errorf("channel %d has mean %v, deviation %v", channel, m.Mean, m.Std())
		}
	}
}

func TestConstantColumn(t *testing.T) {
	x := tensor.Of([]float32{7, 1, 7, 2, 7, 3}, 3, 2)
	src := source(t, data.Schema{Columns: []string{"a", "b"}}, x, nil)
	for _, step := range []feature.Step{new(feature.Standardize), new(feature.MinMax)} {
		y := tensor.Float64s(forward(t, auto(t, src, nil, step), x))
		if y[0] != 0 || y[2] != 0 || y[4] != 0 || math.IsNaN(y[1]) {
			t.Errorf("%s: %v", feature.NameOf(step), y)
		}
	}
}

// Large numbers keep their differences if the table is read as float64.
func TestStandardizeFloat64(t *testing.T) {
	x := tensor.Of([]float64{1.7e9, 1.7e9 + 1, 1.7e9 + 2}, 3, 1)
	src := source(t, data.Schema{Columns: []string{"time"}}, x, nil)
	y := tensor.Float64s(forward(t, auto(t, src, nil), x))
	if math.Abs(y[0]+math.Sqrt(1.5)) > 1e-6 || y[1] != 0 {
		t.Errorf("got %v", y)
	}
}

func TestOneHot(t *testing.T) {
	x := tensor.Of([]float32{5, 0, 6, 7, 2, 8, 9, 1, 10}, 3, 3)
	src := source(t, data.Schema{Columns: []string{"a", "b", "c"}}, x, nil)
	p := auto(t, src, nil, &feature.OneHot{Column: "b"}, &feature.Scale{Factor: 1})
	want := []float64{5, 1, 0, 0, 6, 7, 0, 0, 1, 8, 9, 0, 1, 0, 10}
	if got := tensor.Float64s(forward(t, p, x)); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	only := source(t, data.Schema{Columns: []string{"a"}}, tensor.Of([]float32{1, 0}, 2, 1), nil)
	p = auto(t, only, nil, &feature.OneHot{Column: "a", Size: 3}, &feature.Scale{Factor: 1})
	if got := tensor.Float64s(forward(t, p, tensor.Of([]float32{1, 7}, 2, 1))); !slices.Equal(got, []float64{0, 1, 0, 0, 0, 0}) {
		t.Errorf("an unknown number: %v", got)
	}
	bad := source(t, data.Schema{Columns: []string{"a"}}, tensor.Of([]float32{1, 0.5}, 2, 1), nil)
	p, err := feature.New(bad.Schema(), &feature.OneHot{Column: "a"})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Fit(t.Context(), bad); err == nil || !strings.Contains(err.Error(), "column a holds 0.5") {
		t.Errorf("got %v", err)
	}
}

func TestCropAndFlip(t *testing.T) {
	x := picture(6, 5, 1)
	row := func(x *tensor.Tensor) []int { return tensor.Ints(x.Index(0, 0)) }
	middle, err := (&feature.RandomCrop{Height: 2, Width: 3}).Apply(x, nil)
	if err != nil || !slices.Equal(row(middle), row(x.Slice(0, 2, 4, 1).Slice(1, 1, 4, 1))) {
		t.Errorf("evaluation crops %v, %v", middle, err)
	}
	same, err := (&feature.RandomCrop{Height: 6, Width: 5, Padding: 2}).Apply(x, nil)
	if err != nil || !bytes.Equal(same.Contiguous().Bytes(), x.Bytes()) {
		t.Errorf("padding moves the image in evaluation: %v", err)
	}
	places, flips := map[string]int{}, 0
	for i := range 200 {
		r := tensor.RandStream(1, "test").At(uint64(i))
		c, err := (&feature.RandomCrop{Height: 4, Width: 4, Padding: 1}).Apply(x, r)
		if err != nil || !c.Shape().Equal(tensor.Shape{4, 4, 1}) {
			t.Fatalf("%v, %v", c, err)
		}
		places[fmt.Sprint(tensor.Ints(c))]++
		f, err := new(feature.RandomFlip).Apply(x, r)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(row(f), row(x)) {
			flips++
		}
	}
	if len(places) != 5*4 {
		t.Errorf("%d different crops of 20", len(places))
	}
	if flips < 70 || flips > 130 {
		t.Errorf("%d of 200 were mirrored", flips)
	}
	if always, _ := (&feature.RandomFlip{Probability: 1}).Apply(x, tensor.NewRand(1)); !slices.Equal(row(tensor.Flip(x, 1)), row(always)) {
		t.Error("the mirror image is another")
	}
}

func TestJSON(t *testing.T) {
	src := iris(t)
	p := auto(t, src, nil, &feature.OneHot{Column: "petal_width", Size: 3}, new(feature.Standardize))
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var q feature.Pipeline
	if err := json.Unmarshal(b, &q); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(&q)
	if err != nil || !bytes.Equal(b, again) {
		t.Errorf("%s becomes %s, %v", b, again, err)
	}
	if s := q.Schema; s.DType != tensor.Float32 || s.Target.Kind != data.Classes || len(s.Columns) != 4 {
		t.Errorf("schema %+v", s)
	}
	var batch data.Batch
	if err := src.Read([]int{77}, &batch); err != nil {
		t.Fatal(err)
	}
	if x, y := forward(t, p, batch.X), forward(t, &q, batch.X); !bytes.Equal(x.Bytes(), y.Bytes()) {
		t.Errorf("%v before, %v after", x, y)
	}
	for _, bad := range []string{
		`{}`, `{"schema":{},"host":[{"scale":{}}]}`, `{"schema":{},"graph":[{"resize":{}}]}`,
		`{"schema":{},"graph":[{"tokenize":{}}]}`, `{"schema":{},"graph":[{"scale":{"factr":1}}]}`, `{"schema":{},"graph":[{}]}`,
	} {
		if err := json.Unmarshal([]byte(bad), new(feature.Pipeline)); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}

// Every step has the same name in files as in Go, and survives JSON and YAML.
func TestStepNames(t *testing.T) {
	all := feature.List{
		&feature.Resize{Height: 2, Width: 3},
		&feature.CenterCrop{Height: 2, Width: 3},
		&feature.RandomCrop{Height: 2, Width: 3, Padding: 1},
		&feature.RandomFlip{Probability: 0.25},
		&feature.Scale{Factor: 2},
		&feature.Standardize{Mean: []float64{1}, Std: []float64{2}},
		&feature.Normalize{Mean: []float64{1}, Std: []float64{2}},
		&feature.MinMax{Min: []float64{1}, Max: []float64{2}},
		&feature.OneHot{Column: "a", Size: 3},
		&feature.ChannelsFirst{},
		&feature.Reshape{Shape: tensor.Shape{1, 2}},
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	var fromJSON, fromYAML feature.List
	if err := json.Unmarshal(text, &fromJSON); err != nil {
		t.Fatal(err)
	}
	yaml, err := config.Encode(struct{ Steps feature.List }{all})
	if err != nil {
		t.Fatal(err)
	}
	node, err := config.Parse("net.yaml", yaml)
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Get("steps").Decode(&fromYAML); err != nil {
		t.Fatalf("%v\n%s", err, yaml)
	}
	for name, got := range map[string]feature.List{"JSON": fromJSON, "YAML": fromYAML} {
		if again, err := json.Marshal(got); err != nil || !bytes.Equal(again, text) {
			t.Errorf("%s: %s, %v; want %s", name, again, err, text)
		}
	}
}

func TestStepMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"- resise: {height: 2, width: 2}": `"resize"`,
		"- resize: {hight: 2}":            `"height"`,
		"- center_crop: {height: 2}":      "width",
		"resize":                          "list of steps",
	} {
		node, err := config.Parse("net.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := node.Decode(new(feature.List)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// A model trained on 6×5 gray arrays takes a color photo of another size.
func TestOtherImages(t *testing.T) {
	gray := source(t, data.Schema{Layout: "HW", Max: 255}, picture(6, 5, 1).Reshape(1, 6, 5), nil)
	p := auto(t, gray, tensor.Shape{30})
	dir := t.TempDir()
	var b bytes.Buffer
	if err := png.Encode(&b, colored(10, 12)); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "photo.png")
	if err := storage.WriteFile(t.Context(), name, b.Bytes()); err != nil {
		t.Fatal(err)
	}
	d, err := data.OpenLike(t.Context(), name, p.Schema, data.Options{})
	if err != nil {
		t.Fatal(err)
	}
	batches, err := feature.NewBatches(t.Context(), d.Train, p, feature.BatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer batches.Close()
	batch, err := batches.Next()
	if err != nil || !batch.X.Shape().Equal(tensor.Shape{1, 6, 5}) {
		t.Fatalf("%v, %v", batch, err)
	}
	if y := forward(t, p, batch.X); !y.Shape().Equal(tensor.Shape{1, 30}) {
		t.Errorf("gives %v", y.Shape())
	}
	var content *data.ContentError
	other, err := data.Open(t.Context(), name, data.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := feature.NewBatches(t.Context(), other.Train, p, feature.BatchOptions{}); !errors.As(err, &content) || !strings.Contains(err.Error(), "3 channels, want 1") {
		t.Errorf("color for gray: %v", err)
	}
}
