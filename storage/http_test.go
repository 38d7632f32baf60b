package storage_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emberml/ember/storage"
	"github.com/emberml/ember/storage/storagetest"
)

var content = bytes.Repeat([]byte("0123456789abcdef"), 1000)

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// serve is a server of content; requests counts what it was asked.
func serve(t *testing.T, handler http.HandlerFunc) (url string, requests *atomic.Int64) {
	t.Helper()
	requests = new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		handler(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/file.bin", requests
}

func ranged(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("ETag", `"1"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

func whole(w http.ResponseWriter, _ *http.Request) { w.Write(content) }

func TestHTTP(t *testing.T) {
	t.Run("Ranges", func(t *testing.T) {
		url, _ := serve(t, ranged)
		storagetest.RunFile(t, &storage.HTTP{}, url, content)
	})
	t.Run("NoRanges", func(t *testing.T) {
		url, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
			http.ServeContent(w, &http.Request{Method: r.Method, Header: http.Header{}}, "", time.Time{}, bytes.NewReader(content))
		})
		storagetest.RunFile(t, &storage.HTTP{}, url, content)
	})
	t.Run("NoHead", func(t *testing.T) {
		url, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodHead {
				w.WriteHeader(http.StatusMethodNotAllowed)
				return
			}
			ranged(w, r)
		})
		storagetest.RunFile(t, &storage.HTTP{}, url, content)
	})
	t.Run("Empty", func(t *testing.T) {
		url, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(nil))
		})
		storagetest.RunFile(t, &storage.HTTP{}, url, nil)
	})
}

func TestHTTPReadsInSequenceByOneRequest(t *testing.T) {
	url, requests := serve(t, ranged)
	got, err := storage.ReadFile(t.Context(), url)
	if err != nil || !bytes.Equal(got, content) {
		t.Fatalf("read %d bytes, %v", len(got), err)
	}
	if n := requests.Load(); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

func TestHTTPErrors(t *testing.T) {
	url, _ := serve(t, http.NotFound)
	if _, err := storage.Open(t.Context(), url); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("404: %v, want fs.ErrNotExist", err)
	}
	url, _ = serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	secret := strings.Replace(url, "http://", "http://user:password@", 1)
	_, err := storage.Open(t.Context(), secret)
	if !errors.Is(err, fs.ErrPermission) || strings.Contains(err.Error(), "password") {
		t.Errorf("403: %v, want fs.ErrPermission without the password", err)
	}
	if _, err := storage.List(t.Context(), url); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("List: %v, want errors.ErrUnsupported", err)
	}
}

func TestHTTPNoticesChange(t *testing.T) {
	var version atomic.Int64
	url, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", []string{`"1"`, `"2"`}[version.Load()])
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	})
	f, err := storage.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	version.Store(1)
	if _, err := f.ReadAt(make([]byte, 8), 100); err == nil || !strings.Contains(err.Error(), "changed") {
		t.Errorf("got %v, want that the file changed", err)
	}
}

func TestFetch(t *testing.T) {
	url, requests := serve(t, ranged)
	path := filepath.Join(t.TempDir(), "new", "file.bin")
	var done, total int64
	o := storage.FetchOptions{SHA256: sum(content), Progress: func(d, n int64) { done, total = d, n }}
	for range 2 {
		if err := storage.Fetch(t.Context(), url, path, o); err != nil {
			t.Fatal(err)
		}
		wantFile(t, path, content)
	}
	if n := requests.Load(); n != 1 {
		t.Errorf("%d requests; the second fetch has nothing to do", n)
	}
	if want := int64(len(content)); done != want || total != want {
		t.Errorf("progress ended at %d of %d, want %d", done, total, want)
	}
}

func TestFetchResumes(t *testing.T) {
	for _, c := range []struct {
		name    string
		part    []byte
		handler http.HandlerFunc
	}{
		{"Part", content[:5000], ranged},
		{"WholePart", content, ranged},
		{"PartOfAnotherFile", []byte("another file"), ranged},
		{"ServerWithoutRanges", content[:5000], whole},
		{"BrokenConnection", nil, breaking},
	} {
		t.Run(c.name, func(t *testing.T) {
			url, _ := serve(t, c.handler)
			path := filepath.Join(t.TempDir(), "file.bin")
			write(t, path+".part", string(c.part))
			if err := storage.Fetch(t.Context(), url, path, storage.FetchOptions{SHA256: sum(content)}); err != nil {
				t.Fatal(err)
			}
			wantFile(t, path, content)
		})
	}
}

// breaking serves 4 KB of the range that is asked for, then cuts the connection.
func breaking(w http.ResponseWriter, r *http.Request) {
	ranged(&limitedWriter{ResponseWriter: w, left: 4096}, r)
}

type limitedWriter struct {
	http.ResponseWriter
	left int
}

func (w *limitedWriter) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p[:min(len(p), w.left)])
	w.left -= n
	if err == nil && w.left == 0 {
		w.ResponseWriter.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	return n, err
}

// Two that fetch to one path at once share one download.
func TestFetchTogether(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("processes do not wait for one another here")
	}
	url, requests := serve(t, ranged)
	path := filepath.Join(t.TempDir(), "file.bin")
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			if err := storage.Fetch(t.Context(), url, path, storage.FetchOptions{SHA256: sum(content)}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	wantFile(t, path, content)
	if n := requests.Load(); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

func TestFetchRefusesAnotherFile(t *testing.T) {
	url, _ := serve(t, ranged)
	path := filepath.Join(t.TempDir(), "file.bin")
	var checksum *storage.ChecksumError
	err := storage.Fetch(t.Context(), url, path, storage.FetchOptions{SHA256: sum([]byte("expected"))})
	if !errors.As(err, &checksum) || checksum.Got != sum(content) {
		t.Errorf("got %v, want a ChecksumError", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the wrong file was kept")
	}
}

func TestFetchDeadlines(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	url, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Write(content[:100])
		w.(http.Flusher).Flush()
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	path := filepath.Join(t.TempDir(), "file.bin")
	if err := storage.Fetch(t.Context(), url, path, storage.FetchOptions{Stall: 20 * time.Millisecond}); err == nil || !strings.Contains(err.Error(), "no byte came") {
		t.Errorf("a stalled server: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := storage.Fetch(ctx, url, path, storage.FetchOptions{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a deadline: %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a part was kept under the file's name")
	}
}

func wantFile(t *testing.T, path string, want []byte) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s: %d bytes, %v; want %d", path, len(got), err, len(want))
	}
	if _, err := os.Stat(path + ".part"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the partial file stayed behind")
	}
}
