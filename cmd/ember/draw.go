package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/model"
	"github.com/emberml/ember/report"
	"github.com/emberml/ember/tensor"
)

// gallery draws images side by side, with what a model says of each below it.
type gallery struct {
	w      *bufio.Writer
	colors colors
	width  int // columns of the terminal
	schema *data.Schema

	row          []tile // that waits to be drawn
	right, known int    // predictions that are right, and those whose truth is known
}

// tile is a drawn image: its lines, all of width columns, and its caption.
type tile struct {
	lines   []string
	width   int
	caption string
	verdict verdict
}

// verdict is whether a prediction is right.
type verdict int

const (
	truthUnknown verdict = iota
	isRight
	isWrong
)

// Tiles are narrow enough that tilesAcross of them stand side by side, tileGap
// columns apart; captions want tileWidth columns if there is room.
const (
	tilesAcross = 5
	tileGap     = 2
	tileWidth   = 16
)

// newGallery draws on the standard output, as finely as that can show.
func newGallery(e *env, s *data.Schema) (*gallery, error) {
	if s.Layout == "" {
		return nil, usageError{fmt.Errorf("--draw draws images, and a sample of %s is %v", s.Name, s.Sample)}
	}
	g := &gallery{w: bufio.NewWriter(e.stdout), width: 80, schema: s}
	if f, ok := e.stdout.(*os.File); ok {
		if width := report.Terminal(f); width != nil {
			g.width, g.colors = width(), colorsOf(os.Getenv)
		}
	}
	return g, nil
}

// add draws a batch.
func (g *gallery) add(b *data.Batch, p *model.Prediction) error {
	for i := range b.Len() {
		t := g.tile(b, p, i)
		used := 0
		for _, before := range g.row {
			used += before.width + tileGap
		}
		if used > 0 && used+t.width > g.width {
			g.flush()
		}
		g.row = append(g.row, t)
	}
	return g.w.Flush()
}

// tile draws sample i of a batch, and below it what a model makes of it that
// gives back its input.
func (g *gallery) tile(b *data.Batch, p *model.Prediction, i int) tile {
	image := pictureOf(b.X.Index(0, i), g.schema.Max)
	w := max(1, min(max(image.w, tileWidth), (g.width+tileGap)/tilesAcross-tileGap))
	h := max(1, (image.h*w+image.w/2)/image.w)
	t := tile{width: w, lines: image.resize(w, h).draw(g.colors)}
	if p.Values != nil {
		if y := p.Values.Index(0, i); y.Len() == 1 {
			t.caption = scoreText(tensor.Float64s(y)[0])
		} else if y.Len() == image.w*image.h {
			t.lines = append(t.lines, pictureOf(y.Reshape(image.h, image.w), 1).resize(w, h).draw(g.colors)...)
		}
		return t
	}
	said := p.Labels[i]
	t.caption = fmt.Sprintf("%s  %.0f%%", said, 100*p.Probabilities.Float64At(i, p.Classes[i]))
	if b.Y == nil {
		return t
	}
	g.known++
	if truth := g.schema.Target.Labels[int(b.Y.Float64At(i))]; truth != said {
		t.caption, t.verdict = fmt.Sprintf("%s, is %s", said, truth), isWrong
		return t
	}
	g.right++
	t.verdict = isRight
	return t
}

// flush writes the tiles that wait, and their captions below them.
func (g *gallery) flush() {
	height := 0
	for _, t := range g.row {
		height = max(height, len(t.lines))
	}
	for y := range height {
		var parts []string
		for _, t := range g.row {
			line := strings.Repeat(" ", t.width)
			if y < len(t.lines) {
				line = t.lines[y]
			}
			parts = append(parts, line)
		}
		g.line(parts)
	}
	var labels []string
	for _, t := range g.row {
		labels = append(labels, g.label(t))
	}
	g.line(labels)
	g.line(nil)
	g.row = g.row[:0]
}

// line writes what stands side by side.
func (g *gallery) line(parts []string) {
	text := strings.Join(parts, strings.Repeat(" ", tileGap))
	g.w.WriteString(strings.TrimRight(text, " ") + "\n")
}

// label is a tile's caption, centered, in green or red where colors can be shown
// and marked with a word where not.
func (g *gallery) label(t tile) string {
	text := t.caption
	if g.colors == noColors && t.verdict == isWrong {
		text = "✗ " + text
	}
	if long := []rune(text); len(long) > t.width {
		text = string(long[:max(t.width-1, 0)]) + "…"
	}
	space := t.width - utf8.RuneCountInString(text)
	left, right := strings.Repeat(" ", space/2), strings.Repeat(" ", space-space/2)
	if g.colors != noColors && t.verdict != truthUnknown {
		color := map[verdict]string{isRight: "\x1b[1;32m", isWrong: "\x1b[1;31m"}[t.verdict]
		text = color + text + "\x1b[0m"
	}
	return left + text + right
}

// close writes what waits and how many predictions are right.
func (g *gallery) close() error {
	if len(g.row) > 0 {
		g.flush()
	}
	if g.known > 0 {
		fmt.Fprintf(g.w, "%d of %d right\n", g.right, g.known)
	}
	return g.w.Flush()
}

// drawn writes rows and draws them.
type drawn struct {
	rows
	gallery *gallery
}

func (d drawn) add(b *data.Batch, p *model.Prediction) error {
	if err := d.rows.add(b, p); err != nil {
		return err
	}
	return d.gallery.add(b, p)
}
