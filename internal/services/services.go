// Package services starts the servers that tests talk to: an S3 server and HDFS.
// scripts/services.sh installs them in .cache/services; tests that need them carry
// the build tag services, and fail where one is missing.
//
// A server starts with the first test that asks for it and ends with the test
// binary, however that ends.
package services

import (
	"crypto/rand"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	bucket = "ember"
	key    = "ember-test" // ID and secret
)

var (
	s3 = server{name: "versitygw", timeout: 30 * time.Second, start: func(t testing.TB, s *server) []string {
		root := filepath.Join(s.dir, "root")
		if err := os.MkdirAll(filepath.Join(root, bucket), 0o700); err != nil {
			t.Fatal(err)
		}
		s.address = freePort(t)
		s.ready = "listening on"
		s.env = []string{"ROOT_ACCESS_KEY_ID=" + key, "ROOT_SECRET_ACCESS_KEY=" + key}
		return []string{filepath.Join(cache(t), "bin", "versitygw"), "--port", s.address, "posix", root}
	}}
	hdfs = server{name: "HDFS", timeout: 2 * time.Minute, start: func(t testing.TB, s *server) []string {
		s.ready = "READY "
		source := filepath.Join(repository(t), "internal", "services", "testdata", "Hdfs.java")
		return []string{
			"java", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
			"-cp", filepath.Join(cache(t), "hdfs", "lib", "*"), source, filepath.Join(s.dir, "hdfs"),
		}
	}}
)

// S3 returns the URL of an empty folder on an S3 server, and points the test's
// environment to that server.
func S3(t *testing.T) string {
	t.Helper()
	s3.run(t)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL":      "http://" + s3.address,
		"AWS_ENDPOINT_URL_S3":   "",
		"AWS_ACCESS_KEY_ID":     key,
		"AWS_SECRET_ACCESS_KEY": key,
		"AWS_SESSION_TOKEN":     "",
		"AWS_REGION":            "us-east-1",
	} {
		t.Setenv(name, value)
	}
	return "s3://" + bucket + "/" + folder()
}

// HDFS returns the URL of an empty folder on HDFS, with blocks of 4 MiB.
func HDFS(t testing.TB) string {
	t.Helper()
	_, uri, _ := strings.Cut(hdfs.run(t), hdfs.ready)
	return strings.TrimSpace(uri) + "/" + folder()
}

func folder() string { return "test-" + strings.ToLower(rand.Text()[:8]) }

// freePort returns an address of this machine on which nobody listens now.
func freePort(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func cache(t testing.TB) string { return filepath.Join(repository(t), ".cache", "services") }

// repository is the folder of go.mod above the test's folder.
func repository(t testing.TB) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test's folder")
		}
		dir = parent
	}
}
