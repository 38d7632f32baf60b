package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// workerArg is the argument that makes a program a worker; see [Serve].
const workerArg = "ember-worker"

// localLauncher starts processes of this program on this machine.
type localLauncher struct {
	n       int
	program string
	threads int
	stderr  io.Writer // nil: what workers write is only kept for errors
}

func newLocal(n int, o Options) (*localLauncher, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("this program's own file, to start workers: %w", err)
	}
	l := &localLauncher{n: n, program: program, threads: o.Threads}
	if l.threads == 0 {
		l.threads = max(1, runtime.GOMAXPROCS(0)/n)
	}
	if o.Verbose {
		l.stderr = o.Stderr
	}
	return l, nil
}

func (l *localLauncher) workers() int { return l.n }

func (l *localLauncher) local() bool { return true }

func (l *localLauncher) close() error { return nil }

// launch starts the processes. They end when their standard input does, which is
// when this process ends, however it does.
func (l *localLauncher) launch(_ context.Context, b bootstrap, identity func(int) (secret, error)) (fleet, error) {
	f := &localFleet{ended: make(chan exit, l.n), over: make(chan struct{}), processes: make([]*process, l.n)}
	messages := make([][]byte, l.n)
	for i := range messages {
		var err error
		own := b
		own.Index, own.Threads = i, l.threads
		if own.Identity, err = identity(i); err != nil {
			return nil, err
		}
		if messages[i], err = json.Marshal(own); err != nil {
			return nil, err
		}
	}
	started := make(chan error)
	go func() {
		// A worker's death signal comes when the thread ends that started it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		started <- f.start(l, messages)
		<-f.over
	}()
	if err := <-started; err != nil {
		f.kill()
		return nil, err
	}
	return f, nil
}

// localFleet is processes of this machine.
type localFleet struct {
	processes []*process
	ended     chan exit
	over      chan struct{}
	once      sync.Once
	all       sync.WaitGroup
}

// process is one worker.
type process struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	tail  *tail
}

func (f *localFleet) start(l *localLauncher, messages [][]byte) error {
	for i, m := range messages {
		cmd := exec.Command(l.program, workerArg)
		cmd.Env = workerEnvironment(os.Environ())
		cmd.SysProcAttr = workerAttributes()
		p := &process{cmd: cmd, tail: &tail{out: l.stderr, prefix: fmt.Sprintf("worker %d: ", i)}}
		cmd.Stderr = p.tail
		var err error
		if p.stdin, err = cmd.StdinPipe(); err != nil {
			return fmt.Errorf("start worker %d: %w", i, err)
		}
		if err := cmd.Start(); err != nil {
			return fmt.Errorf("start worker %d: %w", i, err)
		}
		f.processes[i] = p
		f.all.Go(func() { _, _ = p.stdin.Write(append(m, '\n')) }) // one that does not read has ended
		f.all.Go(func() {
			err := cmd.Wait()
			cause := "exit status 0"
			if err != nil {
				cause = err.Error()
			}
			f.ended <- exit{index: i, cause: cause}
		})
	}
	return nil
}

// workerEnvironment is the driver's, without the variables that may hold a token of
// Spark's.
func workerEnvironment(environ []string) []string {
	return slices.DeleteFunc(environ, func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return name == tokenEnv || name == remoteEnv
	})
}

func (f *localFleet) where(index int) string {
	return fmt.Sprintf("process %d of this machine", f.processes[index].cmd.Process.Pid)
}

func (f *localFleet) busy() string { return "" }

func (f *localFleet) exits() <-chan exit { return f.ended }

func (f *localFleet) log(index int) []string { return f.processes[index].tail.lines() }

func (f *localFleet) kill() {
	f.once.Do(func() {
		for _, p := range f.processes {
			if p == nil {
				continue
			}
			if err := killGroup(p.cmd.Process); err != nil && !errors.Is(err, os.ErrProcessDone) {
				_ = p.cmd.Process.Kill()
			}
			_ = p.stdin.Close()
		}
		f.all.Wait()
		close(f.over)
	})
}
