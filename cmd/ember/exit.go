package main

import (
	"context"
	"errors"
	"io/fs"

	"github.com/emberml/ember/cluster"
	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/data"
	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/internal/config"
	"github.com/emberml/ember/internal/interrupt"
	"github.com/emberml/ember/onnx"
	"github.com/emberml/ember/storage"
	"github.com/emberml/ember/tensor"
	"github.com/emberml/ember/train"
)

// The exit codes, beside those of signals: what went wrong tells who has to act.
const (
	codeDone     = 0
	codeFailed   = 1 // on the way: not a number, disk full, out of memory
	codeQuestion = 2 // the command line, net file or an option is wrong
	codeData     = 3 // the data or the model is wrong
	codeCluster  = 4 // a cluster or a worker failed, or a deadline passed
)

// usageError says that the command line is wrong.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// inputError is what went wrong while data or a model was opened or read.
type inputError struct{ error }

func (e inputError) Unwrap() error { return e.error }

// readError marks an error of opening or reading data or a model; nil stays nil.
func readError(err error) error {
	if err == nil {
		return nil
	}
	return inputError{err}
}

// errTold is an error that the user has been told already.
var errTold = errors.New("told")

// codeOf is the exit code of an error: a signal first, since it makes other
// things fail; then by the type of the error.
func codeOf(ctx context.Context, err error) int {
	if err == nil {
		return codeDone
	}
	if code := interrupt.Code(ctx); code != 0 {
		return code
	}
	var onWorker *cluster.JobError
	switch {
	case errors.As(err, &onWorker):
		return onWorker.Code
	case is[*cluster.Error](err), is[*comm.PeerError](err):
		return codeCluster
	case is[usageError](err):
		return codeQuestion
	case is[*storage.SpaceError](err):
		return codeFailed
	case is[inputError](err), is[*tensor.FormatError](err), is[*data.ContentError](err), is[*train.CheckpointError](err),
		is[*onnx.UnsupportedError](err), is[*storage.ChecksumError](err), errors.Is(err, fs.ErrNotExist):
		return codeData
	case is[*config.Error](err), is[*tensor.ShapeError](err), is[*engine.MemoryError](err), errors.Is(err, errors.ErrUnsupported):
		return codeQuestion
	}
	return codeFailed
}

// is tells whether an error of the type is in the chain.
func is[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}
