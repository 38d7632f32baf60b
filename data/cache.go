package data

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"sync"
	"sync/atomic"

	"github.com/emberml/ember/internal/cgroup"
	"github.com/emberml/ember/storage"
)

// CacheOptions says where rows are kept that are read once and needed in every
// epoch. The zero value works.
type CacheOptions struct {
	// Memory is how many bytes of rows are held in memory; those beyond it go
	// to a temporary file. 0 means a quarter of what the kernel lets this
	// process have, at most 1 GiB; less than 0 holds none.
	Memory int64
	// Folder is where the temporary file goes: on a disk, since a file in memory
	// helps nobody. By default it is that of [Scratch]; on a Spark executor one of
	// SPARK_LOCAL_DIRS is better.
	Folder string
}

const (
	cacheMemory = 1 << 30 // held in memory at most, unless told
	cacheBlock  = 1 << 20 // bytes of rows that go to disk together

	// cacheReaders is how many rows are asked of the disk at once.
	cacheReaders = 16
)

// budget is memory that several stores share.
type budget struct{ left atomic.Int64 }

func newBudget(o CacheOptions) *budget {
	b := new(budget)
	memory := o.Memory
	if memory == 0 {
		memory = cacheMemory
		if limit, err := cgroup.Memory(cgroup.Root); err == nil && limit.Bytes > 0 {
			memory = min(memory, limit.Bytes/4)
		}
	}
	b.left.Store(memory)
	return b
}

// take takes n bytes, if that many are left.
func (b *budget) take(n int64) bool {
	if b.left.Add(-n) >= 0 {
		return true
	}
	b.left.Add(n)
	return false
}

// store keeps rows of bytes in blocks: the first ones in memory as far as the budget
// goes, the others in a file that has no name any more, so that nothing of it is
// left when the process ends, however it does. Rows are appended by one goroutine,
// and read by any number after that.
type store struct {
	folder string
	budget *budget
	blocks []block
	open   []byte   // the last block while it fills
	ends   []uint32 // of the rows in it
	file   *os.File // nil while all is in memory
	size   int64    // of the file

	scratch sync.Pool // of *[]byte: what was read back
}

// block is rows that lie one after another.
type block struct {
	first, n int      // rows
	stride   int      // bytes of each row, if all have as many
	ends     []uint32 // else where each ends
	memory   []byte   // the rows, or nil:
	at       int64    // where they begin in the file
}

// bounds returns where rows i…j-1 of a block lie.
func (b *block) bounds(i, j int) (lo, hi int64) {
	if b.ends == nil {
		return int64(i * b.stride), int64(j * b.stride)
	}
	if i > 0 {
		lo = int64(b.ends[i-1])
	}
	return lo, int64(b.ends[j-1])
}

func newStore(o CacheOptions, b *budget) *store {
	return &store{folder: o.Folder, budget: b, scratch: sync.Pool{New: func() any { return new([]byte) }}}
}

// len returns the number of rows.
func (s *store) len() int {
	n := len(s.ends)
	if k := len(s.blocks); k > 0 {
		n += s.blocks[k-1].first + s.blocks[k-1].n
	}
	return n
}

// add appends a row, which put appends to the slice that it is given.
func (s *store) add(put func(row []byte) []byte) error {
	if s.open == nil {
		s.open = make([]byte, 0, cacheBlock+cacheBlock/8)
	}
	s.open = put(s.open)
	s.ends = append(s.ends, uint32(len(s.open)))
	if len(s.open) < cacheBlock {
		return nil
	}
	return s.seal()
}

// seal ends the open block. More rows may follow.
func (s *store) seal() error {
	if len(s.ends) == 0 {
		return nil
	}
	b := block{first: s.len() - len(s.ends), n: len(s.ends), stride: int(s.ends[0])}
	for i, end := range s.ends {
		if int(end) != (i+1)*b.stride {
			b.ends = append([]uint32{}, s.ends...)
			break
		}
	}
	if s.budget.take(int64(cap(s.open))) {
		b.memory = s.open
		s.open = nil
	} else {
		b.at = s.size
		if err := s.spill(); err != nil {
			return err
		}
		s.open = s.open[:0]
	}
	s.blocks, s.ends = append(s.blocks, b), s.ends[:0]
	return nil
}

