package main

// The rows that take a process of its own for each number.

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// memory compares the peak of a training step with PyTorch's, in fresh processes
// with one thread.
func (b *bench) memory(w work) []result {
	res := result{Work: w.String(), Threads: 1}
	for _, p := range b.parties {
		if p.threads != b.threads[0] || p.name != "ember" && p.name != "torch" {
			continue
		}
		fresh := &party{framework: p.framework, threads: 1, env: p.env}
		a, err := fresh.ask(request{Do: "memory", Work: &w}, b.patience)
		fresh.stop()
		switch why := reason(err); {
		case p.name == "ember":
			res.Seconds, res.Skip = a.Peak, why
		case why != "" || res.Skip != "":
			res.Peers = append(res.Peers, comparison{Peer: p.name, Skip: why})
		default:
			q := a.Peak / res.Seconds
			res.Peers = append(res.Peers, comparison{Peer: p.name, Seconds: a.Peak, spread: spread{q, q, q}})
		}
	}
	return []result{res}
}

// start compares the time from a process's start to its end after one training
// step.
func (b *bench) start(w work) []result {
	binary, err := os.Executable()
	if err != nil {
		return []result{{Work: w.String(), Skip: err.Error()}}
	}
	first := []framework{
		{"ember", []string{binary, "-first-step"}},
		{"torch", python(".cache/venv", "torch_start.py")},
	}
	res := result{Work: w.String(), Threads: 1}
	times := make([][]float64, len(first))
	for range max(3, b.rounds/2) {
		for i, f := range first {
			ctx, cancel := context.WithTimeout(context.Background(), b.patience)
			command := exec.CommandContext(ctx, f.command[0], append(f.command[1:len(f.command):len(f.command)], "--threads", "1")...)
			command.Env = append(os.Environ(), b.env...)
			begin := time.Now()
			out, err := command.CombinedOutput()
			cancel()
			if err != nil {
				res.Skip = fmt.Sprintf("%s: %v: %s", f.name, err, out)
				return []result{res}
			}
			times[i] = append(times[i], time.Since(begin).Seconds())
		}
	}
	res.Seconds = median(times[0])
	res.Peers = []comparison{{Peer: "torch", Seconds: median(times[1]), spread: ratio(times[1], times[0])}}
	return []result{res}
}

// planning is which share of the time of many requests goes into plans.
func (b *bench) planning(w work) []result {
	var results []result
	for _, n := range b.threads {
		ember, res := b.ember(n), result{Work: w.String(), Threads: n}
		_, err := ember.ask(request{Do: "prepare", Work: &w}, b.patience)
		if err == nil {
			var a reply
			if a, err = ember.ask(request{Do: "run", Iterations: 1}, 2*b.patience); err == nil {
				res.Seconds, res.Note = a.Seconds, fmt.Sprintf("planning %.2f %%", 100*a.Planning/a.Seconds)
				met := a.Planning <= 0.02*a.Seconds
				res.Met = &met
			}
		}
		res.Skip = reason(err)
		ember.release()
		results = append(results, res)
	}
	return results
}
