package feature_test

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/feature"
	"github.com/emberml/ember/tensor"
)

// golden is what testdata/golden.py writes.
type golden struct {
	Resize []struct {
		H, W, C, Height, Width int
		Out                    string
	}
	Standardize []float64
	MinMax      []float64 `json:"min_max"`
}

func readGolden(t *testing.T, name string) golden {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// picture is golden.py's.
func picture(h, w, c int) *tensor.Tensor {
	x := tensor.New(tensor.Uint8, h, w, c)
	for i := range tensor.Data[uint8](x) {
		v := uint32(i)
		if c == 1 {
			v = v * 2654435761 >> 13 % 256
		} else {
			v = (v*v*31 + v*7) % 251
		}
		tensor.Data[uint8](x)[i] = uint8(v)
	}
	return x
}

func TestGolden(t *testing.T) { checkGolden(t, filepath.Join("testdata", "golden.json")) }

func checkGolden(t *testing.T, name string) {
	t.Helper()
	g := readGolden(t, name)
	for _, c := range g.Resize {
		want, err := hex.DecodeString(c.Out)
		if err != nil {
			t.Fatal(err)
		}
		step := &feature.Resize{Height: c.Height, Width: c.Width}
		got, err := step.Apply(picture(c.H, c.W, c.C), nil)
		if err != nil {
			t.Fatal(err)
		}
		if !got.Shape().Equal(tensor.Shape{c.Height, c.Width, c.C}) {
			t.Errorf("resize of %d×%d gives %v", c.H, c.W, got.Shape())
			continue
		}
		for i, v := range tensor.Data[uint8](got) {
			if v != want[i] {
				t.Errorf("resize of %d×%d×%d to %d×%d: byte %d is %d, Pillow's %d", c.H, c.W, c.C, c.Height, c.Width, i, v, want[i])
				break
			}
		}
	}
	for name, c := range map[string]struct {
		step feature.Step
		want []float64
	}{
		"standardize": {new(feature.Standardize), g.Standardize},
		"min_max":     {new(feature.MinMax), g.MinMax},
	} {
		src := iris(t)
		p, err := feature.New(src.Schema(), c.step)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Fit(t.Context(), src); err != nil {
			t.Fatal(err)
		}
		var b data.Batch
		for i := 0; i < src.Len(); i += 10 {
			if err := src.Read([]int{i}, &b); err != nil {
				t.Fatal(err)
			}
			for j, v := range tensor.Float64s(forward(t, p, b.X)) {
				if want := c.want[i/10*4+j]; math.Abs(v-want) > 2e-6 {
					t.Errorf("%s: value %d of sample %d is %v, scikit-learn's %v", name, j, i, v, want)
				}
			}
		}
	}
}

func iris(t *testing.T) data.Source {
	t.Helper()
	d, err := data.Open(t.Context(), "iris", data.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return d.Train
}
