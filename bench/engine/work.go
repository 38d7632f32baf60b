package main

import (
	"fmt"
	"strings"
)

// work is a piece of computing that Ember and its peers are asked to do.
type work struct {
	Kind string `json:"kind"` // gemm, train, infer, op, requests

	Net        string `json:"net,omitempty"`
	Batch      int    `json:"batch,omitempty"`
	Input      []int  `json:"input,omitempty"`      // shape of a sample
	Classes    int    `json:"classes,omitempty"`    // 0: the net learns its input
	Vocabulary int    `json:"vocabulary,omitempty"` // of nets that read tokens
	File       string `json:"file,omitempty"`       // ONNX, for who runs that

	Op    string `json:"op,omitempty"`
	Shape []int  `json:"shape,omitempty"` // of an op's values; m, n, k and count of a product
	Trans string `json:"trans,omitempty"` // nn, tn or nt: which factor is transposed
	DType string `json:"dtype,omitempty"`

	slowToCompile bool    // for torch.compile
	tolerance     float64 // of the check, relative; 0 is 1e-3
}

// String names the work in tables.
func (w work) String() string {
	switch w.Kind {
	case "gemm":
		text := strings.Trim(strings.ReplaceAll(fmt.Sprint(w.Shape), " ", "×"), "[]")
		if w.Trans != "nn" {
			text += " " + w.Trans
		}
		if w.DType != "float32" {
			text += " " + w.DType
		}
		return text
	case "op":
		return fmt.Sprintf("%s %d×%d", w.Op, w.Shape[0], w.Shape[1])
	case "requests":
		return w.Net
	}
	text := w.Net
	if len(w.Input) == 3 {
		text += fmt.Sprintf(" %d²", w.Input[2])
	}
	return fmt.Sprintf("%s, batch %d", text, w.Batch)
}

// request and reply are the lines between the bench and who does the work;
// peers/serve.py describes them.
type request struct {
	Do         string `json:"do"`
	Work       *work  `json:"work,omitempty"`
	Iterations int    `json:"iterations,omitempty"`
}

type reply struct {
	Check   []float64 `json:"check,omitempty"`
	Seconds float64   `json:"seconds,omitempty"`
	CPU     float64   `json:"cpu,omitempty"` // seconds of all threads
	Peak    float64   `json:"peak,omitempty"`
	Skip    string    `json:"skip,omitempty"`
	Error   string    `json:"error,omitempty"`

	// Ember alone says these.
	FLOPs    float64 `json:"flops,omitempty"` // of an iteration
	Bytes    float64 `json:"bytes,omitempty"` // that an iteration cannot but move
	Read     float64 `json:"read,omitempty"`  // seconds that reading a product's operands takes alone
	File     string  `json:"file,omitempty"`  // the net as ONNX
	Planning float64 `json:"planning,omitempty"`
	FMA      float64 `json:"fma,omitempty"`  // FLOP/s of all threads
	Copy     float64 `json:"copy,omitempty"` // bytes/s of all threads, with the reads for ownership
}
