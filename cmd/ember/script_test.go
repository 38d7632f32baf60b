package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/emberml/ember/cluster"
	"github.com/emberml/ember/tensor"
)

func TestMain(m *testing.M) {
	cluster.Serve(jobs) // the program that the scripts run is this one
	testscript.Main(m, map[string]func(){"ember": main})
}

// TestScripts runs the command line as users do, each script in a folder of its
// own. Beside testscript's own commands there are those of scriptCommands.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Cmds:                scriptCommands,
		Setup: func(e *testscript.Env) error {
			e.Setenv("EMBER_DATA", filepath.Join(e.WorkDir, "cache"))
			e.Values["env"] = e
			return nil
		},
	})
}

var scriptCommands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"code":      scriptCode,
	"harm":      scriptHarm,
	"interrupt": scriptInterrupt,
	"cut":       scriptCut,
	"flip":      scriptFlip,
	"same":      scriptSame,
	"npz":       scriptNPZ,
	"png":       scriptPNG,
}

// scriptCode is: code N program args… It runs a program that must exit with the
// code N, and tell of an error in one or two lines that have no Go in them.
func scriptCode(ts *testscript.TestScript, _ bool, args []string) {
	want := atoi(ts, args[0])
	got := exitCodeOf(ts.Exec(args[1], args[2:]...))
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
	text := strings.TrimSpace(ts.ReadFile("stderr"))
	if strings.Contains(text, "goroutine ") || want > 0 && !strings.Contains(text, "ember: ") {
		ts.Fatalf("the error is told by %q", text)
	}
}

// scriptInterrupt is: interrupt SIGNAL N program args… It runs a program, sends
// the signal after the first line of its standard output that tells of an epoch,
// and wants the exit code N.
func scriptInterrupt(ts *testscript.TestScript, _ bool, args []string) {
	signalAt(ts, "epoch", args[0], args[1], args[2:], func(driver *os.Process) *os.Process { return driver })
}

// scriptHarm is: harm driver|worker SIGNAL N program args… It is interrupt for a
// program that has workers, and sends the signal after the first checkpoint, perhaps
// to the last worker. When the program has ended, no worker may be left.
func scriptHarm(ts *testscript.TestScript, _ bool, args []string) {
	var workers []int
	signalAt(ts, "checkpoint", args[1], args[2], args[3:], func(driver *os.Process) *os.Process {
		workers = children(ts, driver.Pid)
		if len(workers) == 0 {
			ts.Fatalf("%s has no workers", args[3])
		}
		if args[0] == "driver" {
			return driver
		}
		p, err := os.FindProcess(slices.Max(workers))
		ts.Check(err)
		return p
	})
	deadline := time.After(time.Minute)
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for slices.ContainsFunc(workers, lives) {
		select {
		case <-look.C:
		case <-deadline:
			ts.Fatalf("workers are left: %v", slices.DeleteFunc(workers, func(pid int) bool { return !lives(pid) }))
		}
	}
}

// children are the processes that a process has started.
func children(ts *testscript.TestScript, pid int) []int {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	ts.Check(err)
	var all []int
	for _, f := range files {
		text, _ := os.ReadFile(f) // a thread that has ended has none
		for _, child := range strings.Fields(string(text)) {
			all = append(all, atoi(ts, child))
		}
	}
	return all
}

// lives tells whether a process runs: one that nobody has waited for does not.
func lives(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, state, ok := strings.Cut(string(stat), ") ")
	return err == nil && ok && !strings.HasPrefix(state, "Z")
}

