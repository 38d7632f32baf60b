package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/emberml/ember/internal/config"
	"github.com/emberml/ember/model"
	"github.com/emberml/ember/nn/zoo"
	"github.com/emberml/ember/storage"
)

// subject is what WHAT names on a command line. One of its fields is set.
type subject struct {
	builtin string       // the name of a built-in net
	file    *config.Node // the content of a net file
	model   *model.Model
}

// planned are the algorithms of other versions of Ember.
var planned = []string{"automl", "drf", "gbm", "glm", "kmeans"}

// netFiles are the extensions of net files.
var netFiles = []string{".yaml", ".yml", ".json"}

// namesFile tells whether WHAT is a file by its extension: a net file or a model.
func namesFile(what string) bool {
	ext := strings.ToLower(path.Ext(storage.Base(what)))
	return ext == ".onnx" || slices.Contains(netFiles, ext)
}

// resolve opens what WHAT names: by its extension a net file or a model, else a
// built-in net.
func resolve(ctx context.Context, what string) (*subject, error) {
	ext := strings.ToLower(path.Ext(storage.Base(what)))
	switch {
	case slices.Contains(netFiles, ext):
		text, err := storage.ReadFile(ctx, what)
		if err != nil {
			return nil, usageError{fmt.Errorf("net file: %w", err)}
		}
		root, err := config.Parse(what, text)
		if err != nil {
			return nil, err
		}
		if root.Get("name") == nil {
			name := strings.TrimSuffix(storage.Base(what), path.Ext(what))
			if _, err := config.Set(root, "name", config.NewText(name).String(), nil); err != nil {
				return nil, err
			}
		}
		return &subject{file: root}, nil
	case ext == ".onnx":
		m, err := loadModel(ctx, what)
		if err != nil {
			return nil, err
		}
		return &subject{model: m}, nil
	case slices.Contains(zoo.Names(), what):
		return &subject{builtin: what}, nil
	}
	return nil, usageError{unknown(ctx, what)}
}

// unknown says what a word that names nothing may have meant.
func unknown(ctx context.Context, what string) error {
	nets := strings.Join(zoo.Names(), ", ")
	if slices.Contains(planned, what) {
		return fmt.Errorf("%s is not in this version yet; it trains nets: %s, or a net file", what, nets)
	}
	if _, err := storage.Stat(ctx, what); err == nil {
		return fmt.Errorf("%s: neither a net file (.yaml, .json) nor a model (.onnx) by its name", what)
	}
	hint := "built-in nets are " + nets
	if near := config.Nearest(what, append(zoo.Names(), planned...)); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return fmt.Errorf("%q is no built-in net, net file (.yaml, .json) or model (.onnx); %s", what, hint)
}

// loadModel opens a model; what is wrong with it ends the program with the code
// for models.
func loadModel(ctx context.Context, name string) (*model.Model, error) {
	m, err := model.Load(ctx, name)
	if errors.Is(err, fs.ErrNotExist) && slices.Contains(zoo.Names(), name) {
		return nil, inputError{fmt.Errorf("%s is a built-in net, not a model: train it first, ember train %s --data D", name, name)}
	}
	return m, readError(err)
}
