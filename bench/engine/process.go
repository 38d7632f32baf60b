package main

// The rows that take a process of its own for each number.

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// memory compares the peak of a training step, in fresh processes with one
// thread.
func (b *bench) memory(r row) []result {
	var results []result
	for _, w := range r.works {
		res := result{Work: w.String(), Threads: 1}
		for _, p := range b.parties {
			if p.threads != 1 {
				continue
			}
			fresh := &party{framework: p.framework, threads: 1, env: p.env}
			a, err := fresh.ask(request{Do: "memory", Work: &w}, prepareTime)
			fresh.stop()
			switch why := reason(err); {
			case p.name == "ember":
				res.Seconds, res.Skip = a.Peak, why
			case why != "" || res.Skip != "":
				res.Peers = append(res.Peers, comparison{Peer: p.name, Skip: why + res.Skip})
			default:
				q := a.Peak / res.Seconds
				res.Peers = append(res.Peers, comparison{Peer: p.name, Seconds: a.Peak, spread: spread{q, q, q}})
			}
		}
		results = append(results, res)
	}
	return results
}

// start compares the time from a process's start to its end after one training
// step.
func (b *bench) start(r row) []result {
	binary, err := os.Executable()
	if err != nil {
		return []result{{Work: r.name, Skip: err.Error()}}
	}
	first := []framework{
		{"ember", []string{binary, "-first-step"}},
		{"torch", python(".cache/venv", "torch_start.py")},
	}
	res := result{Work: r.works[0].String(), Threads: 1}
	times := make([][]float64, len(first))
	for range max(3, b.rounds/2) {
		for i, f := range first {
			ctx, cancel := context.WithTimeout(context.Background(), runTime)
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
func (b *bench) planning(r row) []result {
	var results []result
	for _, w := range r.works {
		for i, n := range b.threads {
			ember := b.parties[i]
			res := result{Work: w.String(), Threads: n}
			_, why := ember.prepare(w)
			if why == "" {
				a, err := ember.ask(request{Do: "run", Iterations: 1}, prepareTime)
				why = reason(err)
				if err == nil {
					res.Seconds, res.Note = a.Seconds, fmt.Sprintf("planning %.2f %%", 100*a.Planning/a.Seconds)
					ok := a.Planning <= 0.02*a.Seconds
					res.Met = &ok
				}
			}
			res.Skip = why
			results = append(results, res)
		}
	}
	return results
}
