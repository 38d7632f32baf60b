// Package docs has names with and without comments.
package docs

import "io"

type Bare struct{}

// Good has a comment.
type Good[T any, U comparable] struct {
	First, Second T
	io.Reader
	hidden int
}

func (Good[T, U]) Method(x U, more ...int) (T, error) { panic(x) }

// Fine has one.
func (*Good[T, U]) Fine() {}

func (*Good[T, U]) String() string { return "" }

func (*Good[T, U]) Do() {}

// Doer is an interface, whose methods need no second comment.
type Doer interface {
	io.Writer
	Do()
	done() bool
}

type hidden struct{}

func (hidden) Exported() {}

func Func(f func(int) bool, s map[string][]int) {}

// Colors.
const (
	Red Color = iota
	Green
	blue
)

const (
	Alone  = 1
	Inline = 2 // has one
)

// Color is a number.
type Color uint8

// Same is an alias.
type Same = Color

var Table []Color
