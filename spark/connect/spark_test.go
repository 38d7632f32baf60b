//go:build spark

package connect_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emberml/ember/frame"
	"github.com/emberml/ember/internal/sparktest"
	"github.com/emberml/ember/spark/connect"
)

func TestMain(m *testing.M) { os.Exit(sparktest.Main(m)) }

const token = "s3cr3t-token"

// cluster runs tasks in the server's own JVM. It ends every stream of responses after two seconds, as the others do after
// two minutes.
func cluster(t *testing.T, version string) *sparktest.Cluster {
	o := sparktest.Options{Version: version, Conf: map[string]string{
		"spark.master": "local[2]",
		"spark.connect.execute.reattachable.senderMaxStreamDuration": "2s",
		"spark.sql.shuffle.partitions":                               "2",
	}}
	if version == sparktest.Spark43 {
		o.Token = token
	}
	return sparktest.Shared(t, o)
}

func dial(t *testing.T, o connect.Options) *connect.Session {
	t.Helper()
	o.Token = token // 3.5 does not look at it
	o.Timeout = time.Minute
	s, err := connect.Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// each runs a test on every version.
func each(t *testing.T, test func(t *testing.T, s *connect.Session, c *sparktest.Cluster)) {
	for _, version := range []string{sparktest.Spark43, sparktest.Spark35} {
		t.Run(version, func(t *testing.T) {
			c := cluster(t, version)
			test(t, dial(t, connect.Options{Remote: c.Remote}), c)
		})
	}
}

// ids returns the first column of all rows.
func ids(t *testing.T, d *connect.DataFrame) []int64 {
	t.Helper()
	var all []int64
	for f, err := range d.Stream(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, frame.Values[int64](f.Column(0))...)
	}
	return all
}

