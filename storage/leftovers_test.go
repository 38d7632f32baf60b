//go:build services

package storage

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/colinmarc/hdfs/v2"
)

// Leftovers returns what failed writes have left in a folder: temporary files of
// HDFS, which List does not show, and unfinished uploads to S3.
func Leftovers(t *testing.T, dir string) []string {
	t.Helper()
	var left []string
	if Scheme(dir) == "hdfs" {
		infos, err := callHDFS(t.Context(), schemes["hdfs"].(*HDFS), "list", dir, func(c *hdfs.Client, file string) ([]os.FileInfo, error) {
			return c.ReadDir(file)
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		for _, info := range infos {
			if strings.HasPrefix(info.Name(), ".") {
				left = append(left, info.Name())
			}
		}
		return left
	}
	client, at, err := s3.connect(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	for upload := range client.ListIncompleteUploads(t.Context(), at.bucket, at.prefix(), true) {
		if upload.Err != nil {
			t.Fatal(upload.Err)
		}
		left = append(left, upload.Key)
	}
	return left
}
