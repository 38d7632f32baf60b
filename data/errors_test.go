package data_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image/png"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/tensor"
)

// Every kind of bad data is one line that names the file, the place and what to do.
func TestBadFiles(t *testing.T) {
	x, y := digits(7)
	images, labels := idxBytes(t, x), idxBytes(t, y)
	seven, six := idxBytes(t, y), idxBytes(t, y.Slice(0, 0, 6, 1))
	bad := binary.BigEndian.AppendUint32(nil, 0xdeadbeef)
	negative := idxBytes(t, tensor.Of([]int8{0, 1, 2, 0, -1, 2, 0}))
	var npz, empty bytes.Buffer
	if err := tensor.WriteNPZ(&npz, []string{"a", "b"}, map[string]*tensor.Tensor{"a": x, "b": x}); err != nil {
		t.Fatal(err)
	}
	if err := tensor.WriteNPZ(&empty, nil, nil); err != nil {
		t.Fatal(err)
	}
	const im, la = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
	for _, c := range []struct {
		name  string
		files map[string][]byte // the first in order is opened
		open  string
		o     data.Options
		want  []string
	}{
		{"IDX empty", map[string][]byte{im: nil}, im, data.Options{}, []string{im, "empty"}},
		{"IDX magic", map[string][]byte{im: bad}, im, data.Options{}, []string{im, "magic number is 0xdeadbeef"}},
		{"IDX header cut", map[string][]byte{im: images[:9]}, im, data.Options{}, []string{im, "byte 9", "header"}},
		{"IDX truncated", map[string][]byte{im: images[:30]}, im, data.Options{}, []string{im, "byte 30", "42 bytes", "has 14", "fetch it again"}},
		{"IDX too long", map[string][]byte{im: append(images[:len(images):len(images)], 0)}, im, data.Options{}, []string{im, "has 43"}},
		{"IDX gzip cut", map[string][]byte{im + ".gz": gzipped(t, images)[:30]}, im + ".gz", data.Options{}, []string{im + ".gz", "gzip"}},
		{"IDX labels truncated", map[string][]byte{im: images, la: labels[:12]}, im, data.Options{}, []string{la, "byte 12"}},
		{"IDX count", map[string][]byte{im: images, la: six}, im, data.Options{}, []string{im, "7 images", "6 labels"}},
		{"IDX labels of images", map[string][]byte{im: images, la: images}, im, data.Options{}, []string{"labels", "one whole number a sample"}},
		{"IDX negative label", map[string][]byte{im: images, la: negative}, im, data.Options{}, []string{"label -1 of sample 4"}},
		{"IDX labels alone", map[string][]byte{la: seven}, la, data.Options{}, []string{la, "no images beside"}},
		{"npz damaged", map[string][]byte{"a.npz": npz.Bytes()[:200]}, "a.npz", data.Options{}, []string{"a.npz"}},
		{"npz without x", map[string][]byte{"a.npz": npz.Bytes()}, "a.npz", data.Options{}, []string{"a.npz", "no array x", "a, b"}},
		{"npz empty", map[string][]byte{"a.npz": empty.Bytes()}, "a.npz", data.Options{}, []string{"a.npz", "empty"}},
		{"npz target", map[string][]byte{"a.npz": npz.Bytes()}, "a.npz", data.Options{Target: "c"}, []string{"no array c", "a, b"}},
		{"CSV ragged", map[string][]byte{"a.csv": []byte("a,b,y\n1,2,3\n1,2\n")}, "a.csv", data.Options{}, []string{"a.csv:3", "2 fields", "header has 3"}},
		{"CSV text", map[string][]byte{"a.csv": []byte("a,b,y\n1,2,3\n1,red,3\n")}, "a.csv", data.Options{}, []string{"a.csv:3:3", "column b", `"red"`, "--target b"}},
		{"CSV missing", map[string][]byte{"a.csv": []byte("a,b,y\n1,,3\n")}, "a.csv", data.Options{}, []string{"a.csv:2:3", "column b is missing"}},
		{"CSV NaN", map[string][]byte{"a.csv": []byte("a,b,y\n1,nan,3\n")}, "a.csv", data.Options{}, []string{"a.csv:2:3", "missing"}},
		{"CSV NaN target", map[string][]byte{"a.csv": []byte("a,b,y\n1,2,NaN\n")}, "a.csv", data.Options{}, []string{"a.csv:2:5", "column y is missing"}},
		{"CSV infinite", map[string][]byte{"a.csv": []byte("a,b,y\n1,-inf,3\n")}, "a.csv", data.Options{}, []string{"a.csv:2:3", "column b"}},
		{"CSV quote", map[string][]byte{"a.csv": []byte("a,b,y\n1,\"2,3\n")}, "a.csv", data.Options{}, []string{"a.csv:", "quote"}},
		{"CSV no header", map[string][]byte{"a.csv": []byte("1,2,3\n4,5,6\n")}, "a.csv", data.Options{}, []string{"a.csv:1", "names"}},
		{"CSV two alike", map[string][]byte{"a.csv": []byte("a,a,y\n4,5,6\n")}, "a.csv", data.Options{}, []string{"a.csv:1", "two columns are called a"}},
		{"CSV unnamed", map[string][]byte{"a.csv": []byte(",a,y\n4,5,6\n")}, "a.csv", data.Options{}, []string{"a.csv:1", "column 1 has no name", "index=False"}},
		{"CSV target", map[string][]byte{"a.csv": []byte("a,y\n4,5\n")}, "a.csv", data.Options{Target: "z"}, []string{"no column z", "a, y"}},
		{"CSV only target", map[string][]byte{"a.csv": []byte("y\n4\n")}, "a.csv", data.Options{Target: "y"}, []string{"no column is left"}},
		{"CSV UTF-16", map[string][]byte{"a.csv": []byte("\xff\xfea\x00,\x00")}, "a.csv", data.Options{}, []string{"UTF-16"}},
		{"CSV text in several targets", map[string][]byte{"a.csv": []byte("a,b,c\n1,2,x\n")}, "a.csv", data.Options{Target: "b,c"}, []string{"a.csv:2:5", "column c"}},
		{"unknown", map[string][]byte{"a.bin": []byte("\x01\x02\x00\x03")}, "a.bin", data.Options{}, []string{"a.bin", "format is not known"}},
		{"image damaged", map[string][]byte{"f/a/1.png": picture(t, "png", 4, 3)[:40]}, "f", data.Options{}, []string{"1.png", "PNG"}},
		{"image huge", map[string][]byte{"f/a/1.png": hugePNG()}, "f", data.Options{}, []string{"1.png", "pixels"}},
		{"image of text", map[string][]byte{"f/a/1.png": []byte("hello")}, "f", data.Options{}, []string{"1.png", "not a PNG"}},
		{"empty class", map[string][]byte{"f/a/1.png": picture(t, "png", 4, 3), "f/b/x.txt": nil}, "f", data.Options{}, []string{"b", "no PNG or JPEG"}},
		{"folder of nothing", map[string][]byte{"f/x.txt": nil}, "f", data.Options{}, []string{"no data", "sub-folder a class"}},
		{"columns differ", map[string][]byte{"p1.csv": []byte("a,y\n4,5\n"), "p2.csv": []byte("b,y\n4,5\n")}, "p?.csv", data.Options{}, []string{"p2.csv", "no column a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, content := range c.files {
				put(t, dir, name, content)
			}
			d, err := data.Open(t.Context(), filepath.Join(dir, c.open), c.o)
			if err == nil {
				d.Close()
				t.Fatal("it was opened")
			}
			var format *tensor.FormatError
			var content *data.ContentError
			if !errors.As(err, &format) && !errors.As(err, &content) {
				t.Errorf("%T is neither a FormatError nor a ContentError", err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q lacks %q", err, want)
				}
			}
			if strings.Count(err.Error(), "\n") > 1 {
				t.Errorf("more than two lines: %q", err)
			}
		})
	}
}

