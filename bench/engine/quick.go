package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// tolerated is how much slower a work may be than with the other binary.
const tolerated = 0.05

// compare times works with another binary of this program in turns, counts
// their instructions where perf can, and fails if one has become slower.
func (b *bench) compare(binary string, chosen []row) error {
	b.byCPU = true // which a busy machine changes less
	b.add(framework{"before", []string{binary, "-serve"}})
	fmt.Fprintln(b.out, "| work | threads | before : now, time | quartiles | before : now, instructions |\n|---|---|---|---|---|")
	var slower []string
	for _, r := range chosen {
		if r.how != nil {
			continue
		}
		for _, w := range r.works {
			for _, n := range b.threads {
				all := b.prepare(w, n, map[string]string{})
				b.rotate(all)
				res := b.result(w, n, all)
				before := res.Peers[0]
				if why := res.Skip + before.Skip; why != "" {
					fmt.Fprintf(b.out, "| %s | %d | %s | | |\n", res.Work, n, clean(why))
					continue
				}
				count := instructions(w, all[0], all[1])
				fmt.Fprintf(b.out, "| %s | %d | %.3f | %.3f–%.3f | %s |\n", res.Work, n, before.Median, before.Low, before.High, count)
				if before.High < 1-tolerated {
					slower = append(slower, res.Work)
				}
			}
		}
	}
	if len(slower) > 0 {
		return fmt.Errorf("slower by more than %.0f %%: %s", 100*tolerated, strings.Join(slower, "; "))
	}
	return nil
}

// instructions is the ratio of the instructions of both binaries for as many
// iterations; empty without perf.
func instructions(w work, now, before *turns) string {
	a, err := before.instructions(w, now.iterations)
	if err != nil {
		return ""
	}
	b, err := now.instructions(w, now.iterations)
	if err != nil || b == 0 {
		return ""
	}
	return fmt.Sprintf("%.3f", a/b)
}

// instructions counts those of a process that prepares a work and runs it.
func (p *party) instructions(w work, iterations int) (float64, error) {
	ctx, cancel := context.WithTimeout(context.Background(), turnTime)
	defer cancel()
	args := append([]string{"stat", "-x,", "-e", "instructions:u", "--"}, p.command...)
	command := exec.CommandContext(ctx, "perf", append(args, "--threads", strconv.Itoa(p.threads))...)
	var in, counts strings.Builder
	for _, r := range []request{{Do: "prepare", Work: &w}, {Do: "run", Iterations: iterations}} {
		line, err := json.Marshal(r)
		if err != nil {
			return 0, err
		}
		fmt.Fprintf(&in, "%s\n", line)
	}
	command.Stdin, command.Stderr = strings.NewReader(in.String()), &counts
	if err := command.Run(); err != nil {
		return 0, err
	}
	number, _, _ := strings.Cut(counts.String(), ",")
	return strconv.ParseFloat(strings.TrimSpace(number), 64)
}