func query(t *testing.T, s *connect.Session, sql string) *connect.DataFrame {
	t.Helper()
	d, err := s.SQL(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestPlans(t *testing.T) {
	each(t, func(t *testing.T, s *connect.Session, c *sparktest.Cluster) {
		if !strings.Contains(s.String(), s.ID()) || s.UserID() == "" || s.Warning() != "" {
			t.Error(s, s.UserID(), s.Warning())
		}
		numbers := s.Range(0, 10, 1, 3)
		if err := numbers.CreateTempView(t.Context(), "numbers", false); err != nil {
			t.Fatal(err)
		}
		for name, test := range map[string]struct {
			plan *connect.DataFrame
			want []int64
		}{
			"range":          {s.Range(3, 12, 4, 0), []int64{3, 7, 11}},
			"SQL":            {query(t, s, "SELECT id * 2 FROM numbers WHERE id < 3"), []int64{0, 2, 4}},
			"no rows":        {query(t, s, "SELECT id FROM numbers WHERE id < 0"), nil},
			"table":          {s.Table("numbers").Limit(2), []int64{0, 1}},
			"select":         {numbers.Select("id + 1 AS x", "*").Filter("x > 9"), []int64{10}},
			"aggregate":      {numbers.Select("max(id)"), []int64{9}},
			"columns":        {numbers.WithColumns(connect.Assignment{Name: "id", SQL: "-id"}, connect.Assignment{Name: "y", SQL: "id"}).Filter("y = 4"), []int64{-4}},
			"union":          {s.Range(0, 1, 1, 1).Select("1L AS a", "id AS b").Union(s.Range(5, 6, 1, 1).Select("id AS b", "2L AS a")), []int64{1, 2}},
			"repartition":    {numbers.Repartition(2, true).Select("spark_partition_id()").Select("count(DISTINCT *)"), []int64{2}},
			"coalesce":       {numbers.Repartition(2, false).Select("spark_partition_id()").Select("count(DISTINCT *)"), []int64{2}},
			"repartition by": {numbers.RepartitionBy(4, "id % 2").Select("id % 2 AS x", "spark_partition_id() AS p").Select("count(DISTINCT x, p)"), []int64{2}},
		} {
			if got := ids(t, test.plan); !slices.Equal(got, test.want) {
				t.Errorf("%s: %v, want %v", name, got, test.want)
			}
		}
		if n, err := numbers.Count(t.Context()); n != 10 || err != nil {
			t.Error("count:", n, err)
		}
		if text, err := numbers.Explain(t.Context()); err != nil || !strings.Contains(text, "Range (0, 10") {
			t.Error("explain:", text, err)
		}
	})
}

func TestTypes(t *testing.T) {
	each(t, func(t *testing.T, s *connect.Session, c *sparktest.Cluster) {
		d := query(t, s, `SELECT id, cast(id AS int) AS i, cast(null AS double) AS d, cast('é' AS binary) AS b, 'x' AS s, id = 0 AS t,
			array(1f, 2f) AS x, date'2020-01-02' AS day, timestamp'2020-01-02 00:00:01Z' AS at, cast(1.5 AS decimal(5,2)) AS m, struct(id AS a) AS st FROM range(2)`)
		schema, err := d.Schema(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		frames, err := d.Collect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range frames {
			if !f.Schema().Equal(schema) {
				t.Errorf("rows of %v, want %v", f.Schema(), schema)
			}
		}
		f := frames[0]
		if lo, hi := f.ByName("x").List(0); !f.ByName("d").Null(0) || string(f.ByName("b").Bytes(0)) != "é" || hi-lo != 2 || f.ByName("m").String(0) != "1.50" {
			t.Errorf("%v %q %d %q", f.ByName("d").Null(0), f.ByName("b").Bytes(0), hi-lo, f.ByName("m").String(0))
		}
		if _, err := query(t, s, "SELECT map(1, 2) AS m").Schema(t.Context()); !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "column m") {
			t.Error("a map:", err)
		}
	})
}

func TestWrite(t *testing.T) {
	each(t, func(t *testing.T, s *connect.Session, c *sparktest.Cluster) {
		dir := filepath.Join(t.TempDir(), "table")
		d := s.Range(0, 6, 1, 2).Select("id", "id % 2 AS odd")
		out := connect.Output{Format: "parquet", Path: dir, By: []string{"odd"}, Options: map[string]string{"compression": "gzip"}}
		if err := d.Write(t.Context(), out); err != nil {
			t.Fatal(err)
		}
		var e *connect.Error
		if err := d.Write(t.Context(), out); !errors.As(err, &e) || e.Class != "PATH_ALREADY_EXISTS" {
			t.Error("again:", err)
		}
		out.Mode = connect.Append
		if err := d.Write(t.Context(), out); err != nil {
			t.Fatal(err)
		}
		if n, err := s.Read("parquet", nil, dir).Filter("odd = 1").Count(t.Context()); n != 6 || err != nil {
			t.Error(n, err)
		}
		if files, _ := filepath.Glob(filepath.Join(dir, "odd=1", "*.gz.parquet")); len(files) == 0 {
			t.Error("no compressed files of their own folder")
		}
	})
}

func TestErrors(t *testing.T) {
	each(t, func(t *testing.T, s *connect.Session, c *sparktest.Cluster) {
		_, missing := s.SQL(t.Context(), "SELECT * FROM nowhere")
		_, syntax := s.Range(0, 1, 1, 1).Filter("id >").Count(t.Context())
		_, failed := s.Range(0, 1, 1, 1).Select("raise_error('" + strings.Repeat("long ", 1000) + "end')").Collect(t.Context())
		python := newFunction("def f(batches):\n    raise OSError('no such device')\n    yield", frame.Schema{{Name: "id", Type: frame.Type{Kind: frame.Int64}}}, false)
		_, raised := s.Range(0, 1, 1, 1).MapPartitions(python).Collect(t.Context())
		python.PythonVersion = "2.7"
		_, version := s.Range(0, 1, 1, 1).MapPartitions(python).Collect(t.Context())
		for name, test := range map[string]struct {
			err          error
			class, state string
			want         string
		}{
			"missing": {missing, "TABLE_OR_VIEW_NOT_FOUND", "42P01", "`nowhere`"},
			"syntax":  {syntax, "PARSE_SYNTAX_ERROR", "42601", "id >"},
			"failed":  {failed, "", "", "long long"},
			"raised":  {raised, "", "", "OSError: no such device"},
			"version": {version, "", "", "[PYTHON_VERSION_MISMATCH]"},
			"static":  {s.SetConf(t.Context(), "spark.sql.warehouse.dir", "x"), "", "", "spark.sql.warehouse.dir"},
		} {
			var e *connect.Error
			if !errors.As(test.err, &e) {
				t.Errorf("%s: %v", name, test.err)
				continue
			}
			if s.Version() < "4" { // it tells no states
				test.state = ""
			}
			if !strings.Contains(e.Error(), test.want) || test.class != "" && (e.Class != test.class || e.SQLState != test.state) {
				t.Errorf("%s: class %q, state %q, %v", name, e.Class, e.SQLState, e)
			}
			if strings.Contains(e.Error(), "\tat org.apache") || strings.Contains(e.Error(), token) {
				t.Errorf("%s: noise in %v", name, e)
			}
		}
		if s.Version() >= "4" && !strings.Contains(failed.Error(), "end") {
			t.Error("the long message is cut:", failed)
		}
	})
}

func TestConf(t *testing.T) {
	each(t, func(t *testing.T, s *connect.Session, c *sparktest.Cluster) {
		if err := s.SetConf(t.Context(), "spark.sql.session.timeZone", "Asia/Tokyo"); err != nil {
			t.Fatal(err)
		}
		if v, ok, err := s.Conf(t.Context(), "spark.sql.session.timeZone"); v != "Asia/Tokyo" || !ok || err != nil {
			t.Error(v, ok, err)
		}
		if v, ok, err := s.Conf(t.Context(), "no.such.key"); v != "" || ok || err != nil {
			t.Error(v, ok, err)
		}
	})
}

// newFunction returns a Python function as a pickle that a stock PySpark can read: builtins.eval of an expression.
func newFunction(source string, schema frame.Schema, barrier bool) connect.Function {
	types, err := schema.SparkJSON()
	if err != nil {
		panic(err)
	}
	expression := fmt.Sprintf("(lambda ns: (exec(%q, ns), (ns['f'], __import__('pyspark.sql.types', fromlist=['x']).StructType.fromJson(__import__('json').loads(%q))))[1])({})",
		source, types)
	command := append([]byte("\x80\x04cbuiltins\neval\n(X"), binary.LittleEndian.AppendUint32(nil, uint32(len(expression)))...)
	return connect.Function{
		Name: "f", Command: append(append(command, expression...), "tR."...), PythonVersion: "3.11", Schema: schema, Barrier: barrier,
	}
}

var oneInt64 = frame.Schema{{Name: "n", Type: frame.Type{Kind: frame.Int64}, Nullable: true}}

func TestMapPartitions(t *testing.T) {
	const source = `
def f(batches):
    import pyarrow as pa
    from pyspark import BarrierTaskContext
    n = sum(b.num_rows for b in batches)
    BarrierTaskContext.get().barrier()
    yield pa.RecordBatch.from_pydict({'n': pa.array([n], pa.int64())})
`
	each(t, func(t *testing.T, s *connect.Session, c *sparktest.Cluster) {
		d := s.Range(0, 1001, 1, 2).MapPartitions(newFunction(source, oneInt64, true))
		if got := ids(t, d); !slices.Equal(got, []int64{500, 501}) {
			t.Error(got)
		}
	})
}

func TestArtifacts(t *testing.T) {
	const source = `
def f(batches):
    import os, zlib, pyarrow as pa
    from pyspark import SparkFiles
    for b in batches:
        yield pa.RecordBatch.from_pydict({'n': pa.array(
            [zlib.crc32(open(os.path.join(SparkFiles.getRootDirectory(), name), 'rb').read()) for name in ('small', 'chunk', 'large')], pa.int64())})
`
	each(t, func(t *testing.T, s *connect.Session, c *sparktest.Cluster) {
		var want []int64
		for _, a := range []struct {
			name string
			size int
		}{{"small", 10}, {"chunk", 32 << 10}, {"large", 3_000_001}} {
			content := bytes.Repeat([]byte("0123456789a"), a.size/11+1)[:a.size]
			want = append(want, int64(crc32.ChecksumIEEE(content)))
			for range 2 { // the second time costs nothing, and is no error
				if err := s.AddArtifact(t.Context(), "files/"+a.name, bytes.NewReader(content), int64(len(content))); err != nil {
					t.Fatal(err)
				}
			}
		}
		if got := ids(t, s.Range(0, 1, 1, 1).MapPartitions(newFunction(source, oneInt64, false))); !slices.Equal(got, want) {
			t.Errorf("checksums %v, want %v", got, want)
		}
		var e *connect.Error
		if err := s.AddArtifact(t.Context(), "files/small", strings.NewReader("other"), 5); !errors.As(err, &e) {
			t.Error("other content under the same name:", err)
		}
	})
}

const sleep = `
def f(batches):
    import time, pyarrow as pa
    time.sleep(%d)
    for b in batches:
        yield pa.RecordBatch.from_pydict({'n': b.column(0)})
`

// TestSilence waits longer for rows than the server lets a stream live.
func TestSilence(t *testing.T) {
	each(t, func(t *testing.T, s *connect.Session, c *sparktest.Cluster) {
		d := s.Range(0, 3, 1, 1).MapPartitions(newFunction(fmt.Sprintf(sleep, 7), oneInt64, false))
		if got := ids(t, d); !slices.Equal(got, []int64{0, 1, 2}) {
			t.Error(got)
		}
	})
}

// TestCut loses the connection again and again while many rows arrive.
func TestCut(t *testing.T) {
	each(t, func(t *testing.T, _ *connect.Session, c *sparktest.Cluster) {
		p := startProxy(t, c.Remote, nil)
		s := dial(t, connect.Options{Remote: p.Remote})
		const rows = 300_000
		p.every.Store(300_000)
		p.cuts.Store(6)
		p.cut() // the connection that knows no limit
		got := ids(t, s.Range(0, rows, 1, 4))
		if len(got) != rows {
			t.Fatalf("%d rows, want %d", len(got), rows)
		}
		for i, id := range got {
			if id != int64(i) {
				t.Fatalf("row %d is %d", i, id)
			}
		}
		if left := p.cuts.Load(); left > 0 {
			t.Errorf("%d cuts were not made", left)
		}
	})
}

// TestCancel cancels what holds both cores, which must be free again soon.
func TestCancel(t *testing.T) {
	each(t, func(t *testing.T, s *connect.Session, c *sparktest.Cluster) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err := s.Range(0, 2, 1, 2).MapPartitions(newFunction(fmt.Sprintf(sleep, 600), oneInt64, false)).Collect(ctx)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		ctx, cancel = context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if n, err := s.Range(0, 2, 1, 2).Count(ctx); n != 2 || err != nil {
			t.Error(n, err)
		}
	})
}

func TestInterrupt(t *testing.T) {
	each(t, func(t *testing.T, s *connect.Session, c *sparktest.Cluster) {
		failed := make(chan error, 1)
		d := s.Range(0, 2, 1, 2).MapPartitions(newFunction(fmt.Sprintf(sleep, 600), oneInt64, false))
		go func() {
			_, err := d.Collect(t.Context())
			failed <- err
		}()
		sparktest.Await(t, time.Minute, "an interrupted query", func() bool {
			if err := s.Interrupt(t.Context()); err != nil {
				t.Fatal(err)
			}
			return len(failed) > 0
		})
		if err := <-failed; err == nil || !strings.Contains(err.Error(), "OPERATION_CANCELED") {
			t.Error(err)
		}
	})
}

// TestLargeRow reads rows that are larger than a part of a message.
func TestLargeRow(t *testing.T) {
	s := dial(t, connect.Options{Remote: cluster(t, sparktest.Spark43).Remote})
	const size = 40_000_000
	rows := 0
	for f, err := range query(t, s, fmt.Sprintf("SELECT repeat('x', %d) FROM range(2)", size)).Stream(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		rows += f.Rows()
		if n := len(f.Column(0).Bytes(0)); n != size {
			t.Error(n, "bytes")
		}
	}
	if rows != 2 {
		t.Error(rows, "rows")
	}
}

func TestToken(t *testing.T) {
	c := cluster(t, sparktest.Spark43)
	if s := dial(t, connect.Options{Remote: c.Remote + "/;token=wrong"}); s.Version() != sparktest.Spark43 {
		t.Error("the given token does not win over that of the address")
	}
	for _, remote := range []string{c.Remote, c.Remote + "/;token=wr0ng"} {
		_, err := connect.Dial(t.Context(), connect.Options{Remote: remote})
		var e *connect.Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), "spark.connect.authenticate.token") || strings.Contains(err.Error(), "wr0ng") {
			t.Errorf("%s: %v", remote, err)
		}
	}
	s, err := connect.Dial(t.Context(), connect.Options{Remote: c.Remote + "/;token=" + token})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
}

