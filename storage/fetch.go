package storage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// FetchOptions says how [Fetch] downloads. The zero value works.
type FetchOptions struct {
	// SHA256 is the checksum that the file must have, in hexadecimal. Without
	// it anything is accepted, and a download that was broken off starts anew.
	SHA256 string
	// Progress is told how much has come, and of how much (-1: not known).
	Progress func(done, total int64)
	// Stall is how long no byte may come before it fails; 0 means 30 s. The
	// whole has the deadline of the context.
	Stall time.Duration
	// HTTP is the client; its zero value works.
	HTTP HTTP
}

// ChecksumError says that a file is not the one that was expected.
type ChecksumError struct {
	File      string // where it came from
	Want, Got string // SHA-256 in hexadecimal
}

// Error returns one line with both checksums.
func (e *ChecksumError) Error() string {
	return fmt.Sprintf("%s: SHA-256 is %s, want %s: the file is damaged or another one", e.File, e.Got, e.Want)
}

// Fetch downloads an http(s) URL to a file of this machine, which appears whole
// and checked or not at all. What has come is kept as path.part, and a further
// Fetch goes on from there; processes that fetch to one path wait for one another
// and share the result. A connection that breaks is taken up again as long as
// bytes come.
func Fetch(ctx context.Context, url, path string, o FetchOptions) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	part, err := lockPart(ctx, path+".part")
	if err != nil {
		return err
	}
	defer part.Close()
	if o.SHA256 != "" {
		if sum, err := fileSHA256(path); err == nil && strings.EqualFold(sum, o.SHA256) {
			os.Remove(part.Name()) // another process was quicker
			return nil
		}
	}
	d := &download{url: url, file: part, opts: o, hash: sha256.New(), total: -1}
	if err := d.run(ctx); err != nil {
		return err
	}
	if err := part.Sync(); err != nil {
		return err
	}
	if err := os.Rename(part.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// lockPart opens a partial file and takes its lock, waiting while another process
// has it.
func lockPart(ctx context.Context, name string) (*os.File, error) {
	for {
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o666)
		if err != nil {
			return nil, err
		}
		ok, err := tryLock(f)
		if err == nil && ok && sameFile(f, name) {
			return f, nil
		}
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("lock %s: %w", name, err)
		}
		if ok {
			continue // renamed by its owner between opening and locking
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%s: another process is downloading it: %w", name, context.Cause(ctx))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func sameFile(f *os.File, name string) bool {
	opened, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(name)
	return err == nil && os.SameFile(opened, named)
}

func fileSHA256(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// download is a file on its way.
type download struct {
	url         string
	file        *os.File
	opts        FetchOptions
	hash        hash.Hash // of what is in file
	done, total int64
}

func (d *download) run(ctx context.Context) error {
	resumed, err := d.takeUp()
	if err != nil {
		return err
	}
	for {
		before := d.done
		err := d.attempt(ctx)
		if err == nil {
			err = d.check()
			if err == nil || !resumed {
				return err
			}
			resumed = false // the kept part was of another file: once more, from the start
			if err := d.reset(); err != nil {
				return err
			}
			continue
		}
		var status *StatusError
		if ctx.Err() != nil || d.done == before || errors.As(err, &status) || isDiskFull(err) {
			return err
		}
	}
}

// takeUp hashes what an earlier attempt left, if the checksum can prove it right.
func (d *download) takeUp() (resumed bool, err error) {
	if d.opts.SHA256 == "" {
		return false, d.reset()
	}
	d.done, err = io.Copy(d.hash, d.file)
	return d.done > 0, err
}

func (d *download) reset() error {
	d.hash.Reset()
	d.done = 0
	if err := d.file.Truncate(0); err != nil {
		return err
	}
	_, err := d.file.Seek(0, io.SeekStart)
	return err
}

// attempt downloads what is missing over one connection.
func (d *download) attempt(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stall := d.opts.Stall
	if stall == 0 {
		stall = 30 * time.Second
	}
	watch := time.AfterFunc(stall, func() { cancel(fmt.Errorf("no byte came for %v", stall)) })
	defer watch.Stop()
	err := d.transfer(ctx, func() { watch.Reset(stall) })
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("download %s after %d bytes: %w", redacted(d.url), d.done, context.Cause(ctx))
	}
	return err
}

func (d *download) transfer(ctx context.Context, alive func()) error {
	from := int64(-1)
	if d.done > 0 {
		from = d.done
	}
	resp, err := d.opts.HTTP.request(ctx, http.MethodGet, d.url, from, -1, "")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusRequestedRangeNotSatisfiable:
		return nil // nothing is missing; the checksum decides
	case resp.StatusCode == http.StatusOK && d.done > 0: // ranges are not served
		if err := d.reset(); err != nil {
			return err
		}
	}
	d.total = -1
	if resp.ContentLength >= 0 {
		d.total = d.done + resp.ContentLength
	}
	buf := make([]byte, 128<<10)
	for {
		n, err := resp.Body.Read(buf)
		if n > 0 {
			alive()
			if err := d.keep(buf[:n]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("download %s after %d bytes: %w", redacted(d.url), d.done, err)
		}
	}
}

func (d *download) keep(b []byte) error {
	n, err := d.file.Write(b)
	d.hash.Write(b[:n])
	d.done += int64(n)
	if err != nil {
		return explainSpace(err, d.file.Name(), d.done, max(d.total, d.done+int64(len(b)-n)))
	}
	if d.opts.Progress != nil {
		d.opts.Progress(d.done, d.total)
	}
	return nil
}

func (d *download) check() error {
	got := hex.EncodeToString(d.hash.Sum(nil))
	if d.opts.SHA256 == "" || strings.EqualFold(got, d.opts.SHA256) {
		return nil
	}
	if err := d.reset(); err != nil { // a wrong file is not taken up again
		return err
	}
	return &ChecksumError{File: redacted(d.url), Want: strings.ToLower(d.opts.SHA256), Got: got}
}

// CheckSHA256 reports with a [*ChecksumError] that content, which came from the
// given file, does not have the checksum, in hexadecimal.
func CheckSHA256(file string, content []byte, want string) error {
	h := sha256.Sum256(content)
	if got := hex.EncodeToString(h[:]); !strings.EqualFold(got, want) {
		return &ChecksumError{File: file, Want: strings.ToLower(want), Got: got}
	}
	return nil
}
