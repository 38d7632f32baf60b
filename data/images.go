package data

import (
	"context"
	"fmt"
	"runtime"
	"sync"

	"github.com/emberml/ember/storage"
	"github.com/emberml/ember/tensor"
)

// colorProbes is how many files tell whether a folder has color.
const colorProbes = 16

// pictureFormat is the format of a schema of PNG and JPEG files.
const pictureFormat = "images"

// images is a source of picture files that are decoded when they are read.
type images struct {
	ctx    context.Context //nolint:containedctx // of Open: reads end with it
	schema *Schema
	files  []string
	y      *tensor.Tensor // classes, or nil
}

// newImages returns the source of picture files without classes. The first file
// tells the shape. Unless channels are given, gray files among colored ones are
// taken as colored, as far as a few files from all over tell.
func newImages(ctx context.Context, name string, files []string, channels int) (*images, error) {
	first, err := storage.ReadFile(ctx, files[0])
	if err != nil {
		return nil, err
	}
	picture, err := DecodeImage(first, files[0], channels)
	if err != nil {
		return nil, err
	}
	probes := min(colorProbes, len(files))
	for i := 1; i < probes && channels == 0 && picture.Shape()[2] == 1; i++ {
		file := files[i*(len(files)-1)/(probes-1)]
		b, err := storage.ReadFile(ctx, file)
		if err != nil {
			return nil, err
		}
		if other, err := DecodeImage(b, file, 0); err == nil && other.Shape()[2] == 3 { // damage is found when the file is read
			return newImages(ctx, name, files, 3)
		}
	}
	return &images{ctx: ctx, files: files, schema: &Schema{
		Name: name, Format: pictureFormat, Sample: picture.Shape(), DType: tensor.Uint8,
		Layout: "HWC", Varies: len(files) > 1, Max: 255,
	}}, nil
}

// openImages opens a folder with one sub-folder a class, or of pictures without
// classes.
func openImages(ctx context.Context, dir string, infos []storage.Info, channels int) (Source, error) {
	if files := pictureNames(infos); files != nil {
		return newImages(ctx, dir, files, channels)
	}
	var files, labels []string
	var classes []int64
	for _, info := range infos {
		if !info.Dir {
			continue
		}
		inside, err := storage.List(ctx, info.Name)
		if err != nil {
			return nil, err
		}
		class := pictureNames(inside)
		if class == nil {
			return nil, &ContentError{info.Name, "the folder of a class holds no PNG or JPEG file", "fill or remove it"}
		}
		for range class {
			classes = append(classes, int64(len(labels)))
		}
		files, labels = append(files, class...), append(labels, storage.Base(info.Name))
	}
	if files == nil {
		return nil, &ContentError{dir, "no data is in the folder", "want PNG or JPEG files in one sub-folder a class, or IDX files train-images-idx3-ubyte"}
	}
	s, err := newImages(ctx, dir, files, channels)
	if err != nil {
		return nil, err
	}
	s.y = tensor.Of(classes, len(classes))
	s.schema.Target = Target{Classes, []string{"class"}, labels}
	return s, nil
}

// pictureNames returns the names of the pictures in a listing.
func pictureNames(infos []storage.Info) []string {
	var names []string
	for _, info := range infos {
		if isImageName(info.Name) && !info.Dir {
			names = append(names, info.Name)
		}
	}
	return names
}

// openImage opens one picture from memory.
func openImage(_ context.Context, f *file, o *Options) (Source, error) {
	picture, err := DecodeImage(f.bytes, f.name, o.channels)
	if err != nil {
		return nil, err
	}
	schema := Schema{Name: f.name, Format: pictureFormat, Layout: "HWC", Max: 255}
	return FromTensors(schema, picture.Unsqueeze(0), nil)
}

func (s *images) Schema() *Schema { return s.schema }
func (s *images) Len() int        { return len(s.files) }

// Sample decodes one picture, with as many channels as the first.
func (s *images) Sample(row int) (*tensor.Tensor, error) {
	if err := checkRows(s.schema.Name, []int{row}, len(s.files)); err != nil {
		return nil, err
	}
	b, err := storage.ReadFile(s.ctx, s.files[row])
	if err != nil {
		return nil, err
	}
	return DecodeImage(b, s.files[row], s.schema.Sample[2])
}

func (s *images) Target(rows []int, b *Batch) error {
	if err := checkRows(s.schema.Name, rows, len(s.files)); err != nil {
		return err
	}
	b.SetIndex(rows)
	b.setTarget(s.y, rows)
	return nil
}

// Read decodes pictures, which are all of one size; several at once.
func (s *images) Read(rows []int, b *Batch) error {
	if err := s.Target(rows, b); err != nil {
		return err
	}
	x := b.MakeX(tensor.Uint8, len(rows), s.schema.Sample)
	return Parallel(len(rows), func(i int) error {
		picture, err := s.Sample(rows[i])
		if err != nil {
			return err
		}
		if !picture.Shape().Equal(s.schema.Sample) {
			return &ContentError{s.files[rows[i]], fmt.Sprintf("the image is %v, %s is %v", picture.Shape(), s.files[0], s.schema.Sample), "add a step that resizes them to one size"}
		}
		copyRow(x, i, picture.Unsqueeze(0), 0)
		return nil
	})
}

// Parallel calls do for 0…n-1 on as many goroutines as there are processors, and
// returns the error of the lowest number that failed.
func Parallel(n int, do func(i int) error) error {
	errs := make([]error, n)
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for i := range next {
				errs[i] = do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	workers.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
