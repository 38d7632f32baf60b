package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// cache is where logs, environments and models of the bench lie.
const cache = ".cache/bench/engine"

// framework is how a process is started that does the work.
type framework struct {
	name    string
	command []string
}

// python is a peer in the environment of that name.
func python(venv, name string, args ...string) []string {
	return append([]string{filepath.Join(venv, "bin/python"), "-B", "bench/engine/peers/" + name}, args...)
}

// peers are what Ember is compared with.
var peers = []framework{
	{"torch", python(".cache/venv", "torch_peer.py")},
	{"compile", python(".cache/venv", "torch_peer.py", "--compile")},
	{"tensorflow", python(cache+"/tensorflow", "tensorflow_peer.py")},
	{"onnxruntime", python(".cache/venv", "onnxruntime_peer.py")},
	{"numpy", python(".cache/venv", "numpy_peer.py")},
}

// forceAVX2 are the settings by which everybody leaves AVX-512 alone.
var forceAVX2 = []string{
	"ATEN_CPU_CAPABILITY=avx2", "ONEDNN_MAX_CPU_ISA=AVX2", "MKL_ENABLE_INSTRUCTIONS=AVX2",
	"NPY_DISABLE_CPU_FEATURES=AVX512F AVX512_SKX", "EMBER_KERNEL=avx2",
}

// party is a process of a framework with a number of threads. It starts with
// its first request, and again after it has died.
type party struct {
	framework
	threads int
	env     []string

	process *exec.Cmd
	in      *json.Encoder
	out     chan reply
}

// start begins the process.
func (p *party) start() error {
	threads := strconv.Itoa(p.threads)
	args := append(p.command[1:len(p.command):len(p.command)], "--threads", threads)
	p.process = exec.Command(p.command[0], args...)
	p.process.Env = append(os.Environ(), "OMP_NUM_THREADS="+threads, "MKL_NUM_THREADS="+threads,
		"OPENBLAS_NUM_THREADS="+threads, "TORCHINDUCTOR_CACHE_DIR="+cache+"/inductor")
	p.process.Env = append(p.process.Env, p.env...)
	log, err := os.Create(filepath.Join(cache, fmt.Sprintf("%s-%d.log", p.name, p.threads)))
	if err != nil {
		return err
	}
	defer log.Close()
	p.process.Stderr = log
	in, err := p.process.StdinPipe()
	if err != nil {
		return err
	}
	out, err := p.process.StdoutPipe()
	if err != nil {
		return err
	}
	if err := p.process.Start(); err != nil {
		p.process = nil
		return err
	}
	answers := make(chan reply)
	p.in, p.out = json.NewEncoder(in), answers
	go func() {
		defer close(answers)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var r reply
			if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
				r.Error = err.Error()
			}
			answers <- r
		}
	}()
	return nil
}

// ask sends a request and waits for its reply. A process that does not answer in
// time is ended.
func (p *party) ask(r request, patience time.Duration) (reply, error) {
	if p.process == nil {
		if err := p.start(); err != nil {
			return reply{}, err
		}
	}
	err := p.in.Encode(r)
	timer := time.NewTimer(patience)
	defer timer.Stop()
	var a reply
	if err == nil {
		var ok bool
		select {
		case a, ok = <-p.out:
			if !ok {
				err = fmt.Errorf("the process ended; see %s/%s-%d.log", cache, p.name, p.threads)
			}
		case <-timer.C:
			err = fmt.Errorf("%w in %v", errPatience, patience)
		}
	}
	switch {
	case err != nil:
		p.stop()
		return reply{}, err
	case a.Skip != "":
		return a, skip(a.Skip)
	case a.Error != "":
		return a, errors.New(a.Error)
	}
	return a, nil
}

// errPatience is that a process did not answer in time.
var errPatience = errors.New("no answer")

// release lets the process forget its work, if it has one.
func (p *party) release() {
	if p.process != nil {
		_, _ = p.ask(request{Do: "release"}, turnTime)
	}
}

// stop ends the process.
func (p *party) stop() {
	if p.process == nil {
		return
	}
	_ = p.process.Process.Kill()
	for range p.out { // the reader's end
	}
	_ = p.process.Wait()
	p.process = nil
}
