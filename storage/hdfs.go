package storage

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/colinmarc/hdfs/v2"
)

// HDFS is Hadoop's file system: hdfs://namenode:8020/path, hdfs://nameservice/path
// or, with the default file system of the configuration, hdfs:///path. Paths are
// taken as they are, without %-escapes, as Hadoop's own tools do.
//
//   - The Hadoop configuration is read from HADOOP_CONF_DIR, $HADOOP_HOME/etc/hadoop
//     or /etc/hadoop/conf; without one, the URL's host and port suffice.
//   - HADOOP_USER_NAME is the user, else who runs the process is.
//   - With Kerberos, the keytab KRB5_CLIENT_KTNAME or KRB5_KTNAME or else the ticket
//     cache KRB5CCNAME says who it is; KRB5_CONFIG is /etc/krb5.conf if it is not set.
type HDFS struct {
	clients clientCache[hdfsConfig, *hdfs.Client]
}

// splitHDFS cuts a name into the host, or the nameservice, and the path.
func splitHDFS(name string) (host, file string) {
	_, rest, _ := strings.Cut(name, "://")
	host, file, _ = strings.Cut(rest, "/")
	return host, path.Clean("/" + file)
}

// callHDFS makes a call about a name, once more over a new connection if the one
// that there was is broken.
func callHDFS[T any](ctx context.Context, h *HDFS, verb, name string, call func(c *hdfs.Client, file string) (T, error)) (T, error) {
	host, file := splitHDFS(name)
	var none T
	if err := ctx.Err(); err != nil {
		return none, fmt.Errorf("%s %s: %w", verb, name, context.Cause(ctx))
	}
	config := hdfsConfigFromEnv(host)
	for again := true; ; again = false {
		client, err := h.clients.get(ctx, config, func() (*hdfs.Client, error) { return openHDFS(config) })
		if err != nil {
			return none, fmt.Errorf("%s %s: %w", verb, name, err)
		}
		value, err := await(ctx, func() (T, error) { return call(client, file) })
		if err == nil {
			return value, nil
		}
		if brokenHDFS(err) && h.clients.drop(config, client) {
			go client.Close()
			if again {
				continue
			}
		}
		return none, explainHDFS(err, verb, name, client.User())
	}
}

// brokenHDFS reports whether an error is of the connection to the namenode, not an
// answer of it.
func brokenHDFS(err error) bool {
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		strings.Contains(err.Error(), "no available namenodes")
}

// explainHDFS says in a name's terms what a call failed of.
func explainHDFS(err error, verb, name, user string) error {
	var answer hdfs.Error
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &fs.PathError{Op: verb, Path: name, Err: fs.ErrNotExist}
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s %s: denied to the HDFS user %s; HADOOP_USER_NAME or a Kerberos ticket makes another: %w", verb, name, user, fs.ErrPermission)
	case errors.As(err, &answer):
		first, _, _ := strings.Cut(answer.Message(), "\n")
		return fmt.Errorf("%s %s: %w: %s", verb, name, err, first)
	case strings.Contains(err.Error(), "invalid wire-format"):
		return fmt.Errorf("%s %s: %w; dfs.data.transfer.protection beyond \"authentication\" is not supported", verb, name, err)
	}
	return fmt.Errorf("%s %s: %w", verb, name, err)
}

// Open opens a file for reading; datanodes are asked when it is read.
func (h *HDFS) Open(ctx context.Context, name string) (File, error) {
	info, err := h.stat(ctx, "open", name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, fmt.Errorf("open %s: is a folder, not a file", name)
	}
	ctx, cancel := context.WithCancel(ctx)
	f := &rangedFile{name: name, size: info.Size(), ctx: ctx, cancel: cancel}
	f.open = func(ctx context.Context, from, to int64) (io.ReadCloser, error) {
		r, err := callHDFS(ctx, h, "open", name, func(c *hdfs.Client, file string) (*hdfs.FileReader, error) { return c.Open(file) })
		if err != nil {
			return nil, err
		}
		if now := r.Stat(); now.Size() != info.Size() || !now.ModTime().Equal(info.ModTime()) {
			return nil, fmt.Errorf("%s: changed on the server while it was read", name)
		}
		if _, err := r.Seek(from, io.SeekStart); err != nil {
			return nil, err
		}
		return readAhead(ctx, r, to-from), nil
	}
	f.keep(stream{}) // the first read is one in sequence
	return f, nil
}

func (h *HDFS) stat(ctx context.Context, verb, name string) (os.FileInfo, error) {
	return callHDFS(ctx, h, verb, name, func(c *hdfs.Client, file string) (os.FileInfo, error) { return c.Stat(file) })
}

// Create starts a file under a temporary name in the folder where it is to be.
func (h *HDFS) Create(ctx context.Context, name string) (Writer, error) {
	return callHDFS(ctx, h, "create", name, func(c *hdfs.Client, file string) (Writer, error) {
		info, err := c.Stat(file)
		if err == nil && info.IsDir() {
			return nil, errors.New("a folder of that name exists")
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		dir, base := path.Split(file)
		if err := c.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
		defaults, err := c.ServerDefaults()
		if err != nil {
			return nil, err
		}
		w := &hdfsWriter{ctx: ctx, client: c, name: name, path: file, block: defaults.BlockSize, room: defaults.BlockSize}
		w.temp = path.Join(dir, "."+base+"."+rand.Text()[:8]+".tmp")
		if w.file, err = c.Create(w.temp); err != nil {
			return nil, err
		}
		if ctx.Err() != nil { // nobody waits for it any more
			w.Close()
			return nil, context.Cause(ctx)
		}
		return w, nil
	})
}

// List returns what is directly in a folder, sorted by name. Temporary files and
// what else starts with a dot are left out.
func (h *HDFS) List(ctx context.Context, dir string) ([]Info, error) {
	infos, err := callHDFS(ctx, h, "list", dir, func(c *hdfs.Client, file string) ([]os.FileInfo, error) { return c.ReadDir(file) })
	if err != nil {
		return nil, err
	}
	var out []Info
	for _, info := range infos {
		if !strings.HasPrefix(info.Name(), ".") {
			out = append(out, localInfo(Join(dir, info.Name()), info))
		}
	}
	slices.SortFunc(out, func(a, b Info) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

// Stat describes a file or folder.
func (h *HDFS) Stat(ctx context.Context, name string) (Info, error) {
	info, err := h.stat(ctx, "stat", name)
	if err != nil {
		return Info{}, err
	}
	return localInfo(name, info), nil
}

// Remove removes a file or an empty folder.
func (h *HDFS) Remove(ctx context.Context, name string) error {
	_, err := callHDFS(ctx, h, "remove", name, func(c *hdfs.Client, file string) (struct{}, error) { return struct{}{}, c.Remove(file) })
	return err
}
