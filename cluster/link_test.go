package cluster

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/emberml/ember/internal/secure"
	"github.com/emberml/ember/storage"
	"github.com/emberml/ember/storage/storagetest"
)

func TestMessages(t *testing.T) {
	m := message{
		Kind: ask, body: []byte("content"),
		Request: &request{ID: 7, Do: writeFile, Name: "driver://x", Writer: 3},
	}
	frame, err := m.encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := readMessage(bytes.NewReader(append(frame, "more"...)))
	if err != nil || !reflect.DeepEqual(*got, m) {
		t.Errorf("got %+v, %v", got, err)
	}
	for n := range frame {
		if _, err := readMessage(bytes.NewReader(frame[:n])); !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d of %d bytes: %v", n, len(frame), err)
		}
	}
	m.body = make([]byte, maxBody+1)
	if _, err := m.encode(); err == nil {
		t.Error("a body of any size can be sent")
	}
}

func FuzzReadMessage(f *testing.F) {
	for _, m := range []message{
		{Kind: beat},
		{Kind: greet, Hello: &hello{Index: 1, Addresses: []string{"10.0.0.1:7"}, Kernels: []string{"go"}}},
		{Kind: welcome, Meeting: &meeting{Addresses: [][]string{{"10.0.0.1:7"}}, Kernel: "go"}},
		{Kind: failed, Failure: &failure{Lost: 1, Text: "gone"}},
		{Kind: ask, Request: &request{ID: 1, Do: readFile, Name: "driver://x", Length: 9}},
		{Kind: answer, Reply: &reply{ID: 1, Error: &remoteError{Text: "no", Class: "not exist"}}, body: []byte("abc")},
	} {
		frame, err := m.encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(frame)
	}
	f.Add([]byte("\xff\xff\xff\x00\xff\xff\xff\xff{}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := readMessage(bytes.NewReader(b))
		if err != nil {
			return
		}
		again, err := m.encode()
		if err != nil {
			t.Fatal(err)
		}
		if other, err := readMessage(bytes.NewReader(again)); err != nil || other.Kind != m.Kind || !bytes.Equal(other.body, m.body) {
			t.Errorf("%q became %q: %v", b, again, err)
		}
	})
}

// pair is both ends of a link, over a connection in memory.
func pair(t *testing.T, silence time.Duration) (driver, worker *link) {
	t.Helper()
	a, b := net.Pipe()
	driver, worker = newLink(a, silence), newLink(b, silence)
	t.Cleanup(func() {
		driver.end(io.ErrClosedPipe)
		worker.end(io.ErrClosedPipe)
	})
	return driver, worker
}

func TestSilenceEndsALink(t *testing.T) {
	driver, worker := pair(t, 50*time.Millisecond)
	go worker.keep() // alive, but it hears nothing: the driver does not beat
	go func() {
		for {
			if _, err := driver.recv(); err != nil {
				return
			}
		}
	}()
	if _, err := worker.recv(); err == nil || !strings.Contains(err.Error(), "nothing was heard from it for 50ms") {
		t.Error(err)
	}
	select {
	case <-driver.closed:
		t.Error("the driver heard signs of life, and gave up")
	default:
	}
}

// served is the driver's files as a worker sees them.
func served(t *testing.T, a access) storage.FS {
	t.Helper()
	driver, worker := pair(t, time.Minute)
	remote := newRemoteFS(worker)
	go func() {
		for {
			m, err := worker.recv()
			if err != nil {
				remote.end(err)
				return
			}
			remote.hear(m)
		}
	}()
	go func() {
		f := &files{driverFS: driverFS{a}, writers: map[uint64]storage.Writer{}}
		defer f.close()
		for {
			m, err := driver.recv()
			if err != nil {
				return
			}
			go func() { _ = driver.send(f.serve(context.Background(), m.Request, m.body)) }()
		}
	}()
	return remote
}

// TestDriverFiles runs the suite of storage systems on the driver's files.
func TestDriverFiles(t *testing.T) {
	for name, open := range map[string]func(access) storage.FS{
		"here":     func(a access) storage.FS { return driverFS{a} },
		"by links": func(a access) storage.FS { return served(t, a) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			storagetest.Run(t, open(access{write: []string{dir}}), DriverName(dir))
		})
	}
}

