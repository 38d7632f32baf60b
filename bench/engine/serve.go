package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/emberml/ember/engine/cpu"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/tensor"
)

// server does the work for Ember, in a process of its own, as the peers do.
type server struct {
	backend *cpu.Backend
	subject subject
}

// subject is work made ready.
type subject struct {
	run      func() error // one iteration
	answer   reply        // check, FLOPs, bytes
	planning func() (float64, error)
}

// skip is an error that says why Ember has no counterpart of a work.
type skip string

func (s skip) Error() string { return string(s) }

// serve answers requests until the end of the input.
func serve(in io.Reader, out io.Writer, threads int) error {
	runtime.GOMAXPROCS(threads)
	s := &server{backend: cpu.New(cpu.Options{Threads: threads})}
	defer s.backend.Close()
	lines, answers := bufio.NewScanner(in), json.NewEncoder(out)
	for lines.Scan() {
		var r request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return err
		}
		if err := answers.Encode(s.answer(r)); err != nil {
			return err
		}
	}
	return lines.Err()
}

// answer turns errors and panics of the work into replies.
func (s *server) answer(r request) (a reply) {
	defer func() {
		if p := recover(); p != nil {
			a = reply{Error: fmt.Sprint(p)}
			fmt.Fprintf(os.Stderr, "%v\n%s", p, debug.Stack())
		}
	}()
	a, err := s.do(r)
	if why, ok := err.(skip); ok {
		return reply{Skip: string(why)}
	}
	if err != nil {
		return reply{Error: err.Error()}
	}
	return a
}

func (s *server) do(r request) (reply, error) {
	switch r.Do {
	case "prepare":
		err := s.prepare(*r.Work, feeds(*r.Work))
		return s.subject.answer, err
	case "run":
		return s.time(r.Iterations)
	case "memory":
		return s.memory(*r.Work)
	case "limits":
		return limits(s.backend.Threads()), nil
	case "release":
		s.subject = subject{}
		debug.FreeOSMemory()
		return reply{}, nil
	}
	return reply{}, fmt.Errorf("cannot do %q", r.Do)
}

// prepare makes the work the subject.
func (s *server) prepare(w work, data []*tensor.Tensor) (err error) {
	s.subject = subject{}
	runtime.GC()
	switch w.Kind {
	case "gemm":
		s.subject, err = newGemm(s.backend.Threads(), w)
	case "train":
		s.subject, err = newTraining(s.backend, w, data)
	case "infer":
		s.subject, err = newInference(s.backend, w, data)
	case "op":
		s.subject, err = newOp(s.backend, w)
	case "requests":
		s.subject, err = newRequests(s.backend, w)
	default:
		err = skip("no such work")
	}
	return err
}

func (s *server) time(n int) (reply, error) {
	if s.subject.run == nil {
		return reply{}, fmt.Errorf("nothing is prepared")
	}
	cpu, start := cpuSeconds(), time.Now()
	for range n {
		if err := s.subject.run(); err != nil {
			return reply{}, err
		}
	}
	a := reply{Seconds: time.Since(start).Seconds(), CPU: cpuSeconds() - cpu}
	if s.subject.planning != nil {
		var err error
		a.Planning, err = s.subject.planning()
		return a, err
	}
	return a, nil
}

// memory is the peak of three iterations over what the process and the data
// take.
func (s *server) memory(w work) (reply, error) {
	data := feeds(w)
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil { // the peak begins anew
		return reply{}, err
	}
	before, err := resident("VmRSS")
	if err != nil {
		return reply{}, err
	}
	if err := s.prepare(w, data); err != nil {
		return reply{}, err
	}
	if _, err := s.time(3); err != nil {
		return reply{}, err
	}
	peak, err := resident("VmHWM")
	return reply{Peak: peak - before}, err
}

// resident is a line of the process's status, in bytes.
func resident(key string) (float64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	_, line, _ := strings.Cut(string(status), key+":")
	var kib float64
	_, err = fmt.Sscan(line, &kib)
	return kib * 1024, err
}

// noise is the peers' noise: numbers in shift ± scale that depend on name and
// position alone.
func noise(name string, shape []int, scale, shift float64) *tensor.Tensor {
	x := tensor.New(tensor.Float32, shape...)
	fill(x, name, scale, shift)
	return x
}

// fill makes a tensor's elements noise.
func fill(x *tensor.Tensor, name string, scale, shift float64) {
	seed := uint64(crc32.ChecksumIEEE([]byte(name)))
	data := tensor.Data[float32](x)
	for i := range data {
		h := (uint64(i)*2654435761 + seed) & math.MaxUint32
		h = (h ^ h>>15) * 2246822519 & math.MaxUint32
		data[i] = float32(float64(h>>8)/(1<<23)-1)*float32(scale) + float32(shift)
	}
}

// fillParameters gives the parameters the first values that the peers give them.
func fillParameters(params nn.Params) {
	for _, p := range params {
		x := p.Value.Init()
		kind := p.Name[strings.LastIndexByte(p.Name, '.')+1:]
		switch {
		case kind == "running_var" || kind == "weight" && x.Rank() == 1:
			fill(x, p.Name, 0.25, 1)
		case x.Rank() == 1:
			fill(x, p.Name, 0.25, 0)
		default:
			fill(x, p.Name, math.Sqrt(3/float64(max(1, x.Shape()[1:].Len()))), 0)
		}
	}
}

// feeds are the inputs of a net's work, and its classes.
func feeds(w work) []*tensor.Tensor {
	if w.Kind != "train" && w.Kind != "infer" {
		return nil
	}
	shape := append([]int{w.Batch}, w.Input...)
	var x *tensor.Tensor
	if w.Vocabulary > 0 {
		ids := make([]int64, tensor.Shape(shape).Len())
		for i := range ids {
			ids[i] = int64((i*7 + 3) % w.Vocabulary)
		}
		x = tensor.Of(ids, shape...)
	} else {
		x = noise("input", shape, 1, 0)
	}
	if w.Classes == 0 {
		return []*tensor.Tensor{x}
	}
	classes := make([]int64, w.Batch)
	for i := range classes {
		classes[i] = int64(i * 3 % w.Classes)
	}
	return []*tensor.Tensor{x, tensor.Of(classes)}
}

// some is the peers' choice of elements.
func some(t *tensor.Tensor) []float64 {
	all := tensor.Float64s(t)
	var out []float64
	for i := 0; i < len(all) && len(out) < 8; i += max(1, len(all)/8) {
		out = append(out, all[i])
	}
	return out
}
