package main

import (
	"bufio"
	"bytes"
	"math"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/model"
	"github.com/emberml/ember/tensor"
)

var escapes = regexp.MustCompile("\x1b\\[[0-9;]*m")

// TestCoverage: the shares of what a pixel covers sum to 1, in order, whatever the
// sizes, larger or smaller.
func TestCoverage(t *testing.T) {
	for n := 1; n < 40; n++ {
		for m := 1; m < 40; m++ {
			for i, covers := range coverage(n, m) {
				sum := 0.0
				for _, c := range covers {
					sum += c.share
				}
				if math.Abs(sum-1) > 1e-9 || covers[0].at < i*n/m-1 {
					t.Fatalf("pixel %d of %d covers %v of %d", i, m, covers, n)
				}
			}
		}
	}
}

func TestPictureColors(t *testing.T) {
	gray := pictureOf(tensor.Of([]uint8{0, 255, 128, 0}, 2, 2), 255)
	red := pictureOf(tensor.Of([]uint8{255, 0, 0}, 1, 1, 3), 255)
	for _, c := range []struct {
		picture picture
		colors  colors
		want    string
	}{
		{gray, noColors, ":="},
		{gray, trueColors, "\x1b[38;2;0;0;0;48;2;128;128;128m▀\x1b[38;2;255;255;255;48;2;0;0;0m▀\x1b[0m"},
		{gray, colors256, "\x1b[38;5;16;48;5;244m▀\x1b[38;5;231;48;5;16m▀\x1b[0m"},
		{red, colors256, "\x1b[38;5;196;48;5;16m▀\x1b[0m"},
	} {
		if got := strings.Join(c.picture.draw(c.colors), "|"); got != c.want {
			t.Errorf("colors %d: %q, want %q", c.colors, got, c.want)
		}
	}
}

func TestColorsOf(t *testing.T) {
	for want, env := range map[colors]map[string]string{
		noColors: {"NO_COLOR": "1", "COLORTERM": "truecolor"}, trueColors: {"COLORTERM": "truecolor"}, colors256: {"TERM": "xterm"},
	} {
		if got := colorsOf(func(key string) string { return env[key] }); got != want {
			t.Errorf("%v gives %d, want %d", env, got, want)
		}
	}
}

// TestGalleryFits: no line is wider than the terminal, and right and wrong are
// told apart with and without colors.
func TestGalleryFits(t *testing.T) {
	const n = 7
	labels := []string{"cat", "a very long name of a class"}
	b := &data.Batch{X: tensor.New(tensor.Uint8, n, 28, 28), Y: tensor.New(tensor.Int64, n), Index: make([]int64, n)}
	p := &model.Prediction{Probabilities: tensor.Full[float32](0.5, n, 2), Labels: make([]string, n), Classes: make([]int, n)}
	for i := range n {
		p.Classes[i] = i % 2
		p.Labels[i] = labels[i%2]
	}
	for _, width := range []int{20, 80, 100, 300} {
		for _, c := range []colors{noColors, colors256} {
			var out bytes.Buffer
			g := &gallery{w: bufio.NewWriter(&out), width: width, colors: c, schema: &data.Schema{Layout: "HW", Max: 255, Target: data.Target{Labels: labels}}}
			if err := g.add(b, p); err != nil {
				t.Fatal(err)
			}
			if err := g.close(); err != nil {
				t.Fatal(err)
			}
			text := out.String()
			if !strings.HasSuffix(text, "\n4 of 7 right\n") {
				t.Errorf("width %d ends with %q", width, text[max(len(text)-40, 0):])
			}
			if marked := strings.Contains(text, map[colors]string{noColors: "✗", colors256: "\x1b[1;31m"}[c]); !marked {
				t.Errorf("width %d, colors %d: the wrong ones are not marked", width, c)
			}
			for line := range strings.Lines(text) {
				if got := utf8.RuneCountInString(escapes.ReplaceAllString(line, "")) - 1; got > width {
					t.Errorf("a line of %d columns on a terminal of %d: %q", got, width, line)
				}
			}
		}
	}
}
