package worker

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// Numbers by which Spark marks what follows (org.apache.spark.api.python.SpecialLengths).
const (
	endOfData    = -1
	pythonError  = -2
	timingData   = -3
	endOfStream  = -4
	startOfArrow = -6
	framedHeader = -8
)

// mapInArrow is the only kind of function that a worker of Ember runs itself
// (PythonEvalType.SQL_MAP_ARROW_ITER_UDF).
const mapInArrow = 207

// header is what Spark tells a worker before the rows of a task.
type header struct {
	Context
	evalType  int
	encrypted bool // Spark offers broadcasts by a decrypting server
	resultID  int64
	commands  [][]byte
	connection
	family family
}

// connection says how to reach the JVM's server for barriers.
type connection struct {
	port   int    // -1: none, or a Unix socket
	path   string // of the Unix socket
	secret string
}

// family is a run of Spark versions with one layout of the header.
type family struct {
	name    string
	context func(*wire, *header) // from after the version of Python to the commands' count
	udf     func(*wire, *header) // one function
	timings int                  // numbers before the bytes spilled
}

// families are in the order of versions; each is in its file, header_N_M.go.
var families = []family{family35, family40, family41, family42, family43}

// errForeign says that the command is not Ember's, or that its header has a
// layout that only Python knows.
var errForeign = errors.New("the command is not Ember's")

// readHeader reads the header of a task; first is its first number. The
// version of Spark comes from the frame (only 4.3 and later have one), from
// what Ember's client sent as the version of Python, or from sparkPath, the
// PYTHONPATH of a worker. A header that others' functions have gives errForeign.
func readHeader(r io.Reader, first int32, sparkPath string) (*header, error) {
	w := &wire{r: r}
	h := &header{}
	spark := jarVersion(sparkPath)
	if first == framedHeader {
		body := w.bytes(maxBytes)
		if w.err != nil {
			return nil, fmt.Errorf("header of the task, %w", w.err)
		}
		w = &wire{r: bytes.NewReader(body)}
		first = w.int32()
		h.family = family43
	}
	version := w.text()
	if w.err != nil {
		return nil, fmt.Errorf("header of the task, %w", w.err)
	}
	sent, ours := strings.CutPrefix(version, "ember/1")
	if s, ok := strings.CutPrefix(sent, ";spark="); ours && ok {
		spark = s
	}
	if h.family.name == "" {
		f, ok := familyOf(spark)
		switch {
		case !ok && !ours:
			return nil, errForeign
		case !ok:
			return nil, fmt.Errorf("header of the task: Spark %q is not known: Ember runs on Spark %s to %s",
				spark, families[0].name, families[len(families)-1].name)
		}
		h.family = f
	}
	h.Spark = spark
	h.Partition = int(first)
	h.family.context(w, h)
	if err := h.functions(w, ours); err != nil {
		return nil, err
	}
	if w.err != nil {
		return nil, fmt.Errorf("header of the task as Spark %s sends it, %w", h.family.name, w.err)
	}
	return h, nil
}

// functions reads the commands. Other kinds of functions than Ember's have
// other layouts from here on.
func (h *header) functions(w *wire, ours bool) error {
	if w.err == nil && h.evalType != mapInArrow {
		return errForeign
	}
	for range w.count() {
		h.family.udf(w, h)
	}
	if w.err != nil {
		return nil // told by the caller
	}
	if len(h.commands) != 1 || !isCommand(h.commands[0]) {
		return errForeign
	}
	return nil
}

// ours reads the kind of function and tells if it can be Ember's; what follows
// for other kinds is Python's business.
func (h *header) ours(w *wire) bool {
	h.evalType = w.integer()
	return w.err == nil && h.evalType == mapInArrow
}

// broadcasts skips the list of broadcast variables, which Ember's functions
// never have.
func (h *header) broadcasts(w *wire, server func(*wire)) {
	h.encrypted = w.bool()
	n := w.count()
	if h.encrypted {
		server(w)
	}
	for range n {
		if w.err != nil {
			return
		}
		if id := w.int64(); id >= 0 && !h.encrypted {
			w.skip() // the path of its file
		}
	}
	h.encrypted = h.encrypted && n > 0
}

