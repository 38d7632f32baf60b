package report

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/term"
)

// ConsoleOptions say how a [Console] shows a run.
type ConsoleOptions struct {
	// Now is the clock; nil is the system's.
	Now func() time.Time
	// Width is the columns of the terminal, on which a live bar is drawn (see
	// [Terminal]). If it is nil, there is no terminal, and a line is printed now
	// and then.
	Width func() int
	// Every is the time between the lines where there is no terminal; 0 means
	// 10 s.
	Every time.Duration
	// Results takes what the run comes to: the scores of the test and the saved
	// model. If it is nil, they go with the rest.
	Results io.Writer
	// Verbose shows checkpoints, too.
	Verbose bool
}

// Terminal is the width of the terminal behind a file, for ConsoleOptions; nil if
// it is no terminal that can redraw a line.
func Terminal(f *os.File) (width func() int) {
	if !term.IsTerminal(int(f.Fd())) || os.Getenv("TERM") == "dumb" {
		return nil
	}
	return func() int {
		w, _, err := term.GetSize(int(f.Fd()))
		if err != nil || w <= 0 {
			return 80
		}
		return w
	}
}

// Console shows a run to a person.
type Console struct {
	w    io.Writer
	opts ConsoleOptions
	err  error

	start Start
	pace  pace
	live  bool      // a bar stands on the last line
	shown time.Time // when progress was last shown
}

// redraw is the time between two drawings of the bar.
const redraw = 100 * time.Millisecond

// NewConsole is a sink that writes to w, most often the standard error.
func NewConsole(w io.Writer, opts ConsoleOptions) *Console {
	if opts.Every == 0 {
		opts.Every = 10 * time.Second
	}
	if opts.Results == nil {
		opts.Results = w
	}
	opts.Now = clock(opts.Now)
	return &Console{w: w, opts: opts, shown: opts.Now()}
}

// Event implements [Sink].
func (c *Console) Event(e Event) {
	switch e := e.(type) {
	case Start:
		c.start = e
		c.line(c.w, startText(e))
	case Step:
		c.step(e)
	case Epoch:
		c.line(c.w, c.epochText(e))
		c.pace = pace{}
	case Checkpoint:
		if c.opts.Verbose {
			c.line(c.w, fmt.Sprintf("checkpoint %s at step %s", e.Path, group(e.Step)))
		}
	case Warning:
		c.line(c.w, "warning: "+e.Message)
	case EarlyStop:
		c.line(c.w, fmt.Sprintf("stopped early: %s has not become better since epoch %d (%s)", e.Metric, e.BestEpoch, scoreText(float64(e.Best))))
	case Diverged:
		c.line(c.w, divergedText(e))
	case Test:
		c.line(c.opts.Results, "test"+scoresText(e.Metrics))
	case Saved:
		c.line(c.opts.Results, "saved "+e.Model)
	}
}

// step shows progress if it is time to.
func (c *Console) step(e Step) {
	now := c.opts.Now()
	c.pace.add(e, now)
	switch since := now.Sub(c.shown); {
	case c.opts.Width != nil && (since >= redraw || !c.live):
		c.print(c.w, "\r\x1b[K"+c.bar(e, now, c.opts.Width()-1))
		c.live = true
		c.shown = now
	case c.opts.Width == nil && since >= c.opts.Every:
		c.line(c.w, c.epochName(e.Epoch)+c.count(e)+c.progressText(e, now))
		c.shown = now
	}
}

// line prints a line above the bar.
func (c *Console) line(w io.Writer, text string) {
	if c.live {
		c.print(c.w, "\r\x1b[K")
		c.live = false
	}
	c.print(w, text+"\n")
}

func (c *Console) print(w io.Writer, text string) {
	if _, err := io.WriteString(w, text); err != nil && c.err == nil {
		c.err = err
	}
}

// Close implements [Sink]. It removes the bar.
func (c *Console) Close() error {
	if c.live {
		c.print(c.w, "\r\x1b[K")
		c.live = false
	}
	return c.err
}

// bar is the live line: what is done as a bar as long as there is room, the
// numbers, cut to the width.
func (c *Console) bar(e Step, now time.Time, width int) string {
	head, tail := c.epochName(e.Epoch), c.count(e)+c.progressText(e, now)
	room := min(width-utf8.RuneCountInString(head)-utf8.RuneCountInString(tail)-2, 20)
	if c.start.Samples > 0 && room >= 8 {
		full := int(int64(room) * min(e.Samples, c.start.Samples) / c.start.Samples)
		head += "  " + strings.Repeat("━", full) + strings.Repeat("╌", room-full)
	}
	line := []rune(head + tail)
	return string(line[:min(len(line), max(width, 0))])
}

func (c *Console) epochName(epoch int) string {
	if c.start.Epochs > 0 {
		return fmt.Sprintf("epoch %d/%d", epoch, c.start.Epochs)
	}
	return fmt.Sprintf("epoch %d", epoch)
}

func (c *Console) count(e Step) string {
	if c.start.Samples > 0 {
		return fmt.Sprintf("  %s/%s", group(e.Samples), group(c.start.Samples))
	}
	return "  " + group(e.Samples)
}

// progressText is loss, throughput and the time that is left.
func (c *Console) progressText(e Step, now time.Time) string {
	text := "  loss " + scoreText(c.pace.loss())
	rate := c.pace.rate(now)
	if rate <= 0 {
		return text
	}
	text += "  " + rateText(rate)
	if c.start.Samples > 0 {
		left := float64(c.start.Samples - e.Samples + c.start.Samples*int64(max(c.start.Epochs-e.Epoch, 0)))
		text += "  " + durationText(left/rate) + " left"
	}
	return text
}

func (c *Console) epochText(e Epoch) string {
	text := c.epochName(e.Epoch) + "  loss " + scoreText(float64(e.Loss)) + scoresText(e.Metrics)
	if len(e.Valid) > 0 {
		text += "  valid" + scoresText(e.Valid)
	}
	if e.Seconds > 0 {
		text += "  " + rateText(float64(e.Samples)/e.Seconds)
	}
	return text + "  " + durationText(e.Seconds)
}

// pace is how fast an epoch goes and what its loss is so far.
type pace struct {
	began          time.Time // at the first step
	first, samples int64     // done after the first step, and now
	total, weight  float64   // of the loss
}

func (p *pace) add(e Step, now time.Time) {
	if p.began.IsZero() {
		p.began, p.first = now, e.Samples
	}
	weight := float64(e.Samples - p.samples)
	p.total += float64(e.Loss) * weight
	p.weight += weight
	p.samples = e.Samples
}

// loss is the mean over the samples of the epoch.
func (p *pace) loss() float64 { return p.total / p.weight }

// rate is samples per second, 0 if not known yet.
func (p *pace) rate(now time.Time) float64 {
	if seconds := now.Sub(p.began).Seconds(); seconds > 0 {
		return float64(p.samples-p.first) / seconds
	}
	return 0
}
