package tensor

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func npyBytes(t testing.TB, x *Tensor) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := WriteNPY(&b, x); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestNPYBadInput(t *testing.T) {
	good := string(npyBytes(t, Of([]int32{1, 2, 3})))
	edit := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	for _, c := range []struct{ name, file, want string }{
		{"empty", "", "does not begin with"},
		{"text", "a,b\n1,2\n", "does not begin with"},
		{"version", "\x93NUMPY\x09\x00", "format version 9 is not known"},
		{"no header", good[:9], "the header's length is cut off"},
		{"half header", good[:40], "the header is cut off"},
		{"half data", good[:len(good)-5], "byte 135: the data of shape [3], 12 bytes long, is cut off"},
		{"huge header", "\x93NUMPY\x02\x00\xff\xff\xff\x7f", "a header of 2147483647 bytes is too long"},
		{"object", edit("<i4", "|O "), "is not supported"},
		{"complex", edit("<i4", "<c8"), `element type "<c8" is not supported`},
		{"structured", edit("'<i4'", "[1]  "), "structured types are not supported"},
		{"empty text", edit("<i4", "<U0"), "want a length"},
		{"negative extent", edit("(3,)", "(-3,)"), "want an extent"},
		{"huge extent", edit("(3,), }         ", "(99999999999999,)}"), "is cut off"},
		{"impossible shape", edit("(3,), }            ", "(9999999999,9999999999)}"), "impossible"},
		{"repeated key", edit("'descr'", "'shape'"), "header is not what numpy.save writes"},
		{"unknown key", edit("'descr'", "'color'"), `key "color" is not known`},
		{"no keys", edit("{'descr': '<i4', 'fortran_order': False, 'shape': (3,), }", "{}"), "cut off"},
		{"bool of 2", strings.Replace(string(npyBytes(t, Of([]uint8{2}))), "|u1", "|b1", 1), "byte 0 of a bool tensor is 2"},
		{"surrogate", strings.Replace(string(npyBytes(t, Of([]uint32{0xd800}))), "<u4", "<U1", 1), "is not a Unicode character"},
	} {
		_, err := ReadNPY(strings.NewReader(c.file))
		var e *FormatError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, want one with %q", c.name, err, c.want)
		}
	}
}

func TestNPYErrorNamesFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.npy")
	if err := os.WriteFile(path, npyBytes(t, New(Float32, 100))[:200], 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := ReadNPY(f); err == nil || !strings.HasPrefix(err.Error(), path+": byte 200: ") {
		t.Errorf("error is %v, want it to begin with the path", err)
	}
}

func TestNPYRoundTrip(t *testing.T) {
	r := NewRand(1)
	for dt := Float32; dt <= String; dt++ {
		for _, shape := range []Shape{{}, {0}, {3}, {2, 3}, {2, 0, 3}, {700, 500}} {
			x := Cast(r.Randint(Int64, 0, 2, shape...), dt)
			got, err := ReadNPY(bytes.NewReader(npyBytes(t, x)))
			if err != nil || !Same(got, x) {
				t.Errorf("%v %v does not come back (%v)", dt, shape, err)
			}
		}
	}
	if err := WriteNPY(&bytes.Buffer{}, Of([]string{"\xff"})); err == nil {
		t.Error("invalid UTF-8 is written")
	}
}

func TestNPZ(t *testing.T) {
	var b bytes.Buffer
	want := map[string]*Tensor{"b": Of([]float32{1, 2}), "a": Scalar("text")}
	if err := WriteNPZ(&b, []string{"b", "a"}, want); err != nil {
		t.Fatal(err)
	}
	names, got, err := ReadNPZ(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil || strings.Join(names, " ") != "b a" || !Same(got["a"], want["a"]) || !Same(got["b"], want["b"]) {
		t.Errorf("got %v %v (%v)", names, got, err)
	}
	if err := WriteNPZ(&b, []string{"c"}, want); err == nil {
		t.Error("a missing tensor is written")
	}
}

func TestNPZBadInput(t *testing.T) {
	var b bytes.Buffer
	if err := WriteNPZ(&b, []string{"x"}, map[string]*Tensor{"x": Of([]float32{1, 2})}); err != nil {
		t.Fatal(err)
	}
	good := b.String()
	for _, c := range []struct{ name, file, want string }{
		{"empty", "", "not an .npz file"},
		{"cut", good[:len(good)-30], "not an .npz file"},
		{"other entry", strings.ReplaceAll(good, "x.npy", "x.txt"), `entry "x.txt" is not an array of its own`},
		{"damaged data", strings.Replace(good, "\x80\x3f", "\x80\x4f", 1), `array "x": damaged`},
		{"more data", strings.Replace(good, "(2,)", "(1,)", 1), "more data than its shape says"},
		{"bad header", strings.Replace(good, "<f4", "<c8", 1), `array "x": element type "<c8"`},
	} {
		_, _, err := ReadNPZ(strings.NewReader(c.file), int64(len(c.file)))
		var e *FormatError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, want one with %q", c.name, err, c.want)
		}
	}
}

// FuzzNPY: whatever is read is written and read again as the same.
func FuzzNPY(f *testing.F) {
	for dt := Float32; dt <= String; dt++ {
		f.Add(npyBytes(f, Cast(Of([]int8{0, 1}, 2, 1), dt)))
	}
	f.Add([]byte("\x93NUMPY\x02\x00\x3c\x00\x00\x00{'descr': '>f2', 'fortran_order': True, 'shape': (1, 2), }  \nabcd"))
	f.Fuzz(func(t *testing.T, file []byte) {
		x, err := ReadNPY(bytes.NewReader(file))
		if err != nil {
			var e *FormatError
			if !errors.As(err, &e) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		var b bytes.Buffer
		if err := WriteNPY(&b, x); err != nil {
			return // text that is not UTF-8
		}
		y, err := ReadNPY(&b)
		if err != nil || !Same(x, y) {
			t.Fatalf("%v %v comes back as %v (%v)", x.DType(), x, y, err)
		}
	})
}

func FuzzNPZ(f *testing.F) {
	var b bytes.Buffer
	if err := WriteNPZ(&b, []string{"x", "y"}, map[string]*Tensor{"x": Of([]float32{1, 2}), "y": Scalar("é")}); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, file []byte) {
		_, _, err := ReadNPZ(bytes.NewReader(file), int64(len(file)))
		var e *FormatError
		if err != nil && !errors.As(err, &e) {
			t.Fatalf("%T: %v", err, err)
		}
	})
}
