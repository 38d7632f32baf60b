package report

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// TensorBoard writes event files that TensorBoard shows: the folders train, valid
// and test below its own, so that their curves share a chart.
//
//	batch/loss, batch/learning_rate   by step
//	epoch/loss, epoch/<metric>, epoch/samples_per_second   by epoch
//	a histogram for each name in [Histograms], by step
//	net: the net file, as text
type TensorBoard struct {
	dir   string
	now   func() time.Time
	files map[string]*eventFile
	epoch int
	err   error
}

// flushEvery is the time after which what was written reaches the disk at the
// latest with the next event.
const flushEvery = 5 * time.Second

// NewTensorBoard is a sink that writes below the folder dir; now is the clock, nil
// the system's. Folders and files are made when there is something to write.
func NewTensorBoard(dir string, now func() time.Time) *TensorBoard {
	return &TensorBoard{dir: dir, now: clock(now), files: map[string]*eventFile{}}
}

// Event implements [Sink].
func (t *TensorBoard) Event(e Event) {
	switch e := e.(type) {
	case Start:
		if e.Net != "" {
			t.write("train", 0, textValue("net", "```yaml\n"+e.Net+"\n```"))
		}
	case Step:
		values := [][]byte{scalarValue("batch/loss", float64(e.Loss)), scalarValue("batch/learning_rate", e.LR)}
		t.write("train", e.Step, values...)
	case Epoch:
		t.epoch = e.Epoch
		values := [][]byte{scalarValue("epoch/loss", float64(e.Loss))}
		if e.Seconds > 0 {
			values = append(values, scalarValue("epoch/samples_per_second", float64(e.Samples)/e.Seconds))
		}
		t.write("train", int64(e.Epoch), append(values, scoreValues(e.Metrics)...)...)
		t.write("valid", int64(e.Epoch), scoreValues(e.Valid)...)
	case Test:
		t.write("test", int64(t.epoch), scoreValues(e.Metrics)...)
	case Histograms:
		for _, h := range e.Values {
			t.write("train", e.Step, histogramValue(h))
		}
	}
}

func scoreValues(scores Scores) [][]byte {
	var values [][]byte
	for _, s := range scores {
		values = append(values, scalarValue("epoch/"+s.Name, s.Value))
	}
	return values
}

// write appends one event that holds the values.
func (t *TensorBoard) write(part string, step int64, values ...[]byte) {
	if len(values) == 0 || t.err != nil {
		return
	}
	now := t.now()
	f := t.files[part]
	if f == nil {
		if f, t.err = createEventFile(filepath.Join(t.dir, part), now); t.err != nil {
			return
		}
		t.files[part] = f
	}
	t.err = f.write(now, summaryEvent(now, step, values))
}

// Close implements [Sink].
func (t *TensorBoard) Close() error {
	all := []error{t.err}
	for _, f := range t.files {
		all = append(all, f.close())
	}
	if err := errors.Join(all...); err != nil {
		return fmt.Errorf("write TensorBoard's files: %w", err)
	}
	return nil
}

// eventFile is one file of events.
type eventFile struct {
	file    *os.File
	w       *bufio.Writer
	flushed time.Time
}

// createEventFile makes events.out.tfevents.<seconds>.<host>; a file of the same
// second and host goes on.
func createEventFile(dir string, now time.Time) (*eventFile, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	name := filepath.Join(dir, fmt.Sprintf("events.out.tfevents.%010d.%s", now.Unix(), host))
	file, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	if err != nil {
		return nil, err
	}
	f := &eventFile{file: file, w: bufio.NewWriter(file), flushed: now}
	return f, f.write(now, versionEvent(now))
}

func (f *eventFile) write(now time.Time, event []byte) error {
	if err := writeRecord(f.w, event); err != nil {
		return err
	}
	if now.Sub(f.flushed) < flushEvery {
		return nil
	}
	f.flushed = now
	return f.w.Flush()
}

func (f *eventFile) close() error {
	return errors.Join(f.w.Flush(), f.file.Close())
}
