package data

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// builtin is a data set that is known by name.
type builtin struct {
	description string
	open        func(ctx context.Context, d *Dataset, o *Options) error
}

// builtins lists the data sets by name.
var builtins = map[string]builtin{
	"mnist":  {"handwritten digits, 28×28, 60,000 to train and 10,000 to test", mnist.open},
	"digits": {"handwritten digits, 8×8 with 17 levels, 1,797", openDigits},
	"iris":   {"Fisher's iris flowers, 4 measures, 3 species, 150", openIris},
}

// Builtins returns the names of the built-in data sets, sorted, and what they hold.
func Builtins() (names []string, description map[string]string) {
	description = map[string]string{}
	for name, b := range builtins {
		description[name] = b.description
	}
	return slices.Sorted(maps.Keys(builtins)), description
}

//go:embed embedded/digits-images-idx3-ubyte.gz
var digitsImages []byte

//go:embed embedded/digits-labels-idx1-ubyte.gz
var digitsLabels []byte

//go:embed embedded/iris.csv
var irisCSV []byte

func openDigits(_ context.Context, d *Dataset, _ *Options) error {
	x, errX := DecodeIDX(digitsImages, "digits")
	y, errY := DecodeIDX(digitsLabels, "digits")
	if err := errors.Join(errX, errY); err != nil {
		return err
	}
	src, err := idxSource("digits", x, y)
	if err != nil {
		return err
	}
	src.Schema().Max = 16
	d.Train = src
	return nil
}

func openIris(ctx context.Context, d *Dataset, o *Options) error {
	src, err := openCSV(ctx, &file{name: "iris", bytes: irisCSV, detached: true}, o)
	d.Train = src
	return err
}

// CacheDir returns the folder that keeps downloaded data sets, unless [Options] name
// another: what EMBER_DATA says, else ember in the user's cache folder.
func CacheDir() (string, error) { return cacheDir(&Options{}) }

func cacheDir(o *Options) (string, error) {
	if o.Cache != "" {
		return o.Cache, nil
	}
	if dir := os.Getenv("EMBER_DATA"); dir != "" {
		return dir, nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no folder to keep data sets in: set EMBER_DATA to one: %w", err)
	}
	return filepath.Join(dir, "ember"), nil
}

func mirrors(o *Options) []string {
	if o.Mirrors != nil {
		return o.Mirrors
	}
	return strings.Fields(os.Getenv("EMBER_MIRRORS"))
}
