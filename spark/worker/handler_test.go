package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"strings"

	"github.com/emberml/ember/frame"
)

// order is the message of the tests' tasks.
type order struct {
	Do     string `json:"do"`
	Secret string `json:"secret,omitempty"`
	File   string `json:"file,omitempty"`
}

// handlers are what the tests' tasks can do. Each writes rows of the columns
// "n long, text string".
var handlers = map[string]func(context.Context, *Task, order) error{
	// sum adds the first column of the input.
	"sum": func(_ context.Context, t *Task, _ order) error {
		sum := int64(0)
		for {
			f, err := t.Next()
			if err == io.EOF {
				return say(t, sum, "sum")
			} else if err != nil {
				return err
			}
			for _, v := range frame.Values[int64](f.Column(0)) {
				sum += v
			}
		}
	},
	// ignore reads no rows and writes none.
	"ignore": func(context.Context, *Task, order) error { return nil },
	// context tells the task's context.
	"context": func(_ context.Context, t *Task, _ order) error {
		text, err := json.Marshal(struct {
			Context
			Memory int64
			Host   string
		}{t.Context, t.Memory, t.Host})
		if err != nil {
			return err
		}
		return say(t, int64(t.Partition), string(text))
	},
	"gather": func(ctx context.Context, t *Task, _ order) error {
		all, err := t.AllGather(ctx, fmt.Sprintf("from %d", t.Partition))
		if err != nil {
			return err
		}
		if err := t.Barrier(ctx); err != nil {
			return err
		}
		return say(t, int64(len(t.Addresses)), strings.Join(all, ","))
	},
	"fail": func(context.Context, *Task, order) error {
		log.Print("before the failure")
		return errors.New("no such net: lenett")
	},
	"failLate": func(_ context.Context, t *Task, _ order) error {
		if err := say(t, 1, "rows first"); err != nil {
			return err
		}
		return errors.New("failed after rows")
	},
	"panic": func(context.Context, *Task, order) error { panic("lost its way") },
	// crash ends the process from a goroutine that nobody watches over.
	"crash": func(ctx context.Context, _ *Task, _ order) error {
		go func() { panic("all is lost") }()
		<-ctx.Done()
		return nil
	},
	"exit": func(context.Context, *Task, order) error {
		fmt.Fprintln(os.Stderr, "leaving at once")
		os.Exit(3)
		return nil
	},
	// wait makes a file, waits for the end, and removes the file.
	"wait": func(ctx context.Context, t *Task, o order) error {
		name := fmt.Sprintf("%s.%d", o.File, t.Partition)
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			return err
		}
		<-ctx.Done()
		return errors.Join(context.Cause(ctx), os.Remove(name))
	},
}

func handle(ctx context.Context, t *Task) error {
	var o order
	if err := json.Unmarshal(t.Message(), &o); err != nil {
		return err
	}
	do, ok := handlers[o.Do]
	if !ok {
		return fmt.Errorf("no handler %q", o.Do)
	}
	fmt.Println("printed on standard output") // must not go among the rows
	return do(ctx, t, o)
}

var rows = frame.Schema{
	{Name: "n", Type: frame.Type{Kind: frame.Int64}},
	{Name: "text", Type: frame.Type{Kind: frame.String}},
}

func say(t *Task, n int64, text string) error {
	f, err := frame.New(rows, frame.Of([]int64{n}), frame.Strings([]string{text}))
	if err != nil {
		return err
	}
	return t.Write(f)
}