// files reads the folder of the files that Spark shipped, and skips the names
// of Python's archives.
func (h *header) files(w *wire) {
	h.FilesDir = w.text()
	for range w.count() {
		w.skip()
	}
}

// skipResources skips the addresses of GPUs and the like.
func skipResources(w *wire) {
	for range w.count() {
		w.skip() // key
		w.skip() // name
		for range w.count() {
			w.skip()
		}
	}
}

// flatContext reads the context of a task as Spark up to 4.1 sends it, from
// after the barrier's server: numbers, resources, properties.
func (h *header) flatContext(w *wire) {
	h.Stage = w.integer()
	h.Partition = w.integer()
	h.Attempt = w.integer()
	h.TaskAttemptID = w.int64()
	h.CPUs = w.integer()
	skipResources(w)
	h.Properties = w.pairs()
	h.addresses(h.Properties["addresses"])
}

func (h *header) addresses(list string) {
	if h.Barrier && list != "" {
		h.Addresses = strings.Split(list, ",")
	}
}

// jsonContext reads the context of a task as Spark from 4.2 on sends it.
func (h *header) jsonContext(w *wire) {
	text := w.bytes(maxText)
	if w.err != nil {
		return
	}
	var c struct {
		IsBarrier       bool
		ConnInfo        json.RawMessage // a port, -1, or the path of a socket
		Secret          string
		StageID         int
		PartitionID     int
		AttemptNumber   int
		TaskAttemptID   int64
		CPUs            int
		LocalProperties map[string]string
	}
	if err := json.Unmarshal(text, &c); err != nil {
		w.fail("context of the task: %w", err)
		return
	}
	h.Barrier, h.secret = c.IsBarrier, c.Secret
	if len(c.ConnInfo) > 0 {
		if json.Unmarshal(c.ConnInfo, &h.port) != nil && json.Unmarshal(c.ConnInfo, &h.path) != nil {
			w.fail("context of the task: connInfo is neither a port nor a path")
		}
	}
	h.Stage, h.Partition, h.Attempt, h.TaskAttemptID, h.CPUs = c.StageID, c.PartitionID, c.AttemptNumber, c.TaskAttemptID, c.CPUs
	h.Properties = c.LocalProperties
	h.addresses(h.Properties["addresses"])
}

// socketOrPort reads how to reach a server of the JVM, as Spark from 4.1 on
// sends it: a port and a secret, or -1 and the path of a Unix socket.
func socketOrPort(w *wire) connection {
	if port := w.integer(); port != -1 {
		return connection{port: port, secret: w.text()}
	}
	return connection{port: -1, path: w.text()}
}

// positional reads a function whose arguments are numbers of columns.
func positional(w *wire, h *header) {
	for range w.count() {
		w.int32()
	}
	h.chain(w)
}

// named reads a function whose arguments may have names.
func named(w *wire, h *header) {
	for range w.count() {
		w.int32()
		if w.bool() {
			w.skip()
		}
	}
	h.chain(w)
	h.resultID = w.int64()
}

// chain reads the commands that make one function.
func (h *header) chain(w *wire) {
	for range w.count() {
		command := w.bytes(maxBytes)
		if w.err != nil {
			return
		}
		h.commands = append(h.commands, command)
	}
}

var sparkJar = regexp.MustCompile(`spark-core_2\.\d+-(\d+\.\d+\.\d+)`)

// jarVersion finds the version of Spark in the PYTHONPATH that it gives to its
// workers.
func jarVersion(path string) string {
	if m := sparkJar.FindStringSubmatch(path); m != nil {
		return m[1]
	}
	return ""
}

// familyOf finds the family of a version, as "4.1.4". From 4.3 on, the frame
// tells it.
func familyOf(version string) (family, bool) {
	minor := func(v string) (major, minor int, ok bool) {
		parts := strings.SplitN(v, ".", 3)
		if len(parts) < 2 {
			return 0, 0, false
		}
		major, err1 := strconv.Atoi(parts[0])
		minor, err2 := strconv.Atoi(parts[1])
		return major, minor, err1 == nil && err2 == nil
	}
	ma, mi, ok := minor(version)
	if !ok {
		return family{}, false
	}
	for _, f := range families {
		if fa, fi, _ := minor(f.name); fa == ma && fi == mi {
			return f, true
		}
	}
	return family{}, false
}
