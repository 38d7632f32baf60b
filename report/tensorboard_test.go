package report_test

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/emberml/ember/report"
)

func TestTensorBoard(t *testing.T) {
	dir := t.TempDir()
	sink := report.NewTensorBoard(dir, newClock(time.Second).Now)
	run(sink)
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	for part, want := range map[string][]string{
		"train": {
			"0 brain.Event:2", "0 net text ```yaml\nname: <net>\n\n```", "1 batch/loss 2.25", "1 batch/learning_rate 0.001",
			"2 batch/loss 1.75", "2 batch/learning_rate 0.001",
			"4 batch/loss 1", "4 batch/learning_rate 0.001",
			"1 epoch/loss 1.5", "1 epoch/samples_per_second 2000", "1 epoch/top_k 1", "1 epoch/accuracy 0.625",
			"4 dense_1.weight histogram -1…2, 4, 1.5, 5.25",
			"5 batch/loss NaN", "5 batch/learning_rate 0.0005",
		},
		"valid": {"0 brain.Event:2", "1 epoch/loss 1.25", "1 epoch/accuracy 0.6"},
		"test":  {"0 brain.Event:2", "1 epoch/accuracy 0.9876"},
	} {
		files, err := filepath.Glob(filepath.Join(dir, part, "events.out.tfevents.17955216*.*"))
		if err != nil || len(files) != 1 {
			t.Fatalf("%s has the files %v, %v", part, files, err)
		}
		data, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		if got := eventTexts(t, data); !slices.Equal(got, want) {
			t.Errorf("%s\n got %q\nwant %q", part, got, want)
		}
	}
}

// eventTexts decodes an event file: the step and what it holds, of each value.
func eventTexts(t *testing.T, data []byte) []string {
	var out []string
	masked := func(b []byte) uint32 {
		c := crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))
		return (c>>15 | c<<17) + 0xa282ead8
	}
	for len(data) > 0 {
		n := binary.LittleEndian.Uint64(data)
		event := data[12 : 12+n]
		if masked(data[:8]) != binary.LittleEndian.Uint32(data[8:]) || masked(event) != binary.LittleEndian.Uint32(data[12+n:]) {
			t.Fatal("a checksum is wrong")
		}
		data = data[16+n:]
		fields := message(t, event)
		step := uint64(0)
		if s := fields[2]; s != nil {
			step = s[0].(uint64)
		}
		if wall := math.Float64frombits(fields[1][0].(uint64)); wall < 1795521600 || wall > 1795521700 {
			t.Errorf("wall time is %v", wall)
		}
		if version := fields[3]; version != nil {
			out = append(out, fmt.Sprintf("%d %s", step, version[0]))
			continue
		}
		for _, v := range message(t, fields[5][0].([]byte))[1] {
			out = append(out, fmt.Sprintf("%d %s", step, valueText(t, message(t, v.([]byte)))))
		}
	}
	return out
}

func valueText(t *testing.T, value map[protowire.Number][]any) string {
	tag := string(value[1][0].([]byte))
	switch {
	case value[2] != nil:
		return fmt.Sprintf("%s %v", tag, math.Float32frombits(value[2][0].(uint32)))
	case value[5] != nil:
		h := message(t, value[5][0].([]byte))
		number := func(field protowire.Number) float64 { return math.Float64frombits(h[field][0].(uint64)) }
		limits, counts := len(h[6][0].([]byte)), len(h[7][0].([]byte))
		if limits != 8*30 || counts != 8*30 {
			t.Errorf("%d bytes of limits, %d of counts", limits, counts)
		}
		return fmt.Sprintf("%s histogram %v…%v, %v, %v, %v", tag, number(1), number(2), number(3), number(4), number(5))
	}
	tensor := message(t, value[8][0].([]byte))
	return fmt.Sprintf("%s text %s", tag, tensor[8][0])
}

// message is the fields of a protobuf message.
func message(t *testing.T, b []byte) map[protowire.Number][]any {
	t.Helper()
	fields := map[protowire.Number][]any{}
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		b = b[max(n, 0):]
		var v any
		switch kind {
		case protowire.VarintType:
			v, n = protowire.ConsumeVarint(b)
		case protowire.Fixed32Type:
			v, n = protowire.ConsumeFixed32(b)
		case protowire.Fixed64Type:
			v, n = protowire.ConsumeFixed64(b)
		case protowire.BytesType:
			v, n = protowire.ConsumeBytes(b)
		}
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		b = b[n:]
		fields[number] = append(fields[number], v)
	}
	return fields
}

func TestHistogram(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, values := range [][]float64{
		{1, 2, 3, 4, 5, nan, inf},
		{-1e300, 1e300, 0},
		{-math.MaxFloat64, math.MaxFloat64},
		{0.1, 0.2, 0.3, 0.1 + 0.2},
		{5, 5, 5},
		{5e-324, 0},
		{1, math.Nextafter(1, 2)},
	} {
		h := report.NewHistogram("x", values)
		total := 0.0
		for i, limit := range h.Limits {
			low := math.Inf(-1)
			if i > 0 {
				low = h.Limits[i-1]
			}
			want := 0.0
			for _, v := range values {
				if v > low && v <= limit {
					want++
				}
			}
			if h.Counts[i] != want {
				t.Errorf("%v: %v in %v…%v, want %v", values, h.Counts[i], low, limit, want)
			}
			total += h.Counts[i]
		}
		if int64(total) != h.Count || h.Count+h.Invalid != int64(len(values)) || h.Limits[len(h.Limits)-1] != h.Max {
			t.Errorf("%v: %+v", values, h)
		}
	}
	if h := report.NewHistogram("empty", []float32{float32(nan)}); h.Count != 0 || h.Invalid != 1 || h.Limits != nil || strings.Contains(fmt.Sprint(h), "Inf") {
		t.Errorf("got %+v", h)
	}
}