// spill writes the open block to the file.
func (s *store) spill() error {
	if s.file == nil {
		var err error
		if s.file, err = createUnnamed(s.folder); err != nil {
			return err
		}
	}
	n, err := s.file.WriteAt(s.open, s.size)
	s.size += int64(n)
	if err != nil {
		err = storage.ExplainSpace(err, s.file.Name(), s.size, s.size+int64(len(s.open)-n))
		return fmt.Errorf("keep rows on disk: %w", err)
	}
	return nil
}

// createUnnamed returns a new file without a name, where the system lets an open
// file have none; else it has one until it is closed.
func createUnnamed(folder string) (*os.File, error) {
	if folder == "" {
		folder, _ = Scratch()
	}
	f, err := os.CreateTemp(folder, "ember-rows-*")
	if err != nil {
		err = storage.ExplainSpace(err, filepath.Join(folder, "ember-rows"), 0, 0)
		return nil, fmt.Errorf("keep rows on disk: %w", err)
	}
	os.Remove(f.Name()) // Windows refuses; close removes it there
	return f, nil
}

// close gives back the file.
func (s *store) close() error {
	s.blocks, s.open, s.ends = nil, nil, nil
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	if e := os.Remove(s.file.Name()); e != nil && !errors.Is(e, os.ErrNotExist) {
		err = errors.Join(err, e)
	}
	s.file = nil
	return err
}

// read calls do with each of the given rows, which is valid until do returns. All
// blocks are sealed.
func (s *store) read(rows []int, do func(row []byte) error) error {
	runs, size := s.runs(rows)
	scratch := s.scratch.Get().(*[]byte)
	defer s.scratch.Put(scratch)
	if int64(cap(*scratch)) < size {
		*scratch = make([]byte, size)
	}
	if err := s.fetch(runs, (*scratch)[:size]); err != nil {
		return err
	}
	for _, r := range runs {
		for i := r.from; i < r.to; i++ {
			lo, hi := r.block.bounds(i, i+1)
			if err := do(r.bytes[lo-r.lo : hi-r.lo]); err != nil {
				return err
			}
		}
	}
	return nil
}

// run is rows that follow one another in a block.
type run struct {
	block    *block
	from, to int   // rows of the block
	lo, hi   int64 // where they lie in it
	bytes    []byte
}

// runs cuts rows into runs, and returns how many bytes of them are on disk.
func (s *store) runs(rows []int) (runs []run, size int64) {
	for len(rows) > 0 {
		k := sort.Search(len(s.blocks), func(k int) bool { return s.blocks[k].first > rows[0] }) - 1
		b := &s.blocks[k]
		n := 1
		for n < len(rows) && rows[n] == rows[0]+n && rows[n] < b.first+b.n {
			n++
		}
		r := run{block: b, from: rows[0] - b.first, to: rows[0] - b.first + n}
		r.lo, r.hi = b.bounds(r.from, r.to)
		if b.memory == nil {
			size += r.hi - r.lo
		} else {
			r.bytes = b.memory[r.lo:r.hi]
		}
		runs, rows = append(runs, r), rows[n:]
	}
	return runs, size
}

// fetch reads those runs into scratch that are on disk: many at once, since a disk
// answers many requests in the time of one.
func (s *store) fetch(runs []run, scratch []byte) error {
	var readers sync.WaitGroup
	var next atomic.Int64
	errs := make(chan error, cacheReaders)
	work := func() {
		for {
			i := int(next.Add(1)) - 1
			if i >= len(runs) {
				return
			}
			r := &runs[i]
			if r.block.memory != nil || r.hi == r.lo {
				continue
			}
			if _, err := s.file.ReadAt(r.bytes, r.block.at+r.lo); err != nil {
				if err == io.EOF {
					err = io.ErrUnexpectedEOF
				}
				errs <- fmt.Errorf("read rows back from disk: %w", err)
				return
			}
		}
	}
	waiting := 0
	for i := range runs {
		if r := &runs[i]; r.block.memory == nil {
			r.bytes, scratch = scratch[:r.hi-r.lo], scratch[r.hi-r.lo:]
			waiting++
		}
	}
	for range min(waiting, cacheReaders) {
		readers.Go(work)
	}
	readers.Wait()
	select {
	case err := <-errs:
		return err
	default:
		return nil
	}
}
