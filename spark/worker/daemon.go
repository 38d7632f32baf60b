package worker

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// runDaemon serves Spark's executor as pyspark.daemon does: it listens, tells
// where on its output, and starts a process for each connection. A number on
// its input is the process to kill, the end of the input is the executor's end.
func runDaemon(_ []string, _ Handler) error {
	listener, err := listen(os.Getenv, os.Stdout)
	if err != nil {
		return err
	}
	defer listener.Close()
	d := &daemon{workers: map[int]*exec.Cmd{}}
	go d.acceptAll(listener)
	d.obey(os.Stdin)
	return nil
}

// listen opens the daemon's socket and writes where it is.
func listen(env func(string) string, tell io.Writer) (net.Listener, error) {
	if env("PYTHON_UNIX_DOMAIN_ENABLED") != "True" {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("listen for the executor: %w", err)
		}
		port := uint32(l.Addr().(*net.TCPAddr).Port)
		_, err = tell.Write(binary.BigEndian.AppendUint32(nil, port))
		return l, err
	}
	path := filepath.Join(env("PYTHON_WORKER_FACTORY_SOCK_DIR"), "."+rand.Text()+".sock")
	l, err := net.Listen("unix", path) // Close removes the file
	if err != nil {
		return nil, fmt.Errorf("listen for the executor: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	_, err = tell.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(path))), path...))
	return l, err
}

// daemon keeps the processes that serve connections.
type daemon struct {
	mu      sync.Mutex
	workers map[int]*exec.Cmd // by process
}

func (d *daemon) acceptAll(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return // the listener is closed
		}
		if err := d.start(conn); err != nil {
			fmt.Fprintln(os.Stderr, "ember: start a worker:", err)
		}
	}
}

// start gives a connection to a new process.
func (d *daemon) start(conn net.Conn) error {
	defer conn.Close()
	file, err := conn.(interface{ File() (*os.File, error) }).File()
	if err != nil {
		return err
	}
	defer file.Close()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := command(self, "-m", connectionModule)
	cmd.ExtraFiles = []*os.File{file}
	cmd.Stderr = os.Stderr
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := cmd.Start(); err != nil {
		return err
	}
	d.workers[cmd.Process.Pid] = cmd
	go func() {
		_ = cmd.Wait() // the worker has told its error itself
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.workers, cmd.Process.Pid)
	}()
	return nil
}

// obey kills workers on the executor's word until the word ends, then all.
func (d *daemon) obey(words io.Reader) {
	for w := (&wire{r: words}); ; {
		pid := w.integer()
		if w.err != nil {
			break
		}
		d.stop(pid)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, cmd := range d.workers {
		_ = cmd.Process.Kill()
	}
}

// killAfter is how long a worker has to clean up when Spark wants it killed.
const killAfter = 2 * time.Second

func (d *daemon) stop(pid int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	cmd, ok := d.workers[pid]
	if !ok {
		return
	}
	_ = cmd.Process.Signal(syscall.SIGTERM)
	time.AfterFunc(killAfter, func() { _ = cmd.Process.Kill() })
}