// TestUncommittedFilesVanish: a worker that is lost while it writes leaves nothing.
func TestUncommittedFilesVanish(t *testing.T) {
	dir := t.TempDir()
	f := &files{driverFS: driverFS{access{write: []string{dir}}}, writers: map[uint64]storage.Writer{}}
	name := DriverName(filepath.Join(dir, "m"))
	if r := f.serve(t.Context(), &request{ID: 1, Do: createFile, Name: name}, nil); r.Reply.Error != nil {
		t.Fatal(r.Reply.Error)
	}
	if r := f.serve(t.Context(), &request{ID: 2, Do: writeFile, Name: name, Writer: 1}, []byte("half")); r.Reply.Error != nil {
		t.Fatal(r.Reply.Error)
	}
	f.close()
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	if r := f.serve(t.Context(), &request{ID: 3, Do: createFile, Name: name}, nil); r.Reply.Error == nil {
		t.Error("a lost worker creates files")
	}
}

func identity(t *testing.T, a *secure.Authority) *secure.Identity {
	t.Helper()
	id, err := a.Issue("test")
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func authority(t *testing.T) *secure.Authority {
	t.Helper()
	a, err := secure.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestStrangers: who is not of the job gets nothing from the port, and does not keep
// workers out.
func TestStrangers(t *testing.T) {
	a, other := authority(t), authority(t)
	h, err := openHub(true, identity(t, a), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go h.serve(ctx)
	addresses, err := h.addresses("")
	if err != nil {
		t.Fatal(err)
	}
	refused := func(what string, conn net.Conn, say []byte) {
		t.Helper()
		defer conn.Close()
		_, _ = conn.Write(say)
		if n, err := io.Copy(io.Discard, conn); n > 4<<10 {
			t.Errorf("%s gets %d bytes, %v", what, n, err)
		}
	}
	raw := func() net.Conn {
		conn, err := net.Dial("tcp", addresses[0])
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}
	refused("text", raw(), []byte("GET / HTTP/1.1\r\n\r\n"))
	refused("a long record", raw(), []byte("\x16\x03\x01\xff\xff\xff\xff\xff\xff"))
	bare := &tls.Config{InsecureSkipVerify: true} //nolint:gosec // a stranger's
	refused("no certificate", tls.Client(raw(), bare), nil)
	refused("another job's certificate", tls.Client(raw(), identity(t, other).Client()), nil)
	insider := identity(t, a)
	refused("a wrong proof", tls.Client(raw(), insider.Client()), make([]byte, secure.ProofSize))
	silent := raw() // keeps a place until it has had its time
	defer silent.Close()

	conn, err := dial(ctx, addresses, insider)
	if err != nil {
		t.Fatal(err)
	}
	worker := newLink(conn, time.Minute)
	defer worker.end(io.ErrClosedPipe)
	if err := worker.send(message{Kind: greet, Hello: &hello{Index: 5}}); err != nil {
		t.Fatal(err)
	}
	if got := <-h.arrived; got.hello.Index != 5 {
		t.Errorf("arrived: %+v", got.hello)
	}
	dialing, stop := context.WithTimeout(ctx, 200*time.Millisecond)
	defer stop()
	if _, err := dial(dialing, addresses, identity(t, other)); err == nil {
		t.Error("a worker takes another job's driver for its own")
	}
}

// TestFolder: messages of any size come through a folder in order, and nothing that
// the job has not written does. What is read is removed.
func TestFolder(t *testing.T) {
	base := filepath.Join(t.TempDir(), "job")
	token := authority(t).Token()
	open := func(driver bool) *link {
		f, err := openFolder(t.Context(), base, token, 1, 0, driver)
		if err != nil {
			t.Fatal(err)
		}
		return newLink(f, time.Minute)
	}
	driver, worker := open(true), open(false)
	const n = 20
	go func() {
		for i := range uint64(n) {
			_ = worker.send(message{Kind: ask, Request: &request{ID: i}, body: make([]byte, maxBody)})
		}
	}()
	for i := range uint64(n) {
		m, err := driver.recv()
		if err != nil || m.Request.ID != i || len(m.body) != maxBody {
			t.Fatalf("message %d: %+v, %v", i, m, err)
		}
	}
	if err := driver.send(message{Kind: bye}); err != nil {
		t.Fatal(err)
	}
	driver.end(io.EOF) // what was sent before is still written
	if m, err := worker.recv(); err != nil || m.Kind != bye {
		t.Errorf("%+v, %v", m, err)
	}
	if left, err := os.ReadDir(base); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	forged := []byte("not the job's, but long enough to hold a nonce")
	if err := os.WriteFile(segment(filepath.Join(base, "g1-w0-down-"), 1), forged, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := worker.recv(); err == nil || !strings.Contains(err.Error(), "was not written by the job") {
		t.Error(err)
	}
	worker.end(io.EOF)
	if err := os.WriteFile(filepath.Join(base, ".g1-w0-up-000000099.tmp"), forged, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := sweep(t.Context(), base); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(base); !errors.Is(err, os.ErrNotExist) {
		t.Error("the folder is left")
	}
}
