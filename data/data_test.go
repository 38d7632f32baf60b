package data_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/data/datatest"
	"github.com/emberml/ember/storage"
	"github.com/emberml/ember/tensor"
)

// put writes a file and returns its name.
func put(t *testing.T, dir, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := storage.WriteFile(t.Context(), path, content); err != nil {
		t.Fatal(err)
	}
	return path
}

func idxBytes(t *testing.T, x *tensor.Tensor) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := data.EncodeIDX(&b, x); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipped(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// digits are n images of 3×2 bytes and their labels 0, 1, 2, 0….
func digits(n int) (x, y *tensor.Tensor) {
	x, y = tensor.New(tensor.Uint8, n, 3, 2), tensor.New(tensor.Uint8, n)
	for i := range tensor.Data[uint8](x) {
		tensor.Data[uint8](x)[i] = uint8(i * 7)
	}
	for i := range tensor.Data[uint8](y) {
		tensor.Data[uint8](y)[i] = uint8(i % 3)
	}
	return x, y
}

func picture(t *testing.T, format string, w, h int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, color.RGBA{uint8(40 * x), uint8(40 * y), 9, 255})
		}
	}
	var b bytes.Buffer
	var err error
	if format == "png" {
		err = png.Encode(&b, img)
	} else {
		err = jpeg.Encode(&b, img, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func open(t *testing.T, spec string, o data.Options) *data.Dataset {
	t.Helper()
	d, err := data.Open(t.Context(), spec, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

const table = "a,b,kind\n1,2,red\n3,4,blue\n5,6,red\n7,8.5,green\n"

// TestSources runs the suite over every kind of source.
func TestSources(t *testing.T) {
	dir := t.TempDir()
	x, y := digits(7)
	put(t, dir, "train-images-idx3-ubyte", idxBytes(t, x))
	put(t, dir, "train-labels-idx1-ubyte", idxBytes(t, y))
	put(t, dir, "gz/t10k-images.idx3-ubyte.gz", gzipped(t, idxBytes(t, x)))
	put(t, dir, "gz/t10k-labels.idx1-ubyte", idxBytes(t, y))
	put(t, dir, "plain.idx", idxBytes(t, tensor.Cast(x, tensor.Int16)))
	put(t, dir, "a.csv", []byte(table))
	put(t, dir, "parts/1.csv", []byte("a,b,y\n1,2,3\n4,5,6\n"))
	put(t, dir, "parts/2.csv", []byte("b,a,y\n7,8,9\n"))
	var npz bytes.Buffer
	if err := tensor.WriteNPZ(&npz, []string{"x", "y"}, map[string]*tensor.Tensor{"x": tensor.Cast(x, tensor.Float64), "y": tensor.New(tensor.Float32, 7, 2)}); err != nil {
		t.Fatal(err)
	}
	put(t, dir, "a.npz", npz.Bytes())
	for _, class := range []string{"cat", "dog"} {
		put(t, dir, "photos/"+class+"/1.png", picture(t, "png", 4, 3))
		put(t, dir, "photos/"+class+"/2.jpg", picture(t, "jpeg", 4, 3))
		put(t, dir, "photos/"+class+"/notes.txt", []byte("not an image"))
	}
	sources := map[string]data.Source{
		"digits": open(t, "digits", data.Options{}).Train,
		"iris":   open(t, "iris", data.Options{}).Train,
		"images": open(t, filepath.Join(dir, "photos"), data.Options{}).Train,
		"glob":   open(t, filepath.Join(dir, "parts/*.csv"), data.Options{}).Train,
	}
	for _, name := range []string{"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "gz/t10k-images.idx3-ubyte.gz", "plain.idx", "a.csv", "a.npz"} {
		sources[name] = open(t, filepath.Join(dir, name), data.Options{}).Train
	}
	iris := sources["iris"]
	parts, err := data.Split(iris, 1, 0.5, 0.25, 0.25)
	if err != nil {
		t.Fatal(err)
	}
	sources["split"] = parts[0]
	if sources["subset of split"], err = data.Subset(parts[1], []int{5, 3, 1}); err != nil {
		t.Fatal(err)
	}
	if sources["subset of images"], err = data.Subset(sources["images"], []int{3, 0}); err != nil {
		t.Fatal(err)
	}
	if sources["concat"], err = data.Concat(parts[1], parts[2], iris); err != nil {
		t.Fatal(err)
	}
	if sources["subset of concat"], err = data.Subset(sources["concat"], []int{90, 3, 80, 2}); err != nil {
		t.Fatal(err)
	}
	if sources["numbers"], err = data.ToNumbers(sources["digits"]); err != nil {
		t.Fatal(err)
	}
	if sources["classes"], err = data.ToClasses(sources["numbers"], nil); err != nil {
		t.Fatal(err)
	}
	sources["no target"] = data.WithoutTarget(iris)
	other := *iris.Schema()
	other.Columns = []string{"petal_width", "sepal_width"}
	other.Sample, other.DType = tensor.Shape{2}, tensor.Float64
	if sources["other columns and type"], err = data.Conform(iris, &other); err != nil {
		t.Fatal(err)
	}
	for name, src := range sources {
		t.Run(name, func(t *testing.T) { datatest.Run(t, src) })
	}
}

func TestIDX(t *testing.T) {
	for _, dt := range []tensor.DType{tensor.Uint8, tensor.Int8, tensor.Int16, tensor.Int32, tensor.Float32, tensor.Float64} {
		x := tensor.Cast(tensor.Arange[float64](-3, 9, 1), dt).Reshape(2, 3, 2)
		for _, b := range [][]byte{idxBytes(t, x), gzipped(t, idxBytes(t, x))} {
			got, err := data.DecodeIDX(b, "x")
			if err != nil || got.DType() != dt || !got.Shape().Equal(x.Shape()) || !bytes.Equal(got.Bytes(), x.Bytes()) {
				t.Errorf("%v: got %v, %v", dt, got, err)
			}
		}
	}
}

// Memory of a mapped IDX file goes to no copy: reading allocates nothing.
func TestReadAllocatesNothing(t *testing.T) {
	d := open(t, "digits", data.Options{})
	half, err := data.Subset(d.Train, []int{9, 8, 7, 6, 5})
	if err != nil {
		t.Fatal(err)
	}
	for name, src := range map[string]data.Source{"tensors": d.Train, "subset": half} {
		var b data.Batch
		rows := []int{4, 1, 3}
		allocs := testing.AllocsPerRun(10, func() {
			if err := src.Read(rows, &b); err != nil {
				t.Fatal(err)
			}
		})
		if allocs != 0 {
			t.Errorf("%s: a read allocates %v times", name, allocs)
		}
	}
}

func TestBuiltins(t *testing.T) {
	digits := open(t, "digits", data.Options{}).Train
	if s := digits.Schema(); digits.Len() != 1797 || s.Max != 16 || len(s.Target.Labels) != 10 || !s.Sample.Equal(tensor.Shape{8, 8}) {
		t.Errorf("digits: %d samples, %+v", digits.Len(), s)
	}
	iris := open(t, "iris", data.Options{}).Train
	want := []string{"setosa", "versicolor", "virginica"}
	if s := iris.Schema(); iris.Len() != 150 || !slices.Equal(s.Target.Labels, want) || s.Columns[0] != "sepal_length" {
		t.Errorf("iris: %d samples, %+v", iris.Len(), s)
	}
}

func TestOpenFolderOfIDX(t *testing.T) {
	dir := t.TempDir()
	x, y := digits(7)
	for _, part := range []string{"train", "t10k"} {
		put(t, dir, part+"-images-idx3-ubyte", idxBytes(t, x))
		put(t, dir, part+"-labels-idx1-ubyte", idxBytes(t, y))
	}
	d := open(t, dir, data.Options{})
	if d.Train == nil || d.Test == nil || d.Train.Len() != 7 || d.Test.Schema().Target.Kind != data.Classes {
		t.Errorf("got %+v", d)
	}
}

func TestStdin(t *testing.T) {
	d := open(t, "-", data.Options{Stdin: strings.NewReader(table)})
	if d.Train.Len() != 4 || len(d.Train.Schema().Target.Labels) != 3 {
		t.Errorf("got %+v of %d", d.Train.Schema(), d.Train.Len())
	}
}

func TestOpenMissing(t *testing.T) {
	_, err := data.Open(t.Context(), "mnits", data.Options{})
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "mnist") {
		t.Errorf("got %v, want fs.ErrNotExist and the built-in names", err)
	}
	if _, err := data.Open(t.Context(), filepath.Join(t.TempDir(), "*.csv"), data.Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestSplit(t *testing.T) {
	iris := open(t, "iris", data.Options{}).Train
	split := func(seed uint64) [][]int64 {
		parts, err := data.Split(iris, seed, 0.8, 0.1, 0.1)
		if err != nil {
			t.Fatal(err)
		}
		var out [][]int64
		for _, p := range parts {
			var b data.Batch
			rows := make([]int, p.Len())
			for i := range rows {
				rows[i] = i
			}
			if err := p.Read(rows, &b); err != nil {
				t.Fatal(err)
			}
			out = append(out, slices.Clone(b.Index))
		}
		return out
	}
	parts := split(1)
	if len(parts[0]) != 120 || len(parts[1]) != 15 || len(parts[2]) != 15 {
		t.Errorf("sizes %d, %d, %d", len(parts[0]), len(parts[1]), len(parts[2]))
	}
	all := slices.Sorted(slices.Values(slices.Concat(parts...)))
	for i, v := range all {
		if int64(i) != v {
			t.Fatalf("the parts together are %v", all)
		}
	}
	if !slices.Equal(parts[0], split(1)[0]) || slices.Equal(parts[0], split(2)[0]) {
		t.Error("the seed does not decide the parts")
	}
	for _, f := range [][]float64{{0.8, 0.4}, {0, 1}, {-1}, {0.001, 0.9}} {
		if _, err := data.Split(iris, 1, f...); err == nil {
			t.Errorf("fractions %v were accepted", f)
		}
	}
}

func TestPermutation(t *testing.T) {
	for _, n := range []int{1, 2, 3, 7, 64, 1000, 1025} {
		p := data.NewPermutation(n, tensor.RandStream(5, "shuffle"))
		seen := make([]bool, n)
		fixed := 0
		for i := range n {
			v := p.At(i)
			if seen[v] {
				t.Fatalf("n=%d: %d comes twice", n, v)
			}
			seen[v] = true
			if v == i {
				fixed++
			}
		}
		if n >= 64 && fixed > 8 { // one is expected
			t.Errorf("n=%d: %d numbers stay in place", n, fixed)
		}
	}
}

func TestConform(t *testing.T) {
	dir := t.TempDir()
	train := open(t, put(t, dir, "train.csv", []byte(table)), data.Options{})
	other := put(t, dir, "other.csv", []byte("id,b,kind,a\nx1,2,red,1\nx2,4,red,3\n"))
	d, err := data.OpenLike(t.Context(), other, train.Train.Schema(), data.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var b data.Batch
	if err := d.Train.Read([]int{1}, &b); err != nil {
		t.Fatal(err)
	}
	if got := tensor.Float64s(b.X); !slices.Equal(got, []float64{3, 4}) {
		t.Errorf("columns are %v, want a and b of the second row", got)
	}
	if got := tensor.Int64s(b.Y)[0]; d.Train.Schema().Target.Labels[got] != "red" || !slices.Equal(d.Train.Schema().Target.Labels, train.Train.Schema().Target.Labels) {
		t.Errorf("label %d of %v", got, d.Train.Schema().Target.Labels)
	}
	unlabeled := put(t, dir, "unlabeled.csv", []byte("a,b\n1,2\n"))
	if d, err := data.OpenLike(t.Context(), unlabeled, train.Train.Schema(), data.Options{}); err != nil || d.Train.Schema().Target.Kind != data.NoTarget {
		t.Errorf("without target: %v", err)
	}
}

// npz files and images are tested for what they become.
func TestTargetKinds(t *testing.T) {
	x := tensor.New(tensor.Float32, 3, 2)
	for _, c := range []struct {
		y      *tensor.Tensor
		kind   data.TargetKind
		labels []string
		names  int
	}{
		{tensor.Of([]int32{10, 2, 10}), data.Classes, []string{"2", "10"}, 1},
		{tensor.Of([]string{"b", "a", "b"}), data.Classes, []string{"a", "b"}, 1},
		{tensor.Of([]bool{true, false, true}), data.Classes, []string{"False", "True"}, 1},
		{tensor.Of([]float64{1, 2, 3}), data.Numbers, nil, 1},
		{tensor.Of([]float64{1, 2, 3}, 3, 1), data.Numbers, nil, 1},
		{tensor.Of([]int64{1, 2, 3, 4, 5, 6}, 3, 2), data.Numbers, nil, 2},
	} {
		var npz bytes.Buffer
		if err := tensor.WriteNPZ(&npz, []string{"images", "t"}, map[string]*tensor.Tensor{"images": x, "t": c.y}); err != nil {
			t.Fatal(err)
		}
		d := open(t, put(t, t.TempDir(), "a.npz", npz.Bytes()), data.Options{Target: "t"})
		if got := d.Train.Schema().Target; got.Kind != c.kind || !slices.Equal(got.Labels, c.labels) || len(got.Names) != c.names {
			t.Errorf("%v: target %+v, want %v %v", c.y, got, c.kind, c.labels)
		}
	}
}

func TestCopy(t *testing.T) {
	dir := t.TempDir()
	digits := open(t, "digits", data.Options{}).Train
	iris := open(t, "iris", data.Options{}).Train
	for _, c := range []struct {
		name string
		src  data.Source
	}{
		{"a.npz", digits},
		{"b.npz", iris},
		{"c.csv", iris},
		{"d.tsv.gz", iris},
		{"e-images-idx3-ubyte", digits},
		{"f-images-idx3-ubyte.gz", digits},
		{"h.parquet", iris},
		{"i.parquet", digits},
	} {
		name := filepath.Join(dir, c.name)
		if err := data.Copy(t.Context(), c.src, name); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if strings.Contains(name, "idx") {
			name = strings.ReplaceAll(name, "images-idx3", "labels-idx1")
		}
		got := open(t, name, data.Options{}).Train
		sameSamples(t, c.name, got, c.src)
	}
	asTable := filepath.Join(dir, "g.csv")
	if err := data.Copy(t.Context(), digits, asTable); err != nil {
		t.Fatal(err)
	}
	d, err := data.OpenLike(t.Context(), asTable, digits.Schema(), data.Options{})
	if err != nil {
		t.Fatal(err)
	}
	sameSamples(t, "digits as a table", d.Train, digits)
	if s := d.Train.Schema(); s.DType != tensor.Uint8 {
		t.Errorf("a table in the form of digits is %v", s.DType)
	}
	if err := data.Copy(t.Context(), iris, filepath.Join(dir, "a.orc")); err == nil {
		t.Error("an unknown format was written")
	}
	if err := data.Copy(t.Context(), iris, "/dev/full"); err == nil {
		t.Error("a device without a format was written")
	}
}

func sameSamples(t *testing.T, name string, got, want data.Source) {
	t.Helper()
	if got.Len() != want.Len() || !slices.Equal(got.Schema().Target.Labels, want.Schema().Target.Labels) {
		t.Errorf("%s: %d samples of %v, want %d of %v", name, got.Len(), got.Schema().Target.Labels, want.Len(), want.Schema().Target.Labels)
		return
	}
	var a, b data.Batch
	for row := range got.Len() {
		if err := errors.Join(got.Read([]int{row}, &a), want.Read([]int{row}, &b)); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(tensor.Float64s(a.X), tensor.Float64s(b.X)) || !slices.Equal(tensor.Float64s(a.Y), tensor.Float64s(b.Y)) {
			t.Errorf("%s: sample %d is %v, want %v", name, row, a.X, b.X)
			return
		}
	}
}

func TestDescribe(t *testing.T) {
	d, err := data.Describe(open(t, "iris", data.Options{}).Train)
	if err != nil {
		t.Fatal(err)
	}
	// numpy: iris.data[:, 0].mean(), .std()
	if c := d.Columns[0]; c.Min != float64(float32(4.3)) || !near(c.Mean, 5.843333) || !near(c.Std, 0.8253013) {
		t.Errorf("sepal_length: %+v", c)
	}
	if len(d.Classes) != 3 || d.Classes[2] != (data.ClassCount{"virginica", 50}) {
		t.Errorf("classes: %+v", d.Classes)
	}
	for _, want := range []string{"150 samples", "petal_width", "33.3"} {
		if !strings.Contains(d.String(), want) {
			t.Errorf("the text lacks %q:\n%s", want, d)
		}
	}
}

func near(a, b float64) bool { return a-b < 1e-5 && b-a < 1e-5 }

func TestFingerprint(t *testing.T) {
	iris := open(t, "iris", data.Options{}).Train
	seen := map[string]string{}
	split := func(seed uint64) data.Source {
		parts, err := data.Split(iris, seed, 0.5)
		if err != nil {
			t.Fatal(err)
		}
		return parts[0]
	}
	for name, src := range map[string]data.Source{
		"iris": iris, "digits": open(t, "digits", data.Options{}).Train, "no target": data.WithoutTarget(iris),
		"one split": split(1), "another split": split(2),
	} {
		f, err := data.Fingerprint(src)
		if err != nil {
			t.Fatal(err)
		}
		if other, taken := seen[f]; taken {
			t.Errorf("%s has the fingerprint of %s", name, other)
		}
		seen[f] = name
	}
	if f, err := data.Fingerprint(split(1)); err != nil || seen[f] != "one split" {
		t.Errorf("the same data has another fingerprint (%v)", err)
	}
}