func TestTLS(t *testing.T) {
	c := cluster(t, sparktest.Spark43)
	server, client := certificate(t)
	p := startProxy(t, c.Remote, server)
	s := dial(t, connect.Options{Remote: p.Remote + "/;use_ssl=true", TLS: client})
	if n, err := s.Range(0, 5, 1, 1).Count(t.Context()); n != 5 || err != nil {
		t.Error(n, err)
	}
	for remote, want := range map[string]string{
		c.Remote + "/;use_ssl=true": "leave out use_ssl=true",
		p.Remote + "/;use_ssl=true": "SSL_CERT_FILE",
		p.Remote:                    "use_ssl=true",
	} {
		if _, err := connect.Dial(t.Context(), connect.Options{Remote: remote, Token: token}); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), token) {
			t.Errorf("%s: %v; want %q", remote, err, want)
		}
	}
}

// TestJoin shares a session with another client, which goes first and takes nothing with it.
func TestJoin(t *testing.T) {
	each(t, func(t *testing.T, s *connect.Session, c *sparktest.Cluster) {
		guest, err := connect.Dial(t.Context(), connect.Options{Remote: c.Remote, Token: token, SessionID: s.ID()})
		if err != nil {
			t.Fatal(err)
		}
		if err := guest.Range(0, 4, 1, 1).CreateTempView(t.Context(), "theirs", false); err != nil {
			t.Error(err)
		}
		guest.Close()
		if n, err := s.Table("theirs").Count(t.Context()); n != 4 || err != nil {
			t.Error(n, err)
		}
	})
}

// TestRestart finds another server at the address, which does not know the session.
func TestRestart(t *testing.T) {
	p := startProxy(t, cluster(t, sparktest.Spark43).Remote, nil)
	s := dial(t, connect.Options{Remote: p.Remote})
	second := sparktest.Start(t, sparktest.Options{Token: token, Conf: map[string]string{"spark.master": "local[1]"}})
	p.to(second.Remote)
	p.cut()
	_, err := s.Range(0, 2, 1, 1).Count(t.Context())
	var e *connect.Error
	if !errors.As(err, &e) || e.Class != "INVALID_HANDLE.SESSION_CHANGED" || !strings.Contains(err.Error(), "connect anew") {
		t.Error(err)
	}
}