// hugePNG is a few bytes that claim to be 100,000 × 100,000 pixels.
func hugePNG() []byte {
	chunk := append([]byte("IHDR"), binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, 100_000), 100_000)...)
	chunk = append(chunk, 8, 6, 0, 0, 0)
	b := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	b = append(b, chunk...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(chunk))
}

func TestValidate(t *testing.T) {
	csv := func(text string) data.Source {
		return open(t, "-", data.Options{Stdin: strings.NewReader(text)}).Train
	}
	classes := func(text string) data.Source {
		src, err := data.ToClasses(csv(text), nil)
		if err != nil {
			t.Fatal(err)
		}
		return src
	}
	for _, c := range []struct {
		name, want string
		src        data.Source
	}{
		{"empty", "no samples", csv("a,y\n")},
		{"one class of text", "one class only, red, in 2", csv("a,y\n1,red\n2,red\n")},
		{"one class of numbers", "one class only, 3", classes("a,y\n1,3\n2,3\n")},
		{"infinite target", "target y of sample 1 is +Inf", csv("a,y\n1,2\n2,inf\n")},
		{"no target", "no target", data.WithoutTarget(csv("a,y\n1,2\n"))},
	} {
		if err := data.Validate(c.src); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	for _, text := range []string{"a,y\n1,red\n2,blue\n", "a,y\n1,2\n"} {
		if err := data.Validate(csv(text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestTargetErrors(t *testing.T) {
	iris := open(t, "iris", data.Options{}).Train
	numbers := open(t, "-", data.Options{Stdin: strings.NewReader("a,y\n1,2.5\n2,7\n")}).Train
	two := open(t, "-", data.Options{Target: "y,z", Stdin: strings.NewReader("a,y,z\n1,2.5,3\n2,7,4\n")}).Train
	x, y := digits(7)
	_, labelErr := data.FromTensors(data.Schema{Name: "d", Format: "x", Target: data.Target{Labels: []string{"0", "1"}}}, x, y)
	_, imageErr := data.FromTensors(data.Schema{Name: "d", Format: "x"}, x, x)
	for _, c := range []struct {
		want string
		err  error
	}{
		{"the targets are uint8 of shape [7 3 2]", imageErr},
		{"target species is text (setosa, versicolor, virginica)", second(data.ToNumbers(iris))},
		{"target y of sample 0 is 2.5, not a class", second(data.ToClasses(numbers, nil))},
		{"2 target columns cannot be classes", second(data.ToClasses(two, nil))},
		{`label "virginica" of sample 100 is not among the 2 classes`, second(data.ToClasses(iris, []string{"setosa", "versicolor"}))},
		{"no target", second(data.ToClasses(data.WithoutTarget(iris), nil))},
		{"label 2 of sample 2 is outside 0…1", labelErr},
		{"no column sepal_length", second(data.Conform(numbers, iris.Schema()))},
		{"shape [4], want [8 8]", second(data.Conform(iris, open(t, "digits", data.Options{}).Train.Schema()))},
		{"2 targets, want 1", second(data.Conform(two, numbers.Schema()))},
	} {
		var content *data.ContentError
		if !errors.As(c.err, &content) || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%v, want a ContentError with %q", c.err, c.want)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestCSVDialects(t *testing.T) {
	for _, c := range []struct{ name, text string }{
		{"comma", "a,b,y\n1.5,-2,x\n3,4e1,y\n"},
		{"semicolon, CRLF, BOM", "\ufeffa;b;y\r\n1.5;-2;x\r\n3;4e1;y\r\n"},
		{"tab", "a\tb\ty\n1.5\t-2\tx\n3\t4e1\ty"},
		{"quotes", "\"a\",b,\"y\"\n\"1.5\",-2,\"x\"\n3,\"4e1\",y\n"},
		{"spaces", "a, b, y\n1.5, -2, x\n3, 4e1, y\n"},
		{"delimiter in a quoted name", "\"a\",\"b\",y\n1.5,-2,x\n\n3,4e1,y\n"},
	} {
		src := open(t, "-", data.Options{Stdin: strings.NewReader(c.text)}).Train
		var b data.Batch
		if err := src.Read([]int{0, 1}, &b); err != nil {
			t.Fatal(err)
		}
		x, y := tensor.Float64s(b.X), tensor.Int64s(b.Y)
		if len(x) != 4 || x[0] != 1.5 || x[1] != -2 || x[3] != 40 || y[0] != 0 || y[1] != 1 {
			t.Errorf("%s: %v, %v", c.name, x, y)
		}
	}
}

func TestOptions(t *testing.T) {
	text := "name,b,a,y\nx,1,2,3\nz,4,5,6\n"
	src := open(t, "-", data.Options{Columns: []string{"a", "b"}, DType: tensor.Float64, Stdin: strings.NewReader(text)}).Train
	var b data.Batch
	if err := src.Read([]int{1}, &b); err != nil {
		t.Fatal(err)
	}
	if b.X.DType() != tensor.Float64 || b.X.Float64At(0, 0) != 5 || b.X.Float64At(0, 1) != 4 {
		t.Errorf("got %v", b.X)
	}
	like := open(t, "digits", data.Options{}).Train.Schema()
	if _, err := data.OpenLike(t.Context(), "iris", like, data.Options{Target: "species"}); err == nil {
		t.Error("iris was opened as digits")
	}
	if _, err := data.OpenLike(t.Context(), "-", like, data.Options{Target: "z", Stdin: strings.NewReader(text)}); err == nil || !strings.Contains(err.Error(), "no column z") {
		t.Errorf("a target that is named has to be there: %v", err)
	}
	src = open(t, "-", data.Options{NoTarget: true, Stdin: strings.NewReader("a,y\n1,2\n")}).Train
	if s := src.Schema(); s.Target.Kind != data.NoTarget || len(s.Columns) != 2 {
		t.Errorf("NoTarget: %+v", s)
	}
}

func FuzzIDX(f *testing.F) {
	var b bytes.Buffer
	if err := data.EncodeIDX(&b, tensor.Of([]float32{1, 2, 3, 4, 5, 6}, 2, 3)); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte{0, 0, 8, 3, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0})
	f.Add([]byte{0x1f, 0x8b, 8})
	f.Add([]byte("\x00\x00\r\a0000\x00\x00\x00\x0000000000000000000000")) // no elements, and axes beyond memory
	f.Fuzz(func(t *testing.T, in []byte) {
		x, err := data.DecodeIDX(in, "x")
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := data.EncodeIDX(&out, x); err != nil {
			t.Fatal(err)
		}
		if in[0] == 0 && !bytes.Equal(in, out.Bytes()) {
			t.Errorf("%x is written as %x", in, out.Bytes())
		}
	})
}

func FuzzCSV(f *testing.F) {
	f.Add([]byte("a,b,y\n1,2,red\n3,4,blue\n"))
	f.Add([]byte("\ufeffa;\"b\"\r\n1;\"2\"\r\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		d, err := data.Open(t.Context(), "-", data.Options{Stdin: bytes.NewReader(in), Target: "y"})
		if err != nil {
			return
		}
		if d.Train.Schema().Format != "CSV" {
			return
		}
		if _, err := data.Describe(d.Train); err != nil {
			t.Error(err)
		}
	})
}

func FuzzImage(f *testing.F) {
	var b bytes.Buffer
	if err := png.Encode(&b, gradient(5, 4)); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add(hugePNG())
	f.Add(withOrientation(f, gradient(5, 4), 6))
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) > 1<<16 {
			return
		}
		x, err := data.DecodeImage(in, "x", 3)
		if err == nil && x.Shape()[2] != 3 {
			t.Errorf("shape %v", x.Shape())
		}
	})
}
