package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"text/tabwriter"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/learn"
	"github.com/emberml/ember/metric"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/report"
	"github.com/emberml/ember/tensor"
)

type evalCmd struct {
	Model  string `arg:"" placeholder:"M" help:"The model, an ONNX file that Ember wrote."`
	Data   string `required:"" group:"data" placeholder:"D" help:"Data to measure on; of a set that has a test part, such as mnist, that part."`
	Target string `group:"data" placeholder:"COL" help:"Column with the truth, if it is called otherwise than in the training data."`
	computing
	JSON bool `name:"json" group:"output" help:"Print one JSON object."`
}

// Help is shown by ember eval --help.
func (evalCmd) Help() string {
	return `
Examples:

  ember eval lenet.onnx --data mnist
  ember eval model.onnx --data test.csv --json

It prints all metrics that fit. For classes there is a line for each: precision, the share of what was predicted as the class that
is; recall, the share of the class that was found; f1, their harmonic mean; support, the number of its samples; and up to 20
classes the confusion matrix, a row for the truth and a column for the prediction.
` + sourceHelp
}

// mostConfused is the number of classes up to which the confusion matrix is
// printed.
const mostConfused = 20

// topK is the k of the metric top_k.
const topK = 5

// evaluation is what eval finds out.
type evaluation struct {
	Model     string        `json:"model"`
	Data      string        `json:"data"`
	Part      string        `json:"part,omitempty"` // of a set that has two
	Samples   int           `json:"samples"`
	Metrics   report.Scores `json:"metrics"`
	Classes   []classReport `json:"classes,omitempty"`
	Confusion [][]float64   `json:"confusion,omitempty"` // [truth][prediction]
}

type classReport struct {
	Label     string  `json:"label"`
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
	Support   int     `json:"support"`
}

// Run measures and prints.
func (c *evalCmd) Run(e *env) error {
	s, err := openScoring(e, c.Model, c.Data, c.Target, &c.computing)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.needTarget(); err != nil {
		return err
	}
	out, err := s.evaluate(e)
	if err != nil {
		return err
	}
	out.Model, out.Data = c.Model, c.Data
	if s.dataset.Test != nil {
		out.Part = "test"
	}
	if c.JSON {
		return json.NewEncoder(e.stdout).Encode(out)
	}
	return out.print(e.stdout)
}

// lossMetrics says which metric of the predictions a loss is, by its key.
var lossMetrics = map[string]string{
	"cross_entropy": "log_loss", "binary_cross_entropy": "log_loss", "mse": "mse", "mae": "mae",
}

// evaluate computes all metrics that fit.
func (s *scoring) evaluate(e *env) (*evaluation, error) {
	target := s.src.Schema().Target
	task := metric.Regression
	if target.Kind == data.Classes {
		task = metric.Multiclass
		if len(target.Labels) == 2 {
			task = metric.Binary
		}
	}
	var specs []metric.Spec
	var metrics []metric.Metric
	for _, spec := range metric.All {
		if spec.Key == "top_k" && len(target.Labels) <= topK {
			continue // it would be 1 whatever the model says
		}
		if spec.Tasks&task != 0 {
			specs, metrics = append(specs, spec), append(metrics, spec.New())
		}
	}
	confusion := &metric.Confusion{}
	if target.Kind == data.Classes {
		metrics = append(metrics, confusion)
	}
	scorer, err := s.scorer()
	if err != nil {
		return nil, err
	}
	if err := learn.Evaluate(e.ctx, s.src, s.model.Pipeline, scorer, metrics...); err != nil {
		return nil, err
	}
	out := &evaluation{Samples: s.src.Len()}
	for i, spec := range specs {
		score := report.Score{Name: spec.Key, Value: metrics[i].Value()}
		if spec.Key == lossMetrics[s.model.Loss] {
			out.Metrics = append(report.Scores{{Name: "loss", Value: score.Value}}, out.Metrics...)
		}
		out.Metrics = append(out.Metrics, score)
	}
	if target.Kind != data.Classes {
		return out, nil
	}
	for i, class := range confusion.PerClass() {
		out.Classes = append(out.Classes, classReport{target.Labels[i], class.Precision, class.Recall, class.F1, int(class.Support)})
	}
	if len(target.Labels) <= mostConfused {
		out.Confusion = confusion.Matrix()
	}
	return out, nil
}

// scorer gives predictions and the truth, which for a net that learns its input
// is that input.
func (s *scoring) scorer() (learn.Scorer, error) {
	predictions := learn.Predictions(s.predictor)
	if !s.learnsInput() {
		return predictions, nil
	}
	typ, err := s.model.Pipeline.InputType(graph.Sym("N"))
	if err != nil {
		return nil, err
	}
	g, err := graph.Build(func(g *graph.Graph) { g.Output(nn.InputName, s.model.Pipeline.Build(g.Input("raw", typ))) })
	if err != nil {
		return nil, err
	}
	steps, err := engine.Compile(g, engine.Options{Backend: s.backend})
	if err != nil {
		return nil, err
	}
	return func(b *data.Batch) (scores, truth *tensor.Tensor, err error) {
		if scores, _, err = predictions(b); err != nil {
			return nil, nil, err
		}
		out, err := steps.Run([]*tensor.Tensor{b.X})
		if err != nil {
			return nil, nil, err
		}
		return scores, out[0], nil
	}, nil
}

// print writes the evaluation for people.
func (v *evaluation) print(w io.Writer) error {
	part := ""
	if v.Part != "" {
		part = " (" + v.Part + " part)"
	}
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "%s on %s%s: %s samples\n\n", v.Model, v.Data, part, grouped(int64(v.Samples)))
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, m := range v.Metrics {
		fmt.Fprintf(t, "%s\t%s\n", m.Name, scoreText(m.Value))
	}
	t.Flush() // out remembers what fails
	if len(v.Classes) > 0 {
		v.printClasses(out)
	}
	if v.Confusion != nil {
		v.printConfusion(out)
	}
	return out.Flush()
}

func (v *evaluation) printClasses(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "\n")
	fmt.Fprint(t, "class\tprecision\trecall\tf1\tsupport\t\n")
	for _, c := range v.Classes {
		fmt.Fprintf(t, "%s\t%.4f\t%.4f\t%.4f\t%d\t\n", c.Label, c.Precision, c.Recall, c.F1, c.Support)
	}
	t.Flush()
}

func (v *evaluation) printConfusion(w io.Writer) {
	fmt.Fprint(w, "\nconfusion: a row for the truth, a column for the prediction\n\n")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, c := range v.Classes {
		fmt.Fprint(t, "\t", c.Label)
	}
	fmt.Fprint(t, "\t\n")
	for i, row := range v.Confusion {
		fmt.Fprint(t, v.Classes[i].Label)
		for _, n := range row {
			fmt.Fprint(t, "\t", count(n))
		}
		fmt.Fprint(t, "\t\n")
	}
	t.Flush()
}

// count is a number of samples, a dot for none so that mistakes stand out.
func count(n float64) string {
	if n == 0 {
		return "·"
	}
	return strconv.FormatFloat(n, 'f', -1, 64)
}

// scoreText is a score to four decimals, or with an exponent where that would
// hide it.
func scoreText(x float64) string {
	switch size := math.Abs(x); {
	case math.IsNaN(x):
		return "not defined"
	case size != 0 && (size < 1e-3 || size >= 1e5):
		return strconv.FormatFloat(x, 'g', 4, 64)
	}
	return strconv.FormatFloat(x, 'f', 4, 64)
}
