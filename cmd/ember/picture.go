package main

import (
	"fmt"
	"strings"

	"github.com/emberml/ember/tensor"
)

// picture is an image as red, green and blue in 0…1, row by row.
type picture struct {
	w, h   int
	pixels []pixel
}

type pixel [3]float64

// pictureOf is a sample [h, w], gray, or [h, w, channels] whose largest value is
// white.
func pictureOf(x *tensor.Tensor, white float64) picture {
	shape, values := x.Shape(), tensor.Float64s(x)
	p := picture{w: shape[1], h: shape[0], pixels: make([]pixel, shape[0]*shape[1])}
	channels := len(values) / len(p.pixels)
	for i := range p.pixels {
		for c := range p.pixels[i] {
			v := values[i*channels+min(c, channels-1)]
			p.pixels[i][c] = min(max(v/white, 0), 1)
		}
	}
	return p
}

// resize is the picture with w×h pixels, each the mean of what it covers.
func (p picture) resize(w, h int) picture {
	out := picture{w: w, h: h, pixels: make([]pixel, w*h)}
	columns, rows := coverage(p.w, w), coverage(p.h, h)
	for i := range out.pixels {
		for _, row := range rows[i/w] {
			for _, column := range columns[i%w] {
				for c, v := range p.pixels[row.at*p.w+column.at] {
					out.pixels[i][c] += row.share * column.share * v
				}
			}
		}
	}
	return out
}

// cover is a pixel of a line and its share in the pixel that is made of it.
type cover struct {
	at    int
	share float64
}

// coverage is what each of m pixels covers of a line of n.
func coverage(n, m int) [][]cover {
	out := make([][]cover, m)
	size := float64(n) / float64(m)
	for i := range out {
		from, to := float64(i)*size, float64(i+1)*size
		for at := int(from); at < n && float64(at) < to; at++ {
			if overlap := min(to, float64(at+1)) - max(from, float64(at)); overlap > 0 {
				out[i] = append(out[i], cover{at, overlap / size})
			}
		}
	}
	return out
}

// colors is what a terminal can show.
type colors int

const (
	noColors   colors = iota
	colors256         // the palette of xterm
	trueColors        // 24 bits
)

// colorsOf is what the terminal that the environment describes can show.
func colorsOf(getenv func(string) string) colors {
	switch {
	case getenv("NO_COLOR") != "":
		return noColors
	case getenv("COLORTERM") == "truecolor" || getenv("COLORTERM") == "24bit":
		return trueColors
	}
	return colors256
}

// draw is the picture as lines of text, a character for two pixels one above the
// other: an upper half block in their two colors, or a character as dense as
// their mean is bright.
func (p picture) draw(c colors) []string {
	var lines []string
	for y := 0; y < p.h; y += 2 {
		var line strings.Builder
		for x := range p.w {
			upper, lower := p.pixels[y*p.w+x], pixel{}
			if y+1 < p.h {
				lower = p.pixels[(y+1)*p.w+x]
			}
			if c == noColors {
				line.WriteByte(ramp[int((upper.gray()+lower.gray())/2*float64(len(ramp)-1)+0.5)])
				continue
			}
			fmt.Fprintf(&line, "\x1b[38;%s;48;%sm▀", upper.code(c), lower.code(c))
		}
		if c != noColors {
			line.WriteString("\x1b[0m")
		}
		lines = append(lines, line.String())
	}
	return lines
}

// ramp is characters by density.
const ramp = " .:-=+*#%@"

// gray is the brightness by ITU-R 601-2.
func (p pixel) gray() float64 { return 0.299*p[0] + 0.587*p[1] + 0.114*p[2] }

// code is the color in an escape sequence after 38; or 48;.
func (p pixel) code(c colors) string {
	if c == trueColors {
		return fmt.Sprintf("2;%d;%d;%d", level(p[0], 255), level(p[1], 255), level(p[2], 255))
	}
	if p[0] == p[1] && p[1] == p[2] { // 24 grays between black and white
		switch gray := level(p[0], 25); gray {
		case 0:
			return "5;16"
		case 25:
			return "5;231"
		default:
			return fmt.Sprintf("5;%d", 231+gray)
		}
	}
	return fmt.Sprintf("5;%d", 16+36*level(p[0], 5)+6*level(p[1], 5)+level(p[2], 5)) // a cube of 6×6×6
}

// level is x in 0…1 as a whole number 0…top.
func level(x float64, top int) int { return int(x*float64(top) + 0.5) }
