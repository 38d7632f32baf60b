package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/emberml/ember/internal/config"
	"github.com/emberml/ember/nn"
)

// set applies those of --set to a net's configuration that are about the key or
// what is below it; all where the key is empty. It returns what is worth a note.
func (c *trainCmd) set(root *config.Node, key string) (notes []string, err error) {
	for _, text := range c.Set {
		path, value, ok := strings.Cut(text, "=")
		if !ok {
			return nil, usageError{fmt.Errorf("--set %s: want KEY=VALUE, such as optimizer.adam.lr=0.01", text)}
		}
		if !below(path, key) {
			continue
		}
		note, err := config.Set(root, path, value, nn.Choices(root))
		if err != nil {
			return nil, err
		}
		if note != "" {
			notes = append(notes, note)
		}
	}
	return notes, nil
}

// below tells whether a path is a key or leads below it; each does for none.
func below(path, key string) bool {
	return key == "" || path == key || strings.HasPrefix(path, key+".")
}

// sets tells whether --set names the key or one below it.
func (c *trainCmd) sets(key string) bool {
	return slices.ContainsFunc(c.Set, func(text string) bool {
		path, _, _ := strings.Cut(text, "=")
		return below(path, key)
	})
}

// edit changes a net's configuration as the command line asks: --set first, then
// the flags that stand for a key of train. It returns what is worth a note.
func (c *trainCmd) edit(root *config.Node) (notes []string, err error) {
	if notes, err = c.set(root, ""); err != nil {
		return nil, err
	}
	for _, flag := range c.trainFlags() {
		if flag.value == "" {
			continue
		}
		if _, err := config.Set(root, "train."+flag.key, flag.value, nn.Choices(root)); err != nil {
			return nil, err
		}
		root.Get("train").Get(flag.key).File = "--" + flag.name // where a mistake in the value is
	}
	return notes, nil
}

// trainFlag is a flag that stands for a key of train in the net file.
type trainFlag struct{ name, key, value string }

func (c *trainCmd) trainFlags() []trainFlag {
	seed := ""
	if c.Seed != nil {
		seed = strconv.FormatUint(*c.Seed, 10)
	}
	return []trainFlag{
		{"epochs", "epochs", whole(c.Epochs)},
		{"steps", "steps", whole(c.Steps)},
		{"batch", "batch", whole(c.Batch)},
		{"virtual-workers", "virtual_workers", whole(c.VirtualWorkers)},
		{"seed", "seed", seed},
	}
}

// whole is a number as text, empty where there is none.
func whole(n *int) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(*n)
}
