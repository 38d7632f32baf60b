package worker

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// pythonEnv names the Python that runs functions which are not Ember's.
const pythonEnv = "EMBER_PYTHON_PROXY"

// pythonStart bounds how long a Python takes to start and connect.
const pythonStart = 60 * time.Second

// findPython finds a Python that is not this program.
func findPython(env func(string) string) (string, error) {
	python := env(pythonEnv)
	if python == "" {
		python = "python3"
	}
	path, err := exec.LookPath(python)
	if err != nil {
		host, _ := os.Hostname()
		return "", fmt.Errorf("the executors' PYSPARK_PYTHON is Ember, and %s has no %s for a function that is not Ember's: install Python there, or name one by spark.executorEnv.%s", host, python, pythonEnv)
	}
	return path, nil
}

// proxy lets a real Python run the task whose header, as far as it was read, is
// recorded. The connection serves no other task afterwards.
func (j *jvm) proxy(recorded []byte) error {
	python, conn, err := startPython(j.env)
	if err != nil {
		return j.fail(fmt.Errorf("ember: %w", err))
	}
	defer python.Wait()
	defer conn.Close()
	go func() {
		_, _ = io.Copy(conn, io.MultiReader(bytes.NewReader(recorded), j.r))
		_ = conn.CloseWrite()
		_ = python.Process.Kill() // Spark has no use for the result
	}()
	return copyUnused(j.conn, conn)
}

// startPython starts a Python worker and waits for its connection, as a JVM
// without a daemon does.
func startPython(env func(string) string) (*exec.Cmd, *net.TCPConn, error) {
	path, err := findPython(env)
	if err != nil {
		return nil, nil, err
	}
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, nil, fmt.Errorf("listen for Python: %w", err)
	}
	defer listener.Close()
	secret := rand.Text()
	cmd := command(path, "-m", workerModule)
	cmd.Stderr, cmd.Stdout = os.Stderr, os.Stderr
	cmd.Env = append(withoutFactory(os.Environ()),
		"PYTHON_WORKER_FACTORY_SECRET="+secret,
		"PYTHON_WORKER_FACTORY_PORT="+strconv.Itoa(listener.Addr().(*net.TCPAddr).Port))
	if err := cmd.Start(); err != nil {
		return nil, nil, fmt.Errorf("start Python: %w", err)
	}
	conn, err := acceptPython(listener, secret)
	if err != nil {
		_ = cmd.Process.Kill()
		return nil, nil, errors.Join(fmt.Errorf("%s -m %s did not connect: %w", path, workerModule, err), cmd.Wait())
	}
	return cmd, conn, nil
}

// acceptPython waits for the worker that knows the secret; others are dropped.
func acceptPython(l *net.TCPListener, secret string) (*net.TCPConn, error) {
	_ = l.SetDeadline(time.Now().Add(pythonStart))
	var dropped error
	for {
		conn, err := l.AcceptTCP()
		if err != nil {
			return nil, errors.Join(err, dropped)
		}
		if dropped = greetPython(conn, secret); dropped == nil {
			return conn, nil
		}
		_ = conn.Close()
	}
}

// greetPython is the JVM's side of the handshake.
func greetPython(conn net.Conn, secret string) error {
	_ = conn.SetDeadline(time.Now().Add(handshakeTimeout))
	defer conn.SetDeadline(time.Time{})
	w, s := &wire{r: conn}, sender{bufio.NewWriter(conn)}
	if got := w.bytes(1 << 10); w.err != nil || subtle.ConstantTimeCompare(got, []byte(secret)) != 1 {
		return errors.New("a connection without the secret was closed")
	}
	s.text("ok")
	if err := s.Flush(); err != nil {
		return err
	}
	w.int32() // its process
	return w.err
}

// withoutFactory drops what tells a worker where its JVM is.
func withoutFactory(environ []string) []string {
	var kept []string
	for _, v := range environ {
		if !strings.HasPrefix(v, "PYTHON_WORKER_FACTORY_") && !strings.HasPrefix(v, "PYTHON_UNIX_DOMAIN_ENABLED=") {
			kept = append(kept, v)
		}
	}
	return kept
}

// copyUnused copies what a Python worker says, and turns its last word "ready
// for another task" into "do not use me again": Python ends with its task.
func copyUnused(w io.Writer, r io.Reader) error {
	last := make([]byte, 0, 64<<10+4)
	for {
		n, err := r.Read(last[len(last) : len(last)+64<<10])
		last = last[:len(last)+n]
		if keep := len(last) - 4; keep > 0 {
			if _, err := w.Write(last[:keep]); err != nil {
				return fmt.Errorf("pass Python's output on: %w", err)
			}
			last = last[:copy(last, last[keep:])]
		}
		if err == io.EOF {
			break
		} else if err != nil {
			return fmt.Errorf("read Python's output: %w", err)
		}
	}
	if len(last) == 4 && int32(binary.BigEndian.Uint32(last)) == endOfStream {
		unused := int32(endOfData)
		last = binary.BigEndian.AppendUint32(nil, uint32(unused))
	}
	_, err := w.Write(last)
	return err
}
