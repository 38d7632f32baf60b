package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Join appends elements to a URL or path.
func Join(name string, elem ...string) string {
	root, rest, ok := strings.Cut(name, "://")
	if !ok {
		return filepath.Join(append([]string{name}, elem...)...)
	}
	return root + "://" + path.Join(append([]string{rest}, elem...)...)
}

// Base returns the last element of a URL or path, without a URL's query.
func Base(name string) string {
	_, rest, ok := strings.Cut(name, "://")
	if !ok {
		return filepath.Base(name)
	}
	rest, _, _ = strings.Cut(rest, "?")
	return path.Base(rest)
}

// HasGlob reports whether a name holds one of the characters * ? [ of a pattern.
// In a URL a question mark starts the query.
func HasGlob(name string) bool {
	if strings.Contains(name, "://") {
		return strings.ContainsAny(name, "*[")
	}
	return strings.ContainsAny(name, "*?[")
}

// Glob returns the files and folders that match a pattern, sorted by name. In
// each element of the path, * stands for any characters, ? for one, [a-z] for one
// of a range, as in [path.Match]. No match is an error that wraps fs.ErrNotExist.
func Glob(ctx context.Context, pattern string) ([]Info, error) {
	root, rest := splitRoot(filepath.ToSlash(pattern))
	found := []Info{{Name: root, Dir: true}}
	for element := range strings.SplitSeq(rest, "/") {
		if element == "" {
			continue
		}
		var next []Info
		for _, dir := range found {
			matches, err := matchIn(ctx, dir, element)
			if err != nil {
				return nil, err
			}
			next = append(next, matches...)
		}
		found = next
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s: nothing matches: %w", pattern, fs.ErrNotExist)
	}
	slices.SortFunc(found, func(a, b Info) int { return strings.Compare(a.Name, b.Name) })
	return found, nil
}

// splitRoot cuts a pattern into what comes before its first element ("/", ".",
// "s3://bucket") and its elements.
func splitRoot(pattern string) (root, rest string) {
	if scheme, rest, ok := strings.Cut(pattern, "://"); ok {
		host, rest, _ := strings.Cut(rest, "/")
		if host == "" {
			host = "/" // file:///path
		}
		return scheme + "://" + host, rest
	}
	volume := filepath.VolumeName(pattern)
	if strings.HasPrefix(pattern[len(volume):], "/") {
		return volume + "/", pattern[len(volume)+1:]
	}
	return ".", pattern
}

func matchIn(ctx context.Context, dir Info, element string) ([]Info, error) {
	if !dir.Dir {
		return nil, nil
	}
	if !HasGlob(element) {
		info, err := Stat(ctx, Join(dir.Name, element))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return []Info{info}, err
	}
	entries, err := List(ctx, dir.Name)
	if err != nil {
		return nil, err
	}
	var out []Info
	for _, e := range entries {
		ok, err := path.Match(element, Base(e.Name))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", element, err)
		}
		if ok {
			out = append(out, e)
		}
	}
	return out, nil
}
