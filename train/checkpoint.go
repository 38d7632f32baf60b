package train

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/storage"
	"github.com/emberml/ember/tensor"
)

// checkpointVersion grows when the JSON changes its meaning.
const checkpointVersion = 1

// checkpoint is a moment between two steps of training from which training goes
// on to the same bits. On storage it is two files in the checkpoint folder,
// step-N.safetensors with all variables and step-N.json with this struct; the
// JSON is written last and holds the checksum of the other.
type checkpoint struct {
	Version int    `json:"version"`
	Step    int    `json:"step"`    // updates done
	Epoch   int    `json:"epoch"`   // epochs done
	Sample  int    `json:"sample"`  // samples of the present epoch done
	Seed    uint64 `json:"seed"`    // of the run
	Batch   int    `json:"batch"`   // global batch size
	Data    string `json:"data"`    // fingerprint of the training data
	Layers  string `json:"layers"`  // SHA-256 of the part of the net's source that has to stay; of nothing for a net that lives in Go only
	Weights string `json:"weights"` // SHA-256 of the variables' file
	Best    bool   `json:"best"`    // the best so far when it was written

	Done     bool `json:"done"`     // early stopping ended training
	Finished bool `json:"finished"` // training had nothing left to do

	Progress progress `json:"progress"` // of the present epoch
	Stopping stopping `json:"stopping"`
	// LastEpoch is the scores of the last epoch on the training data.
	LastEpoch map[string]float64 `json:"last_epoch,omitempty"`
	Net       string             `json:"net,omitempty"` // the net's source, for people
}

// CheckpointError says that a checkpoint cannot be gone on from.
type CheckpointError struct {
	File   string
	Detail string
	Hint   string
}

// Error names the file, what is wrong and what to do.
func (e *CheckpointError) Error() string {
	return strings.TrimSuffix(fmt.Sprintf("checkpoint %s: %s; %s", e.File, e.Detail, e.Hint), "; ")
}

// checkpoints is a folder of checkpoints.
type checkpoints struct {
	dir  string
	keep int // how many of the newest stay; the best stays besides
}

func (c checkpoints) file(step int, ext string) string {
	return storage.Join(c.dir, fmt.Sprintf("step-%09d.%s", step, ext))
}

// save writes a checkpoint. Nothing half-written stays: both files appear whole or
// not at all.
func (c checkpoints) save(ctx context.Context, cp checkpoint, state *engine.State, skip func(name string) bool) (string, error) {
	variables := map[string]*tensor.Tensor{}
	size := 0
	for _, name := range state.Names() {
		if !skip(name) {
			variables[name] = state.Get(name)
			size += variables[name].Len() * variables[name].DType().Size()
		}
	}
	sum := sha256.New()
	weights := c.file(cp.Step, "safetensors")
	err := storage.Write(ctx, weights, int64(size), func(w io.Writer) error {
		return tensor.WriteSafetensors(io.MultiWriter(w, sum), variables, nil)
	})
	if err != nil {
		return "", err
	}
	cp.Version = checkpointVersion
	cp.Weights = hex.EncodeToString(sum.Sum(nil))
	text, err := json.MarshalIndent(cp, "", "  ")
	if err != nil {
		return "", err
	}
	name := c.file(cp.Step, "json")
	if err := storage.WriteFile(ctx, name, append(text, '\n')); err != nil {
		if _, noJSON := storage.Stat(ctx, name); errors.Is(noJSON, fs.ErrNotExist) {
			err = errors.Join(err, storage.Remove(ctx, weights))
		} // else the JSON of this step belongs to the same variables
		return "", err
	}
	return name, nil
}

// check is an error if nothing can be written to the folder.
func (c checkpoints) check(ctx context.Context) error {
	name := storage.Join(c.dir, "check")
	if err := storage.WriteFile(ctx, name, nil); err != nil {
		return err
	}
	return storage.Remove(ctx, name)
}

