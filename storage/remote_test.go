package storage

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/colinmarc/hdfs/v2/hadoopconf"
)

func TestNamenodes(t *testing.T) {
	conf := hadoopconf.HadoopConf{
		"fs.defaultFS":                     "hdfs://ha",
		"dfs.ha.namenodes.ha":              "nn1, nn2",
		"dfs.namenode.rpc-address.ha.nn1":  "a:8020",
		"dfs.namenode.rpc-address.ha.nn2":  "b:8020",
		"dfs.namenode.rpc-address.another": "c:9000",
	}
	for _, c := range []struct {
		host string
		want []string
	}{
		{"ha", []string{"a:8020", "b:8020"}},
		{"", []string{"a:8020", "b:8020"}},
		{"another", []string{"c:9000"}},
		{"host", []string{"host:8020"}},
		{"host:9000", []string{"host:9000"}},
		{"[::1]", []string{"[::1]:8020"}},
	} {
		if got, err := namenodes(conf, c.host); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%q: %v, %v; want %v", c.host, got, err, c.want)
		}
	}
	if _, err := namenodes(nil, ""); err == nil || !strings.Contains(err.Error(), "HADOOP_CONF_DIR") {
		t.Errorf("no default: %v, want the remedy", err)
	}
}

// Servers that nobody reaches are named, with the remedy.
func TestUnreachable(t *testing.T) {
	t.Setenv("HADOOP_CONF_DIR", t.TempDir())
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
	t.Setenv("AWS_ACCESS_KEY_ID", "a")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "a-secret-word")
	for name, want := range map[string]string{
		"hdfs://127.0.0.1:1/f": "HADOOP_CONF_DIR",
		"s3://bucket/f":        "AWS_ENDPOINT_URL",
	} {
		_, err := Open(t.Context(), name)
		if err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "a-secret-word") {
			t.Errorf("%v: want the address and %s, no secret", err, want)
		}
	}
}

func TestKerberosWithoutTicket(t *testing.T) {
	dir := t.TempDir()
	conf := filepath.Join(dir, "krb5.conf")
	if err := os.WriteFile(conf, []byte("[libdefaults]\n default_realm = EMBER.TEST\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KRB5_CONFIG", conf)
	t.Setenv("KRB5_CLIENT_KTNAME", "")
	t.Setenv("KRB5_KTNAME", "")
	for cache, want := range map[string]string{
		"FILE:" + filepath.Join(dir, "none"): "run kinit",
		"KEYRING:persistent:0":               "of kind KEYRING",
	} {
		t.Setenv("KRB5CCNAME", cache)
		if _, err := loginKerberos(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", cache, err, want)
		}
	}
}

func TestClientCache(t *testing.T) {
	var c clientCache[string, *int]
	opened := 0
	open := func() (*int, error) { opened++; return new(int), nil }
	first, _ := c.get(t.Context(), "a", open)
	if second, _ := c.get(t.Context(), "a", open); second != first || opened != 1 {
		t.Errorf("opened %d times, want once", opened)
	}
	if !c.drop("a", first) || c.drop("a", first) {
		t.Error("drop: want true once")
	}
	if _, err := c.get(t.Context(), "a", func() (*int, error) { return nil, fs.ErrPermission }); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v, want the failure", err)
	}
	if again, err := c.get(t.Context(), "a", open); err != nil || again == first {
		t.Errorf("after a failure: %v, want a new client", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	release := make(chan struct{})
	defer close(release)
	if _, err := c.get(ctx, "b", func() (*int, error) { <-release; return nil, nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}
