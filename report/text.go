package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

func startText(e Start) string {
	text := fmt.Sprintf("%s parameters, %s of %s, kernel %s", group(e.Params), plural(e.Workers, "worker"), plural(e.Threads, "thread"), e.Kernel)
	if e.Resumed > 0 {
		text += ", goes on after step " + group(e.Resumed)
	}
	return text
}

func divergedText(e Diverged) string {
	text := fmt.Sprintf("diverged at step %s of epoch %d: %s", group(e.Step), e.Epoch, e.What)
	if e.Layer != "" {
		text += ", first in " + e.Layer
	}
	return text
}

func scoresText(scores Scores) string {
	var b strings.Builder
	for _, s := range scores {
		b.WriteString("  " + s.Name + " " + scoreText(s.Value))
	}
	return b.String()
}

// scoreText is a number to four decimals, or with an exponent where that would
// hide it.
func scoreText(x float64) string {
	if size := math.Abs(x); size != 0 && (size < 1e-3 || size >= 1e5) {
		return strconv.FormatFloat(x, 'g', 4, 64)
	}
	return strconv.FormatFloat(x, 'f', 4, 64)
}

func rateText(samplesPerSecond float64) string {
	if samplesPerSecond < 10 {
		return fmt.Sprintf("%.2f samples/s", samplesPerSecond)
	}
	return group(int64(samplesPerSecond)) + " samples/s"
}

// durationText is 1.5s, 42s, 3m05s or 2h07m.
func durationText(seconds float64) string {
	switch d := time.Duration(min(seconds, 1e9) * float64(time.Second)); {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.0fs", math.Floor(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	default:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// group is a whole number with commas: 431,080.
func group(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
