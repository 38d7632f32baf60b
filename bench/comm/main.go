// Command comm measures how much of the network's bandwidth an all-reduce among
// two processes of this machine uses. It starts the second process itself.
//
//	go run ./bench/comm [-sizes MiB,MiB…] [-rounds N]
//
// In each round come a plain copy in both directions of one TCP connection at
// once, which is the measure, the same over TLS, and sums with each wire format,
// plain, over TLS, and over the socket at which members of one host meet. It
// prints the median over the rounds of the bytes that a process sends and receives
// per second, and of the ratios to the copies of the same round.
package main

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/emberml/ember/internal/secure"
)

func main() {
	list := flag.String("sizes", "1,4,64", "MiB that are summed or copied at a time")
	rounds := flag.Int("rounds", 11, "rounds")
	child := flag.Bool("second", false, "be the second process")
	flag.Parse()
	run := first
	if *child {
		run = second
	}
	sizes, err := parseSizes(*list)
	if err == nil {
		err = run(sizes, *rounds)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench/comm:", err)
		os.Exit(1)
	}
}

// parseSizes reads numbers of MiB between commas, and returns bytes.
func parseSizes(list string) ([]int, error) {
	var sizes []int
	for word := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("-sizes %s: %q is no number of MiB", list, word)
		}
		sizes = append(sizes, n<<20)
	}
	return sizes, nil
}

// patience bounds the whole run.
const patience = 10 * time.Minute

// first starts the other process, measures with it, and prints.
func first(sizes []int, rounds int) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	authority, err := secure.NewAuthority()
	if err != nil {
		return err
	}
	doors, err := openDoors(subjects())
	if err != nil {
		return err
	}
	own, err := authority.Issue("first")
	if err != nil {
		return err
	}
	other, err := authority.Issue("second")
	if err != nil {
		return err
	}
	var start bytes.Buffer
	for _, d := range doors {
		fmt.Fprintln(&start, strings.Join(d.addresses, " "))
	}
	if _, err := other.WriteTo(&start); err != nil {
		return err
	}
	binary, err := os.Executable()
	if err != nil {
		return err
	}
	process := exec.CommandContext(ctx, binary, append([]string{"-second"}, os.Args[1:]...)...)
	process.Stdin, process.Stderr = &start, os.Stderr
	if err := process.Start(); err != nil {
		return err
	}
	all, err := meet(ctx, 0, doors, own)
	for _, size := range sizes {
		var speeds [][]float64
		if err == nil {
			speeds, err = measure(ctx, all, size, rounds)
		}
		if err == nil {
			print(size, all, speeds)
		}
	}
	if err != nil {
		cancel()
		_ = process.Wait()
		return err
	}
	return process.Wait()
}

// second is the other process.
func second(sizes []int, rounds int) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	in := bufio.NewReader(os.Stdin)
	doors := make([]door, len(subjects()))
	for i := range doors {
		line, err := in.ReadString('\n')
		if err != nil {
			return err
		}
		doors[i].addresses = strings.Fields(line)
	}
	identity, err := secure.ReadIdentity(in)
	if err != nil {
		return err
	}
	all, err := meet(ctx, 1, doors, identity)
	for _, size := range sizes {
		if err == nil {
			_, err = measure(ctx, all, size, rounds)
		}
	}
	return err
}

// measure returns bytes per second of each subject in each round.
func measure(ctx context.Context, all []subject, size, rounds int) ([][]float64, error) {
	speeds := make([][]float64, len(all))
	for round := range rounds + 1 {
		for i, s := range all {
			n, seconds, err := s.time(ctx, size)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.name, err)
			}
			if round > 0 { // the first warms up
				speeds[i] = append(speeds[i], float64(n)/seconds)
			}
		}
	}
	return speeds, nil
}

func print(size int, all []subject, speeds [][]float64) {
	w := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	defer w.Flush()
	fmt.Fprintf(w, "%d MiB\tMB/s each way\tof a plain copy\tof a copy over TLS\n", size>>20)
	for i, s := range all {
		fmt.Fprintf(w, "%s\t%.0f\t%.0f %%", s.name, median(speeds[i])/1e6, 100*ratio(speeds[i], speeds[0]))
		if s.encrypted {
			fmt.Fprintf(w, "\t%.0f %%", 100*ratio(speeds[i], speeds[1]))
		}
		fmt.Fprintln(w)
	}
}

// ratio is the median of the ratios of the rounds.
func ratio(a, b []float64) float64 {
	ratios := make([]float64, len(a))
	for round, v := range a {
		ratios[round] = v / b[round]
	}
	return median(ratios)
}

func median(x []float64) float64 {
	x = slices.Clone(x)
	slices.Sort(x)
	return x[len(x)/2]
}

// block is what a copy reads and writes at once.
const block = 256 << 10

// exchange sends as many bytes as it receives, both at once.
func exchange(conn net.Conn, out, in []byte) error {
	sent := make(chan error, 1)
	go func() {
		for b := range slices.Chunk(out, block) {
			if _, err := conn.Write(b); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	for b := range slices.Chunk(in, block) {
		if _, err := io.ReadFull(conn, b); err != nil {
			return err
		}
	}
	return <-sent
}
