package data

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/emberml/ember/storage"
	"github.com/emberml/ember/tensor"
)

// Options says how a data set is read. The zero value works.
type Options struct {
	// Target is the column to learn (several, parted by commas), or the array
	// of an npz file. Without it a CSV file's is the column called target,
	// label, class or y, else the last; an npz file's the array y.
	Target string
	// NoTarget reads all columns as features and no labels.
	NoTarget bool
	// Columns are the columns of a table to take as features, in that order;
	// nil takes all but the target.
	Columns []string
	// DType is the element type of a table's numbers; Float32 by default.
	DType tensor.DType
	// Stdin is read for "-"; os.Stdin by default.
	Stdin io.Reader
	// Cache is the folder that keeps downloaded data sets; by default the
	// environment's EMBER_DATA, else ember in the user's cache folder.
	Cache string
	// Lender is the folder or URL of another cache that built-in data sets are
	// taken from first, as they are: that of the driver, for a worker.
	Lender string
	// Mirrors are folders or URLs that are asked first for the files of a
	// built-in data set; by default those in the environment's EMBER_MIRRORS,
	// parted by spaces.
	Mirrors []string
	// Progress is told how a download goes; total is -1 if it is not known.
	Progress func(file string, done, total int64)

	optionalTarget bool        // a missing target is no error
	channels       int         // of images; 0: as many as they have
	share          *Membership // who else reads the files; nil: everybody reads all
}

// Dataset is what a data source holds.
type Dataset struct {
	Name  string
	Train Source
	Test  Source // the part to test on, where the set has one, else nil

	mappings []*storage.Mapping
	rows     *store // of a part that is spread, or nil
}

// Close gives back the memory that files are mapped into, and temporary files. Nothing may use the
// sources any more.
func (d *Dataset) Close() error {
	var err error
	for _, m := range d.mappings {
		err = errors.Join(err, m.Close())
	}
	d.mappings = nil
	if d.rows != nil {
		err = errors.Join(err, d.rows.close())
	}
	return err
}

// Open opens a data source: the name of a built-in set, a file or URL of a known
// format, a folder, a pattern that names several files, or "-" for standard input.
// The format follows from the name's extension, else from the content. Images are
// read when they are needed, so ctx has to last as long.
func Open(ctx context.Context, spec string, o Options) (*Dataset, error) {
	d := &Dataset{Name: spec}
	if err := d.open(ctx, spec, &o); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// OpenLike opens a data source in the form of the data that like describes, as a
// model wants it that was trained on those; see [Conform]. The target may be
// missing. A test part is opened likewise.
func OpenLike(ctx context.Context, spec string, like *Schema, o Options) (*Dataset, error) {
	d, err := Open(ctx, spec, o.Like(like))
	if err != nil {
		return nil, err
	}
	return d.Conform(like)
}

// Like returns the options with which a source is read that is to conform to like:
// its columns and target, and as many channels of images. The target may be missing.
func (o Options) Like(like *Schema) Options {
	o.optionalTarget = o.Target == ""
	switch like.Layout {
	case "HW":
		o.channels = 1
	case "HWC":
		o.channels = min(like.Sample[2], 3) // files with transparency lose it
	}
	if like.Columns != nil {
		if o.Columns == nil {
			o.Columns = like.Columns
		}
		if o.Target == "" {
			o.Target = strings.Join(like.Target.Names, ",")
		}
	}
	return o
}

// Conform brings both parts into the form of the data that like describes; see
// [Conform]. What does not fit closes the data set.
func (d *Dataset) Conform(like *Schema) (*Dataset, error) {
	var err error
	if d.Train, err = Conform(d.Train, like); err == nil && d.Test != nil {
		d.Test, err = Conform(d.Test, like)
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func (d *Dataset) open(ctx context.Context, spec string, o *Options) error {
	if set, ok := builtins[spec]; ok {
		return set.open(ctx, d, o)
	}
	if spec == "-" {
		return d.openStdin(ctx, o)
	}
	var infos []storage.Info
	info, err := storage.Stat(ctx, spec)
	switch {
	case err == nil:
		infos = []storage.Info{info}
	case errors.Is(err, fs.ErrNotExist) && storage.HasGlob(spec):
		infos, err = storage.Glob(ctx, spec)
	case errors.Is(err, fs.ErrNotExist):
		names, _ := Builtins()
		return fmt.Errorf("%s: no such file or folder, nor one of the built-in data sets %s: %w", spec, strings.Join(names, ", "), fs.ErrNotExist)
	}
	if err != nil {
		return err
	}
	if len(infos) == 1 && infos[0].Dir {
		return d.openFolder(ctx, infos[0].Name, o)
	}
	d.Train, err = d.openFiles(ctx, spec, infos, o)
	return err
}

// openFiles opens files as one source.
func (d *Dataset) openFiles(ctx context.Context, spec string, infos []storage.Info, o *Options) (Source, error) {
	pictures := pictureNames(infos)
	switch parts := parquetNames(infos); {
	case parts != nil:
		return openParquetFiles(ctx, spec, parts, o)
	case len(pictures) == len(infos):
		return newImages(ctx, spec, pictures, o.channels)
	case len(pictures) > 0:
		return nil, fmt.Errorf("%s: names images and other files: want one kind", spec)
	}
	var parts []Source
	for _, info := range infos {
		if info.Dir {
			return nil, fmt.Errorf("%s: %s is a folder: want files, or one folder", spec, info.Name)
		}
		if _, local := storage.LocalPath(info.Name); o.share != nil && !local && len(infos) == 1 {
			if src, err := d.openShare(ctx, info.Name, o); src != nil || err != nil {
				return src, err
			}
		}
		m, err := storage.Map(ctx, info.Name)
		if err != nil {
			return nil, err
		}
		part, err := d.decode(ctx, &file{name: info.Name, bytes: m.Bytes, mapping: m}, o)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return Concat(parts...)
}

// openFolder opens a folder of images, one of IDX files laid out as MNIST's, or one
// of Parquet files as Spark writes it.
func (d *Dataset) openFolder(ctx context.Context, dir string, o *Options) error {
	infos, err := storage.List(ctx, dir)
	if err != nil {
		return err
	}
	if parts := parquetNames(infos); parts != nil {
		d.Train, err = openParquetFiles(ctx, dir, parts, o)
		return err
	}
	for _, info := range infos {
		src := d.part(storage.Base(info.Name))
		if src == nil || *src != nil {
			continue
		}
		if *src, err = d.openFiles(ctx, dir, []storage.Info{info}, o); err != nil {
			return err
		}
	}
	switch {
	case d.Train == nil && d.Test == nil:
		d.Train, err = openImages(ctx, dir, infos, o.channels)
	case d.Train == nil: // a test part alone is all there is
		d.Train, d.Test = d.Test, nil
	case d.Test != nil:
		d.Test, err = Conform(d.Test, d.Train.Schema())
	}
	return err
}

// part returns where the images of a file belong by its name; nil for other files.
func (d *Dataset) part(base string) *Source {
	switch {
	case !idxNames.MatchString(base):
		return nil
	case strings.HasPrefix(base, "train-images"):
		return &d.Train
	case strings.HasPrefix(base, "t10k-images"), strings.HasPrefix(base, "test-images"):
		return &d.Test
	}
	return nil
}

func (d *Dataset) openStdin(ctx context.Context, o *Options) error {
	r := o.Stdin
	if r == nil {
		r = os.Stdin
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("read standard input: %w", err)
	}
	d.Train, err = d.decode(ctx, &file{name: "standard input", bytes: b, detached: true}, o)
	return err
}
