package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/frame"
	"github.com/emberml/ember/internal/cgroup"
	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/internal/secure"
	"github.com/emberml/ember/spark/worker"
	"github.com/emberml/ember/storage"
)

// checkupJob is the reserved name of the job in which the doctor examines Spark: its
// tasks look at their hosts, and reach for the driver and for each other as workers do.
const checkupJob = "ember doctor: checkup"

// checkup is what one task has found, as it gives it to Spark.
type checkup struct {
	Index    int    `json:"index"`
	Host     string `json:"host"`
	Executor string `json:"executor"` // its working folder: another one on the same host for each
	System   string `json:"system"`
	CPUs     int    `json:"cpus"` // of this task
	Kernel   string `json:"kernel"`
	Memory   int64  `json:"memory"` // that the task should stay within; 0: no bound
	Limit    int64  `json:"limit"`  // of the control group; 0: none
	Disks    []disk `json:"disks"`
	InMemory string `json:"inMemory,omitempty"` // the folder of what does not fit into memory, if that is in memory

	Addresses []string  `json:"addresses"` // at which others may reach this task
	Driver    contact   `json:"driver"`
	Detour    string    `json:"detour,omitempty"` // why the driver is met by the folder
	Clock     *ticking  `json:"clock,omitempty"`  // nil: not compared
	Folder    string    `json:"folder,omitempty"` // what is wrong with the shared folder
	Apart     string    `json:"apart,omitempty"`  // why the task knows nothing of the others
	Peers     []contact `json:"peers,omitempty"`  // by index; that of the task itself is empty
}

// disk is a folder and what is free there.
type disk struct {
	Folder string `json:"folder"`
	Free   int64  `json:"free"` // -1: unknown
	Error  string `json:"error,omitempty"`
}

// contact is an attempt to reach somebody; one that was not made has neither.
type contact struct {
	Address string `json:"address,omitempty"` // that answered
	Error   string `json:"error,omitempty"`
}

// ticking is how a clock goes beside that of the driver.
type ticking struct {
	Ahead  time.Duration `json:"ahead"`
	Within time.Duration `json:"within"` // half the way there and back
}

// leaveWithin is how many times [Options].Connect all tasks have, from when they know
// of each other, to dial each other and leave.
const leaveWithin = 2

// clockQuestions is how often a task asks for the time; the quickest answer counts.
const clockQuestions = 5

// examineTask is a task of the doctor's job. What it cannot find is a finding.
func examineTask(ctx context.Context, t *worker.Task, b *bootstrap, s seat) error {
	c := &checkup{Index: t.Partition, Host: t.Host, CPUs: t.CPUs, Memory: t.Memory, System: platform{runtime.GOOS, runtime.GOARCH}.String()}
	c.look()
	if err := c.meet(ctx, t, b, s); err != nil {
		c.Apart = oneLine(err.Error())
	}
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	rows, err := frame.New(taskColumns, frame.Strings([]string{string(text)}))
	if err != nil {
		return err
	}
	return t.Write(rows)
}

// look is at the host.
func (c *checkup) look() {
	c.Executor, _ = os.Getwd()
	if v, err := kernel.Selected(); err == nil {
		c.Kernel = v.Name
	}
	if limit, err := cgroup.Memory(cgroup.Root); err == nil {
		c.Limit = limit.Bytes
	}
	folders := localFolders()
	if spill, disk := data.Scratch(folders...); !disk {
		c.InMemory = spill
	}
	for _, folder := range folders {
		if folder == "" {
			folder = os.TempDir()
		}
		d := disk{Folder: folder}
		var err error
		if d.Free, err = tryFolder(folder); err != nil {
			d.Error = oneLine(err.Error())
		}
		c.Disks = append(c.Disks, d)
	}
}

// meet reaches for the driver and all other tasks. A task that fails in one thing
// goes on with the next, which others may wait for.
func (c *checkup) meet(ctx context.Context, t *worker.Task, b *bootstrap, s seat) error {
	identity, err := b.identity()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, b.Join+2*leaveWithin*b.Connect)
	defer cancel()
	h, err := openHub(false, identity, b.Peer)
	if err != nil {
		return err
	}
	go h.serve(ctx)
	me, err := introduce(b, s, h.listener)
	if err != nil {
		return err
	}
	c.Addresses = me.Addresses
	v := c.visit(ctx, b, s, identity, me)
	if v != nil {
		defer v.link.end(io.ErrClosedPipe)
	}
	if b.Folder != "" {
		if err := trySharing(ctx, b.Folder, c.Index); err != nil {
			c.Folder = oneLine(err.Error())
		}
	}
	if s.gather != nil {
		return c.meetThroughSpark(ctx, t, s, b.Connect, identity)
	}
	if v == nil {
		return errors.New("Spark has no barrier for it here, and the driver cannot be reached")
	}
	return c.meetAtDriver(ctx, v, b.Connect, identity)
}

