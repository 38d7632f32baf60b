package storage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strings"

	"github.com/minio/minio-go/v7"
)

// S3 is Amazon's object storage and what speaks its protocol: s3://bucket/key,
// also written s3a and s3n. Folders are the parts of keys between slashes. Where
// and as whom it connects is taken from the environment as Amazon's own tools do:
//
//   - AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL is another server than Amazon's,
//     addressed with the bucket in the path; AWS_REGION or AWS_DEFAULT_REGION the
//     region, which Amazon's are asked for otherwise.
//   - Credentials come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the shared
//     files with the profile AWS_PROFILE, a web identity token, or the role of the
//     container or machine; without any, requests are anonymous.
type S3 struct {
	clients clientCache[s3Config, *s3Client]
}

// s3Name is a bucket and a key in it; the key of the whole bucket is empty.
type s3Name struct{ bucket, key string }

func splitS3(name string) (s3Name, error) {
	_, rest, _ := strings.Cut(name, "://")
	bucket, key, _ := strings.Cut(rest, "/")
	if bucket == "" {
		return s3Name{}, fmt.Errorf("%s: no bucket: want s3://bucket/key", name)
	}
	return s3Name{bucket, strings.TrimRight(key, "/")}, nil
}

// connect returns the client for a name, and the name's parts.
func (s *S3) connect(ctx context.Context, name string) (*s3Client, s3Name, error) {
	place, err := splitS3(name)
	if err != nil {
		return nil, place, err
	}
	if err := ctx.Err(); err != nil {
		return nil, place, fmt.Errorf("%s: %w", name, context.Cause(ctx))
	}
	config := s3ConfigFromEnv()
	client, err := s.clients.get(ctx, config, func() (*s3Client, error) { return openS3(config) })
	if err != nil {
		return nil, place, fmt.Errorf("%s: %w", name, err)
	}
	return client, place, nil
}

// Open asks for the object from its start; reads that follow one another need no
// further request. An object that is replaced meanwhile fails further requests.
func (s *S3) Open(ctx context.Context, name string) (File, error) {
	client, at, err := s.connect(ctx, name)
	if err != nil {
		return nil, err
	}
	if at.key == "" {
		return nil, fmt.Errorf("open %s: is a bucket, not a file", name)
	}
	ctx, cancel := context.WithCancel(ctx)
	body, info, _, err := client.GetObject(ctx, at.bucket, at.key, minio.GetObjectOptions{})
	if err != nil {
		cancel()
		return nil, client.explain(err, "open", name)
	}
	f := &rangedFile{name: name, size: info.Size, ctx: ctx, cancel: cancel}
	f.open = func(ctx context.Context, from, to int64) (io.ReadCloser, error) {
		var o minio.GetObjectOptions
		if err := errors.Join(o.SetRange(from, to-1), o.SetMatchETag(info.ETag)); err != nil {
			return nil, err
		}
		body, _, _, err := client.GetObject(ctx, at.bucket, at.key, o)
		return body, client.explain(err, "read", name)
	}
	f.keep(stream{body: body})
	return f, nil
}

// Create starts an upload, in parts as they fill; the object appears at Commit.
func (s *S3) Create(ctx context.Context, name string) (Writer, error) {
	client, at, err := s.connect(ctx, name)
	if err != nil {
		return nil, err
	}
	if at.key == "" {
		return nil, fmt.Errorf("create %s: is a bucket: name a file in it", name)
	}
	return newS3Upload(ctx, client, at, name), nil
}

