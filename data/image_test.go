package data_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/tensor"
)

// gradient is a gray image brighter to the right and, less so, to the bottom.
func gradient(w, h int) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetGray(x, y, color.Gray{uint8(20 + 200*x/w + 30*y/h)})
		}
	}
	return img
}

// withOrientation is a JPEG with an EXIF orientation.
func withOrientation(t testing.TB, img image.Image, orientation uint16) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	exif := []byte("Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01")
	exif = append(binary.BigEndian.AppendUint16(exif, orientation), 0, 0, 0, 0, 0, 0)
	segment := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(exif)+2))
	return slices.Concat(b.Bytes()[:2], segment, exif, b.Bytes()[2:])
}

// TestOrientation: a picture that was turned or mirrored before it was saved, as
// the orientation says, comes out upright.
func TestOrientation(t *testing.T) {
	upright := gradient(16, 8)
	for orientation, at := range map[uint16]func(x, y int) (int, int){ // where the saved picture's (x, y) is upright
		1: func(x, y int) (int, int) { return x, y },
		2: func(x, y int) (int, int) { return 15 - x, y },
		3: func(x, y int) (int, int) { return 15 - x, 7 - y },
		4: func(x, y int) (int, int) { return x, 7 - y },
		5: func(x, y int) (int, int) { return y, x },
		6: func(x, y int) (int, int) { return 15 - y, x },
		7: func(x, y int) (int, int) { return 15 - y, 7 - x },
		8: func(x, y int) (int, int) { return y, 7 - x },
	} {
		w, h := 16, 8
		if orientation > 4 {
			w, h = 8, 16
		}
		saved := image.NewGray(image.Rect(0, 0, w, h))
		for y := range h {
			for x := range w {
				saved.SetGray(x, y, upright.GrayAt(at(x, y)))
			}
		}
		got, err := data.DecodeImage(withOrientation(t, saved, orientation), "x.jpg", 0)
		if err != nil {
			t.Fatal(err)
		}
		if !got.Shape().Equal(tensor.Shape{8, 16, 1}) {
			t.Errorf("orientation %d: shape %v", orientation, got.Shape())
			continue
		}
		for i, v := range tensor.Data[uint8](got) {
			if d := int(v) - int(upright.Pix[i]); d < -6 || d > 6 {
				t.Errorf("orientation %d: pixel %d is %d, want about %d", orientation, i, v, upright.Pix[i])
				break
			}
		}
	}
}

// Values are those of Pillow 13: Image.open(f).convert("RGB"), convert("L").
func TestColors(t *testing.T) {
	nrgba := image.NewNRGBA(image.Rect(0, 0, 3, 1))
	nrgba.SetNRGBA(0, 0, color.NRGBA{200, 100, 50, 128})
	nrgba.SetNRGBA(1, 0, color.NRGBA{1, 2, 3, 0})
	nrgba.SetNRGBA(2, 0, color.NRGBA{255, 255, 255, 255})
	palette := image.NewPaletted(image.Rect(0, 0, 3, 1), color.Palette{color.NRGBA{200, 100, 50, 128}, color.NRGBA{1, 2, 3, 0}, color.NRGBA{255, 255, 255, 255}})
	copy(palette.Pix, []uint8{0, 1, 2})
	for name, img := range map[string]image.Image{"NRGBA": nrgba, "Paletted": palette} {
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		for channels, want := range map[int][]uint8{
			0: {200, 100, 50, 1, 2, 3, 255, 255, 255},
			1: {124, 2, 255},
		} {
			x, err := data.DecodeImage(b.Bytes(), "x.png", channels)
			if err != nil {
				t.Fatal(err)
			}
			if got := tensor.Data[uint8](x); !slices.Equal(got, want) {
				t.Errorf("%s, %d channels: %v, want %v", name, channels, got, want)
			}
		}
	}
}

func TestImageSizes(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "b/1.png", picture(t, "png", 4, 3))
	put(t, dir, "a/1.png", picture(t, "png", 4, 3))
	put(t, dir, "b/2.png", picture(t, "png", 5, 3))
	src := open(t, dir, data.Options{}).Train
	if s := src.Schema(); !slices.Equal(s.Target.Labels, []string{"a", "b"}) || !s.Sample.Equal(tensor.Shape{3, 4, 3}) || !s.Varies {
		t.Errorf("schema %+v", s)
	}
	var b data.Batch
	if err := src.Read([]int{0, 1, 2}, &b); err == nil || !strings.Contains(err.Error(), "2.png") || !strings.Contains(err.Error(), "resizes") {
		t.Errorf("images of two sizes: %v", err)
	}
	x, err := src.(data.Sampler).Sample(2)
	if err != nil || !x.Shape().Equal(tensor.Shape{3, 5, 3}) {
		t.Errorf("sample 2: %v, %v", x, err)
	}
	if d, err := data.Describe(src); err != nil || d.Read != 3 {
		t.Errorf("describe: %+v, %v", d, err)
	}
	one := open(t, filepath.Join(dir, "b", "2.png"), data.Options{}).Train
	if s := one.Schema(); one.Len() != 1 || s.Varies || s.Target.Kind != data.NoTarget || !s.Sample.Equal(tensor.Shape{3, 5, 3}) {
		t.Errorf("one image: %+v", s)
	}
}

// TestGrayAmongColors: a folder with gray and colored pictures is colored, whichever
// comes first.
func TestGrayAmongColors(t *testing.T) {
	colored := image.NewRGBA(image.Rect(0, 0, 4, 4))
	colored.Set(1, 2, color.RGBA{200, 100, 50, 255})
	for _, last := range []struct {
		picture  image.Image
		channels int
	}{{colored, 3}, {gradient(4, 4), 1}} {
		dir := t.TempDir()
		for i := range 20 {
			var picture image.Image = gradient(4, 4)
			if i == 19 {
				picture = last.picture
			}
			var b bytes.Buffer
			if err := png.Encode(&b, picture); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%02d.png", i)), b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		d, err := data.Open(t.Context(), dir, data.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		var b data.Batch
		if err := d.Train.Read([]int{0, 19}, &b); err != nil {
			t.Fatal(err)
		}
		if want := (tensor.Shape{2, 4, 4, last.channels}); !b.X.Shape().Equal(want) {
			t.Errorf("pictures are %v, want %v", b.X.Shape(), want)
		}
	}
}
