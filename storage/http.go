package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// HTTP reads files by http:// and https://. It asks for the ranges that are read;
// from a server that does not serve ranges it takes the whole file once, into a
// temporary file. It cannot list or write.
type HTTP struct {
	// Client makes the requests; nil means one that waits 20 s for a
	// connection and 30 s for an answer.
	Client *http.Client
}

var defaultClient = &http.Client{
	Transport: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dial,
		TLSHandshakeTimeout:   20 * time.Second,
		ResponseHeaderTimeout: 30 * time.Second,
		IdleConnTimeout:       90 * time.Second,
		ForceAttemptHTTP2:     true,
	},
	CheckRedirect: func(req *http.Request, via []*http.Request) error {
		if len(via) >= 10 {
			return errors.New("more than 10 redirections")
		}
		if via[0].URL.Scheme == "https" && req.URL.Scheme != "https" {
			return errors.New("redirected from https to http")
		}
		return nil
	},
}

func (h *HTTP) client() *http.Client {
	if h.Client != nil {
		return h.Client
	}
	return defaultClient
}

// request sends one request; from ≥ 0 asks for the bytes from…to, to < 0 for all
// that follow.
func (h *HTTP) request(ctx context.Context, method, name string, from, to int64, etag string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, name, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept-Encoding", "identity") // ranges count the bytes of the file itself
	if from >= 0 {
		end := ""
		if to >= 0 {
			end = strconv.FormatInt(to, 10)
		}
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-%s", from, end))
	}
	if etag != "" {
		req.Header.Set("If-Match", etag)
	}
	resp, err := h.client().Do(req)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) { // its text repeats the URL, with its secrets
			err = wrapped.Err
		}
		return nil, fmt.Errorf("%s: %w", redacted(name), err)
	}
	if err := statusError(name, resp); err != nil {
		resp.Body.Close()
		return nil, err
	}
	return resp, nil
}

// StatusError is an answer of a server other than the file.
type StatusError struct {
	URL  string // without user and password
	Code int    // the HTTP status
}

// Error returns one line such as "https://example.org/x: 403 Forbidden".
func (e *StatusError) Error() string {
	return fmt.Sprintf("%s: %d %s", e.URL, e.Code, http.StatusText(e.Code))
}

// Is makes 404 and 410 [fs.ErrNotExist], 401 and 403 [fs.ErrPermission].
func (e *StatusError) Is(target error) bool {
	switch e.Code {
	case http.StatusNotFound, http.StatusGone:
		return target == fs.ErrNotExist
	case http.StatusUnauthorized, http.StatusForbidden:
		return target == fs.ErrPermission
	}
	return false
}

func statusError(name string, resp *http.Response) error {
	switch resp.StatusCode {
	case http.StatusOK, http.StatusPartialContent, http.StatusRequestedRangeNotSatisfiable:
		return nil
	case http.StatusPreconditionFailed:
		return fmt.Errorf("%s: changed on the server while it was read", redacted(name))
	}
	return &StatusError{URL: redacted(name), Code: resp.StatusCode}
}

func redacted(name string) string {
	u, err := url.Parse(name)
	if err != nil {
		return name
	}
	return u.Redacted()
}

// Open asks for the file from its start; reads that follow one another need no
// further request.
func (h *HTTP) Open(ctx context.Context, name string) (File, error) {
	ctx, cancel := context.WithCancel(ctx)
	resp, err := h.request(ctx, http.MethodGet, name, 0, -1, "")
	if err != nil {
		cancel()
		return nil, err
	}
	size, ok := rangeSize(resp)
	switch {
	case resp.StatusCode == http.StatusRequestedRangeNotSatisfiable: // an empty file
		size = 0
	case !ok:
		defer cancel()
		defer resp.Body.Close()
		return spool(name, resp)
	}
	etag := strongETag(resp)
	f := &rangedFile{name: redacted(name), size: size, ctx: ctx, cancel: cancel}
	f.open = func(ctx context.Context, from, to int64) (io.ReadCloser, error) {
		return h.openRange(ctx, name, from, to, etag)
	}
	f.keep(stream{body: resp.Body})
	return f, nil
}

// rangeSize returns the length of the file behind a partial answer.
func rangeSize(resp *http.Response) (size int64, ok bool) {
	if resp.StatusCode != http.StatusPartialContent {
		return 0, false
	}
	_, total, _ := strings.Cut(resp.Header.Get("Content-Range"), "/")
	size, err := strconv.ParseInt(total, 10, 64)
	return size, err == nil
}

func strongETag(resp *http.Response) string {
	etag := resp.Header.Get("ETag")
	if strings.HasPrefix(etag, "W/") {
		return ""
	}
	return etag
}

// openRange asks for the bytes from…to-1 of the file that etag stands for.
func (h *HTTP) openRange(ctx context.Context, name string, from, to int64, etag string) (io.ReadCloser, error) {
	resp, err := h.request(ctx, http.MethodGet, name, from, to-1, etag)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusPartialContent {
		resp.Body.Close()
		return nil, errors.New("the server stopped serving ranges")
	}
	return resp.Body, nil
}

// spool copies a whole answer into a temporary file.
func spool(name string, resp *http.Response) (File, error) {
	temp, err := os.CreateTemp("", "ember-*")
	if err != nil {
		return nil, err
	}
	size, err := io.Copy(temp, resp.Body)
	if err != nil {
		err = fmt.Errorf("read %s: %w", redacted(name), explainSpace(err, temp.Name(), size, max(size, resp.ContentLength)))
		temp.Close()
		os.Remove(temp.Name())
		return nil, err
	}
	return &spooledFile{localFile{temp, size}}, nil
}

// spooledFile is a temporary file that goes when it is closed.
type spooledFile struct{ localFile }

func (f *spooledFile) Close() error {
	return errors.Join(f.File.Close(), os.Remove(f.Name()))
}

// Stat asks for the length, 0 if the server does not tell, and the date.
func (h *HTTP) Stat(ctx context.Context, name string) (Info, error) {
	resp, err := h.request(ctx, http.MethodHead, name, -1, -1, "")
	var status *StatusError
	if errors.As(err, &status) && (status.Code == http.StatusMethodNotAllowed || status.Code == http.StatusNotImplemented) {
		resp, err = h.request(ctx, http.MethodGet, name, -1, -1, "") // its body is not read
	}
	if err != nil {
		return Info{}, err
	}
	resp.Body.Close()
	modified, _ := http.ParseTime(resp.Header.Get("Last-Modified"))
	return Info{Name: name, Size: max(resp.ContentLength, 0), Modified: modified}, nil
}

func unsupported(verb, name string) error {
	return fmt.Errorf("%s %s: http can only read files: %w", verb, redacted(name), errors.ErrUnsupported)
}

// Create is not supported.
func (h *HTTP) Create(_ context.Context, name string) (Writer, error) {
	return nil, unsupported("create", name)
}

// List is not supported.
func (h *HTTP) List(_ context.Context, dir string) ([]Info, error) {
	return nil, unsupported("list", dir)
}

// Remove is not supported.
func (h *HTTP) Remove(_ context.Context, name string) error {
	return unsupported("remove", name)
}