// meetThroughSpark learns of the others by Spark's barrier, and leaves with them.
func (c *checkup) meetThroughSpark(ctx context.Context, t *worker.Task, s seat, patience time.Duration, identity *secure.Identity) error {
	text, err := json.Marshal(c.Addresses)
	if err != nil {
		return err
	}
	texts, err := s.gather(ctx, string(text))
	if err != nil {
		return err
	}
	all := make([][]string, len(texts))
	for i, text := range texts {
		if err := json.Unmarshal([]byte(text), &all[i]); err != nil {
			return fmt.Errorf("task %d introduces itself by %.40q: %w", i, text, err)
		}
	}
	c.reachAll(ctx, all, patience, identity)
	return t.Barrier(ctx)
}

// meetAtDriver learns of the others from the driver, and leaves when it says so.
func (c *checkup) meetAtDriver(ctx context.Context, v *visit, patience time.Duration, identity *secure.Identity) error {
	met, err := v.hear(welcome)
	if err != nil {
		return err
	}
	c.reachAll(ctx, met.Meeting.Addresses, patience, identity)
	if err := v.link.send(message{Kind: done}); err != nil {
		return err
	}
	_, err = v.hear(bye)
	return err
}

// maxDials bounds how many others a task dials: each costs both sides a handshake, and
// all of them together grow with the square of their number.
const maxDials = 64

// dialed are those of n tasks that one of them dials: all others, or a sample. The next
// one, with which a worker adds up gradients, is the first.
func dialed(index, n int) []int {
	others := make([]int, min(n-1, maxDials))
	for k := range others {
		others[k] = (index + 1 + k*(n-1)/len(others)) % n
	}
	return others
}

// reachAll dials other tasks.
func (c *checkup) reachAll(ctx context.Context, all [][]string, patience time.Duration, identity *secure.Identity) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c.Peers = make([]contact, len(all))
	var dialing sync.WaitGroup
	for _, i := range dialed(c.Index, len(all)) {
		if len(all[i]) == 0 {
			c.Peers[i].Error = "it did not come in time to say where it listens"
			continue
		}
		dialing.Go(func() {
			conn, err := dial(ctx, all[i], identity)
			if err != nil {
				c.Peers[i].Error = oneLine(err.Error())
				return
			}
			c.Peers[i].Address = conn.RemoteAddr().String()
			_ = conn.Close()
		})
	}
	dialing.Wait()
}

// visit is a task's link to the driver.
type visit struct {
	link  *link
	early map[kind]*message // that came before they were wanted
}

// visit calls on the driver, and asks for the time; nil if it cannot be reached.
func (c *checkup) visit(ctx context.Context, b *bootstrap, s seat, identity *secure.Identity, me *hello) *visit {
	l, err := reach(ctx, b, s, identity, me)
	if err != nil {
		c.Driver.Error = failedFinding("", err).Text
		return nil
	}
	l.endWith(ctx)
	go l.keep()
	c.Driver.Address, c.Detour = "the folder", oneLine(me.Detour)
	if conn, ok := l.conn.(interface{ RemoteAddr() net.Addr }); ok {
		c.Driver.Address = conn.RemoteAddr().String()
	}
	v := &visit{l, map[kind]*message{}}
	if c.Clock, err = v.compareClocks(); err != nil {
		c.Driver = contact{Error: oneLine(err.Error())}
		l.end(err)
		return nil
	}
	return v
}

// hear waits for a message of a kind.
func (v *visit) hear(k kind) (*message, error) {
	for v.early[k] == nil {
		m, err := v.link.recv()
		if err != nil {
			return nil, fmt.Errorf("the driver is lost: %w", err)
		}
		v.early[m.Kind] = m
	}
	m := v.early[k]
	delete(v.early, k)
	return m, nil
}

func (v *visit) compareClocks() (*ticking, error) {
	var best *ticking
	for range clockQuestions {
		asked := time.Now()
		if err := v.link.send(message{Kind: clock}); err != nil {
			return nil, err
		}
		m, err := v.hear(clock)
		if err != nil {
			return nil, err
		}
		half := time.Since(asked) / 2
		if best == nil || half < best.Within {
			best = &ticking{Ahead: asked.Add(half).Sub(time.Unix(0, m.Time)), Within: half}
		}
	}
	return best, nil
}

// The files by which driver and tasks try a folder of shared storage.
const (
	driverFile = "doctor"
	sharedText = "written by the driver"
)

func taskFile(index int) string { return fmt.Sprintf("doctor-%d", index) }

// trySharing reads what the driver wrote, and writes something for it.
func trySharing(ctx context.Context, folder string, index int) error {
	text, err := readBounded(ctx, storage.Join(folder, driverFile), int64(len(sharedText)))
	if err != nil {
		return err
	}
	if string(text) != sharedText {
		return fmt.Errorf("%s has other content than the driver wrote", storage.Join(folder, driverFile))
	}
	return storage.WriteFile(ctx, storage.Join(folder, taskFile(index)), []byte(sharedText))
}
