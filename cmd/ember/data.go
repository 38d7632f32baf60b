package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/emberml/ember/data"
)

type dataCmd struct {
	Show dataShowCmd `cmd:"" default:"withargs" help:"Describe a data set (the default)."`
	Copy dataCopyCmd `cmd:"" help:"Copy a data set to a file of another format."`
}

// Help is shown by ember data --help.
func (dataCmd) Help() string {
	return `
Examples:

  ember data
  ember data mnist
  ember data train.csv --target price
  ember data copy mnist mnist.npz
`
}

// sourceHelp says what a data source can be.
const sourceHelp = `
D, a data source, is the name of a built-in set (ember data lists them), a file or URL (CSV with a header, Parquet, npz with arrays
x and y, IDX with its labels beside it, PNG, JPEG), a folder of images with one sub-folder a class, a pattern such as 'part-*.csv', or
- for standard input. Built-in sets are fetched once into $EMBER_DATA, by default a folder of the user's cache.
`

type dataShowCmd struct {
	D      string `arg:"" optional:"" help:"The data source; without it, the built-in sets are listed."`
	Target string `placeholder:"COL" help:"Column to learn; several are parted by commas."`
	JSON   bool   `name:"json" help:"Print one JSON object."`
}

// Help is shown by ember data show --help.
func (dataShowCmd) Help() string { return sourceHelp }

// Run describes the data or lists the built-in sets.
func (c *dataShowCmd) Run(e *env) error {
	if c.D == "" {
		return c.list(e)
	}
	d, err := openData(e, c.D, data.Options{Target: c.Target})
	if err != nil {
		return err
	}
	defer d.Close()
	out := struct {
		Name  string        `json:"name"`
		Train *data.Summary `json:"train"`
		Test  *data.Summary `json:"test,omitempty"`
	}{Name: d.Name}
	if out.Train, err = data.Describe(d.Train); err != nil {
		return readError(err)
	}
	if d.Test != nil {
		if out.Test, err = data.Describe(d.Test); err != nil {
			return readError(err)
		}
	}
	if c.JSON {
		return json.NewEncoder(e.stdout).Encode(out)
	}
	text := strings.TrimSpace(out.Train.String()) + "\n"
	if out.Test != nil {
		text += "\nto test on, " + strings.TrimSpace(out.Test.String()) + "\n"
	}
	_, err = io.WriteString(e.stdout, text)
	return err
}

func (c *dataShowCmd) list(e *env) error {
	names, description := data.Builtins()
	if c.JSON {
		return json.NewEncoder(e.stdout).Encode(description)
	}
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	for _, name := range names {
		fmt.Fprintf(w, "%s\t%s\n", name, description[name])
	}
	return w.Flush()
}

type dataCopyCmd struct {
	From   string `arg:"" help:"The data source."`
	To     string `arg:"" help:"The file to write: .parquet, .npz, .csv, .tsv or …-images-idx3-ubyte, all but .parquet with .gz if you like."`
	Part   string `enum:"train,test" default:"train" help:"The part of a set that has two: ${enum}."`
	Target string `placeholder:"COL" help:"Column to learn; several are parted by commas."`
}

// Help is shown by ember data copy --help.
func (dataCopyCmd) Help() string {
	return `
Examples:

  ember data copy mnist mnist.npz
  ember data copy mnist t10k-images-idx3-ubyte.gz --part test
  ember data copy iris iris.csv
`
}

// Run copies.
func (c *dataCopyCmd) Run(e *env) error {
	d, err := openData(e, c.From, data.Options{Target: c.Target})
	if err != nil {
		return err
	}
	defer d.Close()
	src := d.Train
	if c.Part == "test" {
		if src = d.Test; src == nil {
			return usageError{fmt.Errorf("--part test: %s has one part only", c.From)}
		}
	}
	if err := data.Copy(e.ctx, src, c.To); err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.stdout, "saved %s: %d samples\n", c.To, src.Len())
	return err
}

// openData opens a data source; what is wrong with it ends the program with the
// code for data.
func openData(e *env, spec string, o data.Options) (*data.Dataset, error) {
	if err := sparkOnly(spec); err != nil {
		return nil, err
	}
	o.Stdin = e.stdin
	o.Progress = e.download()
	d, err := data.Open(e.ctx, spec, o)
	return d, readError(err)
}

// openLike is openData for a source in the form of the data that like describes.
func openLike(e *env, spec string, like *data.Schema, o data.Options) (*data.Dataset, error) {
	if err := sparkOnly(spec); err != nil {
		return nil, err
	}
	o.Stdin = e.stdin
	o.Progress = e.download()
	d, err := data.OpenLike(e.ctx, spec, like, o)
	return d, readError(err)
}

// download shows how the files of a built-in set come in.
func (e *env) download() func(file string, done, total int64) {
	last := ""
	return func(file string, _, total int64) {
		if file == last {
			return
		}
		last = file
		size := ""
		if total > 0 {
			size = fmt.Sprintf(" (%.1f MB)", float64(total)/1e6)
		}
		e.notef("fetching %s%s", file, size)
	}
}