// signalAt runs a program, sends a signal to a process that whom chooses after the
// first event of a kind, and wants an exit code.
func signalAt(ts *testscript.TestScript, event, name, code string, program []string, whom func(*os.Process) *os.Process) {
	signal := map[string]syscall.Signal{
		"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL, "STOP": sigstop,
	}[name]
	cmd := exec.Command(lookPath(ts, program[0]), program[1:]...)
	cmd.Args[0] = program[0]
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = ts.Value("env").(*testscript.Env).Vars
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	pipe, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	sent := false
	lines := bufio.NewScanner(pipe)
	for lines.Scan() {
		fmt.Fprintln(ts.Stdout(), lines.Text())
		if !sent && strings.Contains(lines.Text(), fmt.Sprintf(`"event":%q`, event)) {
			sent = true
			ts.Check(whom(cmd.Process).Signal(signal))
		}
	}
	err = cmd.Wait()
	fmt.Fprint(ts.Stderr(), stderr.String())
	if got, want := exitCodeOf(err), atoi(ts, code); !sent || got != want {
		ts.Fatalf("exit code %d, want %d; signal sent: %v\n%s", got, want, sent, stderr.String())
	}
}

// scriptCut is: cut FROM TO N. It copies the first N bytes of a file.
func scriptCut(ts *testscript.TestScript, _ bool, args []string) {
	content := ts.ReadFile(args[0])
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(content[:atoi(ts, args[2])]), 0o666))
}

// scriptFlip is: flip FROM TO. It copies a file with one bit in the middle
// changed.
func scriptFlip(ts *testscript.TestScript, _ bool, args []string) {
	content := []byte(ts.ReadFile(args[0]))
	content[len(content)/2] ^= 1
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), content, 0o666))
}

// scriptSame is: same FILE FILE… Files must hold the same bytes; told as a hash
// would be, since cmp prints them.
func scriptSame(ts *testscript.TestScript, neg bool, args []string) {
	for _, name := range args[1:] {
		if same := ts.ReadFile(name) == ts.ReadFile(args[0]); same == neg {
			ts.Fatalf("%s and %s: the same bytes is %v", args[0], name, same)
		}
	}
}

// scriptNPZ is: npz FILE ARRAY DTYPE SIZE… It writes an array that counts from 0.
func scriptNPZ(ts *testscript.TestScript, _ bool, args []string) {
	var shape []int
	size := 1
	for _, text := range args[3:] {
		shape = append(shape, atoi(ts, text))
		size *= shape[len(shape)-1]
	}
	var dtype tensor.DType
	ts.Check(dtype.UnmarshalText([]byte(args[2])))
	array := tensor.Cast(tensor.Arange(int64(0), int64(size), 1), dtype).Reshape(shape...)
	var content bytes.Buffer
	ts.Check(tensor.WriteNPZ(&content, args[1:2], map[string]*tensor.Tensor{args[1]: array}))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), content.Bytes(), 0o666))
}

// scriptPNG is: png FILE WIDTH HEIGHT RED GREEN BLUE. It writes an image of one
// color that fades to the right.
func scriptPNG(ts *testscript.TestScript, _ bool, args []string) {
	n := make([]int, 5)
	for i := range n {
		n[i] = atoi(ts, args[1+i])
	}
	m := image.NewRGBA(image.Rect(0, 0, n[0], n[1]))
	for y := range n[1] {
		for x := range n[0] {
			fade := func(c int) uint8 { return uint8(c * (n[0] - x) / n[0]) }
			m.SetRGBA(x, y, color.RGBA{fade(n[2]), fade(n[3]), fade(n[4]), 255})
		}
	}
	var content bytes.Buffer
	ts.Check(png.Encode(&content, m))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), content.Bytes(), 0o666))
}

func atoi(ts *testscript.TestScript, text string) int {
	n, err := strconv.Atoi(text)
	ts.Check(err)
	return n
}

func exitCodeOf(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	return -1
}

// lookPath finds a program on the script's PATH.
func lookPath(ts *testscript.TestScript, name string) string {
	dirs := filepath.SplitList(ts.Getenv("PATH"))
	i := slices.IndexFunc(dirs, func(dir string) bool {
		_, err := os.Stat(filepath.Join(dir, name))
		return err == nil
	})
	if i < 0 {
		ts.Fatalf("%s is not on the PATH", name)
	}
	return filepath.Join(dirs[i], name)
}