// steps lists the checkpoints' steps, the newest first.
func (c checkpoints) steps(ctx context.Context) ([]int, error) {
	infos, err := storage.List(ctx, c.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var steps []int
	for _, info := range infos {
		var step int
		base := storage.Base(info.Name)
		if n, _ := fmt.Sscanf(base, "step-%d.json", &step); n == 1 && storage.Base(c.file(step, "json")) == base {
			steps = append(steps, step)
		}
	}
	slices.Sort(steps)
	slices.Reverse(steps)
	return steps, nil
}

// prune removes all but the newest and the best checkpoints.
func (c checkpoints) prune(ctx context.Context) error {
	steps, err := c.steps(ctx)
	if err != nil || len(steps) <= c.keep {
		return err
	}
	best := -1
	for _, step := range steps {
		if cp, err := c.read(ctx, step); err == nil && cp.Best {
			best = step
			break
		}
	}
	return c.remove(ctx, steps[c.keep:], best)
}

// remove removes the checkpoints of the steps but that of one to keep.
func (c checkpoints) remove(ctx context.Context, steps []int, keep int) error {
	for _, step := range steps {
		if step == keep {
			continue
		}
		for _, ext := range []string{"json", "safetensors"} {
			if err := storage.Remove(ctx, c.file(step, ext)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

func (c checkpoints) read(ctx context.Context, step int) (checkpoint, error) {
	name := c.file(step, "json")
	text, err := storage.ReadFile(ctx, name)
	if err != nil {
		return checkpoint{}, err
	}
	var cp checkpoint
	d := json.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(&cp); err != nil {
		return cp, &CheckpointError{File: name, Detail: err.Error(), Hint: "remove it to go on from an older one"}
	}
	if cp.Version != checkpointVersion {
		return cp, &CheckpointError{File: name, Detail: fmt.Sprintf("version %d, this Ember reads %d", cp.Version, checkpointVersion), Hint: "go on with the Ember that wrote it"}
	}
	return cp, nil
}

// load reads the newest checkpoint and puts its variables in the state, which
// must have exactly these.
func (c checkpoints) load(ctx context.Context, state *engine.State, skip func(name string) bool) (checkpoint, error) {
	steps, err := c.steps(ctx)
	if err != nil {
		return checkpoint{}, err
	}
	if len(steps) == 0 {
		return checkpoint{}, &CheckpointError{File: c.dir, Detail: "the folder holds none", Hint: "train without --resume, or name the folder with --checkpoint"}
	}
	cp, err := c.read(ctx, steps[0])
	if err != nil {
		return cp, err
	}
	variables, err := c.variables(ctx, cp)
	if err != nil {
		return cp, err
	}
	return cp, c.restore(c.file(cp.Step, "safetensors"), variables, state, skip)
}

// bestVariables are those of the best checkpoint; nil if there is none.
func (c checkpoints) bestVariables(ctx context.Context) (map[string]*tensor.Tensor, error) {
	steps, err := c.steps(ctx)
	if err != nil {
		return nil, err
	}
	for _, step := range steps {
		cp, err := c.read(ctx, step)
		if err != nil {
			return nil, err
		}
		if cp.Best {
			return c.variables(ctx, cp)
		}
	}
	return nil, nil
}

// variables reads the variables of a checkpoint and checks that they are whole.
func (c checkpoints) variables(ctx context.Context, cp checkpoint) (map[string]*tensor.Tensor, error) {
	const hint = "remove both of its files to go on from an older one"
	name := c.file(cp.Step, "safetensors")
	content, err := storage.ReadFile(ctx, name)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != cp.Weights {
		return nil, &CheckpointError{File: name, Detail: "its checksum is not the one in the JSON file: it was changed or cut", Hint: hint}
	}
	variables, _, err := tensor.ReadSafetensors(content)
	if err != nil {
		return nil, &CheckpointError{File: name, Detail: err.Error(), Hint: hint}
	}
	return variables, nil
}

// restore copies variables to the state, if they are the state's.
func (c checkpoints) restore(name string, variables map[string]*tensor.Tensor, state *engine.State, skip func(name string) bool) error {
	other := func(format string, args ...any) error {
		return &CheckpointError{
			File: name, Detail: "it is of another net: " + fmt.Sprintf(format, args...),
			Hint: "name the net and the options that it was written with, or train without --resume",
		}
	}
	wanted := map[string]bool{}
	for _, v := range state.Names() {
		if skip(v) {
			continue
		}
		wanted[v] = true
		saved, here := variables[v], state.Get(v)
		switch {
		case saved == nil:
			return other("%s is missing", v)
		case saved.DType() != here.DType() || !saved.Shape().Equal(here.Shape()):
			return other("%s is %v%v there, %v%v here", v, saved.DType(), saved.Shape(), here.DType(), here.Shape())
		}
	}
	for v := range variables {
		if !wanted[v] {
			return other("%s is unknown here", v)
		}
	}
	for v, t := range variables {
		if err := state.Set(v, t); err != nil {
			return err
		}
	}
	return nil
}
