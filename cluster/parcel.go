package cluster

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/emberml/ember/spark/worker"
)

// parcel is a program compressed for the way.
type parcel struct {
	binary  worker.Binary
	content []byte
}

// packOwn compresses this program's own file, from now on: it takes about as long as
// asking the executors what they are.
func packOwn() func() (parcel, error) {
	pack := sync.OnceValues(func() (parcel, error) {
		own, err := os.Executable()
		if err != nil {
			return parcel{}, err
		}
		return packFile(own)
	})
	go pack()
	return pack
}

// packFile compresses a program, which takes most of a second, or finds it in the
// user's cache as it was compressed before.
func packFile(path string) (parcel, error) {
	program, err := os.ReadFile(path)
	if err != nil {
		return parcel{}, fmt.Errorf("the program for the workers: %w", err)
	}
	sum := sha256.Sum256(program)
	p := parcel{binary: worker.Binary{Name: emberFile + "-" + hex.EncodeToString(sum[:8]) + ".gz", SHA256: sum, Gzip: true}}
	dir, noCache := os.UserCacheDir()
	dir = filepath.Join(dir, "ember", "packed")
	if noCache == nil {
		if p.content, err = kept(dir, p.binary.Name); err == nil {
			return p, nil
		}
	}
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	if err != nil {
		return parcel{}, err
	}
	_, _ = z.Write(program) // memory takes all
	_ = z.Close()
	p.content = packed.Bytes()
	if noCache == nil {
		_ = keep(dir, p.binary.Name, p.content) // else the next time compresses again
	}
	return p, nil
}

// keptParcels is how many programs the cache holds.
const keptParcels = 2

// A kept parcel is its SHA-256, and then itself.
func kept(dir, name string) ([]byte, error) {
	content, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	if len(content) < sha256.Size || sha256.Sum256(content[sha256.Size:]) != [sha256.Size]byte(content) {
		return nil, errors.New("it is broken")
	}
	return content[sha256.Size:], nil
}

func keep(dir, name string, content []byte) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	sum := sha256.Sum256(content)
	if err := replaceFile(filepath.Join(dir, name), append(sum[:], content...)); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var files []os.FileInfo
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			files = append(files, info)
		}
	}
	slices.SortFunc(files, func(a, b os.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	for _, f := range files[min(keptParcels, len(files)):] {
		err = errors.Join(err, os.Remove(filepath.Join(dir, f.Name())))
	}
	return err
}

// replaceFile writes a file of the cache, which others may read and write at the same
// time.
func replaceFile(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