// List returns what is directly in a folder, sorted by name, without what starts
// with a dot. A folder in which nothing is does not exist.
func (s *S3) List(ctx context.Context, dir string) ([]Info, error) {
	client, at, err := s.connect(ctx, dir)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	prefix := at.prefix()
	var out []Info
	exists := prefix == ""
	for object := range client.ListObjectsIter(ctx, at.bucket, minio.ListObjectsOptions{Prefix: prefix}) {
		if object.Err != nil {
			return nil, client.explain(object.Err, "list", dir)
		}
		exists = true
		base, isDir := strings.CutSuffix(strings.TrimPrefix(object.Key, prefix), "/")
		if base == "" || strings.HasPrefix(base, ".") { // the folder's own marker, or hidden
			continue
		}
		info := Info{Name: Join(dir, base), Dir: isDir}
		if !isDir {
			info.Size, info.Modified = object.Size, object.LastModified
		}
		out = append(out, info)
	}
	if !exists {
		return nil, &fs.PathError{Op: "list", Path: dir, Err: fs.ErrNotExist}
	}
	slices.SortFunc(out, func(a, b Info) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

// prefix is what the keys in a folder start with.
func (n s3Name) prefix() string {
	if n.key == "" {
		return ""
	}
	return n.key + "/"
}

// Stat describes an object, or a folder if keys start with its name.
func (s *S3) Stat(ctx context.Context, name string) (Info, error) {
	client, at, err := s.connect(ctx, name)
	if err != nil {
		return Info{}, err
	}
	if at.key != "" {
		object, err := client.StatObject(ctx, at.bucket, at.key, minio.StatObjectOptions{})
		if err == nil {
			return Info{Name: name, Size: object.Size, Modified: object.LastModified}, nil
		}
		if err = client.explain(err, "stat", name); !errors.Is(err, fs.ErrNotExist) {
			return Info{}, err
		}
	}
	keys, err := client.keysIn(ctx, at)
	if err != nil {
		return Info{}, client.explain(err, "stat", name)
	}
	if len(keys) == 0 && at.key != "" {
		return Info{}, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
	}
	return Info{Name: name, Dir: true}, nil
}

// keysIn returns the first two keys that are in a folder or mark it.
func (c *s3Client) keysIn(ctx context.Context, dir s3Name) ([]string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var keys []string
	options := minio.ListObjectsOptions{Prefix: dir.prefix(), Recursive: true, MaxKeys: 2}
	for object := range c.ListObjectsIter(ctx, dir.bucket, options) {
		if object.Err != nil {
			return nil, object.Err
		}
		if keys = append(keys, object.Key); len(keys) == 2 {
			break
		}
	}
	return keys, nil
}

// Remove removes an object, or the marker of an empty folder.
func (s *S3) Remove(ctx context.Context, name string) error {
	info, err := s.Stat(ctx, name)
	if err != nil {
		return err
	}
	client, at, err := s.connect(ctx, name)
	if err != nil {
		return err
	}
	if info.Dir {
		marker := at.prefix()
		keys, err := client.keysIn(ctx, at)
		if err != nil {
			return client.explain(err, "remove", name)
		}
		if marker == "" || !slices.Equal(keys, []string{marker}) {
			return fmt.Errorf("remove %s: the folder is not empty", name)
		}
		at.key = marker
	}
	return client.explain(client.RemoveObject(ctx, at.bucket, at.key, minio.RemoveObjectOptions{}), "remove", name)
}

// explain says in a name's terms what a request failed of; nil stays nil.
func (c *s3Client) explain(err error, verb, name string) error {
	if err == nil {
		return nil
	}
	at, _ := splitS3(name)
	var answer minio.ErrorResponse
	if !errors.As(err, &answer) || answer.StatusCode == 0 && answer.Code == "" {
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("%s %s: %w", verb, name, err)
		}
		return fmt.Errorf("%s %s: cannot reach %s: %w; check the network and AWS_ENDPOINT_URL", verb, name, c.EndpointURL().Host, bare(err))
	}
	switch {
	case answer.Code == minio.NoSuchBucket:
		return fmt.Errorf("%s %s: no bucket %s at %s: %w", verb, name, at.bucket, c.EndpointURL().Host, fs.ErrNotExist)
	case answer.Code == minio.NoSuchKey:
		return &fs.PathError{Op: verb, Path: name, Err: fs.ErrNotExist}
	case answer.StatusCode == http.StatusForbidden || answer.StatusCode == http.StatusUnauthorized:
		return fmt.Errorf("%s %s: bucket %s denies access (%s) with %s: %w", verb, name, at.bucket, answer.Code, c.identity, fs.ErrPermission)
	case answer.Code == minio.PreconditionFailed:
		return fmt.Errorf("%s %s: changed on the server while it was read", verb, name)
	}
	return fmt.Errorf("%s %s: %s: %w", verb, name, answer.Code, err)
}
