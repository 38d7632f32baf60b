package data

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/emberml/ember/storage"
	"github.com/emberml/ember/tensor"
)

// Bounds of an image, so that a file that claims to be huge takes no memory.
const (
	maxPixels        = 100_000_000
	maxPixelsPerByte = 8 * 1032 // what deflate can reach with one bit a pixel; JPEG reaches less
)

// imageFormats lists the picture formats by how their files start.
var imageFormats = []struct {
	name, magic string
	extensions  []string
	config      func(io.Reader) (image.Config, error)
	decode      func(io.Reader) (image.Image, error)
}{
	{"PNG", "\x89PNG\r\n\x1a\n", []string{".png"}, png.DecodeConfig, png.Decode},
	{"JPEG", "\xff\xd8\xff", []string{".jpg", ".jpeg"}, jpeg.DecodeConfig, jpeg.Decode},
}

func isImageName(name string) bool {
	ext := strings.ToLower(path.Ext(storage.Base(name)))
	for _, f := range imageFormats {
		if slices.Contains(f.extensions, ext) {
			return true
		}
	}
	return false
}

func isImage(b []byte) bool {
	for _, f := range imageFormats {
		if bytes.HasPrefix(b, []byte(f.magic)) {
			return true
		}
	}
	return false
}

// DecodeImage returns a PNG or JPEG picture as uint8 [height, width, channels]:
// one channel (gray) or three (red, green, blue), 0 for as many as the file has;
// transparency is dropped, color turned into gray by ITU-R 601-2, both as Pillow's
// convert does. A picture that its EXIF orientation says is turned or mirrored is
// set upright. file is its name for errors, which are a [*tensor.FormatError].
func DecodeImage(b []byte, file string, channels int) (*tensor.Tensor, error) {
	const hint = "the file is damaged or not an image: replace or remove it"
	for _, f := range imageFormats {
		if !bytes.HasPrefix(b, []byte(f.magic)) {
			continue
		}
		config, err := f.config(bytes.NewReader(b))
		if err != nil {
			return nil, &tensor.FormatError{File: file, Detail: "decode " + f.name, Err: err, Hint: hint}
		}
		if bound := min(maxPixels, maxPixelsPerByte*len(b)); config.Width > bound/max(config.Height, 1) {
			return nil, &tensor.FormatError{File: file, Detail: fmt.Sprintf("%d × %d pixels in %d bytes are more than the %d that are decoded", config.Width, config.Height, len(b), bound), Hint: "the file is damaged, or make the image smaller"}
		}
		img, err := f.decode(bytes.NewReader(b))
		if err != nil {
			return nil, &tensor.FormatError{File: file, Detail: "decode " + f.name, Err: err, Hint: hint}
		}
		if channels == 0 {
			channels = 3
			if config.ColorModel == color.GrayModel || config.ColorModel == color.Gray16Model {
				channels = 1
			}
		}
		return orient(pixels(img, channels), orientation(b)), nil
	}
	return nil, &tensor.FormatError{File: file, Detail: "not a PNG or JPEG image", Hint: hint}
}

// pixels copies an image to [height, width, channels].
func pixels(img image.Image, channels int) *tensor.Tensor {
	r := img.Bounds()
	t := tensor.New(tensor.Uint8, r.Dy(), r.Dx(), channels)
	out := tensor.Data[uint8](t)
	at := colorAt(img)
	i := 0
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			red, green, blue := at(x, y)
			if channels == 1 {
				out[i] = luma(red, green, blue)
				i++
				continue
			}
			out[i], out[i+1], out[i+2] = red, green, blue
			i += 3
		}
	}
	return t
}

// luma is Pillow's L: (299·R + 587·G + 114·B) / 1000 in 16-bit fractions.
func luma(r, g, b uint8) uint8 {
	return uint8((uint32(r)*19595 + uint32(g)*38470 + uint32(b)*7471 + 0x8000) >> 16)
}

// colorAt returns a function that gives the color of a pixel, not multiplied by
// its opacity.
func colorAt(img image.Image) func(x, y int) (r, g, b uint8) {
	switch img := img.(type) {
	case *image.Gray:
		return func(x, y int) (r, g, b uint8) {
			v := img.GrayAt(x, y).Y
			return v, v, v
		}
	case *image.YCbCr:
		return func(x, y int) (r, g, b uint8) {
			c := img.YCbCrAt(x, y)
			return color.YCbCrToRGB(c.Y, c.Cb, c.Cr)
		}
	case *image.RGBA: // PNG without transparency
		return func(x, y int) (r, g, b uint8) {
			c := img.RGBAAt(x, y)
			return c.R, c.G, c.B
		}
	}
	return func(x, y int) (r, g, b uint8) {
		c := color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
		if c.A == 0 {
			return hidden(img, x, y)
		}
		return c.R, c.G, c.B
	}
}

// hidden is the color that a fully transparent pixel has all the same.
func hidden(img image.Image, x, y int) (r, g, b uint8) {
	switch img := img.(type) {
	case *image.NRGBA:
		c := img.NRGBAAt(x, y)
		return c.R, c.G, c.B
	case *image.NRGBA64:
		c := img.NRGBA64At(x, y)
		return uint8(c.R >> 8), uint8(c.G >> 8), uint8(c.B >> 8)
	case *image.Paletted:
		if c, ok := img.At(x, y).(color.NRGBA); ok {
			return c.R, c.G, c.B
		}
	}
	return 0, 0, 0
}

// orientation returns the EXIF orientation of a JPEG file, 1 (upright) if it has
// none.
//
// Source: EXIF 2.3, 4.6.4 (tag 0x0112) in a TIFF structure in segment APP1.
func orientation(b []byte) int {
	for at := 2; at+4 <= len(b) && b[at] == 0xff; {
		marker, size := b[at+1], int(binary.BigEndian.Uint16(b[at+2:]))
		if marker == 0xda || size < 2 || at+2+size > len(b) { // pixels start here, or it is damaged
			break
		}
		if body := b[at+4 : at+2+size]; marker == 0xe1 && bytes.HasPrefix(body, []byte("Exif\x00\x00")) {
			return tiffOrientation(body[6:])
		}
		at += 2 + size
	}
	return 1
}

func tiffOrientation(b []byte) int {
	var order binary.ByteOrder = binary.LittleEndian
	if bytes.HasPrefix(b, []byte("MM")) {
		order = binary.BigEndian
	}
	if len(b) < 8 {
		return 1
	}
	at := uint64(order.Uint32(b[4:]))
	if at+2 > uint64(len(b)) {
		return 1
	}
	entries := b[at+2:]
	for range order.Uint16(b[at:]) {
		if len(entries) < 12 {
			break
		}
		if order.Uint16(entries) == 0x0112 {
			if v := int(order.Uint16(entries[8:])); 1 <= v && v <= 8 {
				return v
			}
		}
		entries = entries[12:]
	}
	return 1
}

// orient sets a picture upright. In each orientation, rows or columns are the
// flipped or exchanged ones of the upright picture.
func orient(t *tensor.Tensor, orientation int) *tensor.Tensor {
	const rows, columns = 0, 1
	transposed := func() *tensor.Tensor { return t.Transpose(1, 0, 2) }
	switch orientation {
	case 2:
		t = tensor.Flip(t, columns)
	case 3:
		t = tensor.Flip(t, rows, columns)
	case 4:
		t = tensor.Flip(t, rows)
	case 5:
		t = transposed()
	case 6:
		t = tensor.Flip(transposed(), columns)
	case 7:
		t = tensor.Flip(transposed(), rows, columns)
	case 8:
		t = tensor.Flip(transposed(), rows)
	}
	return t.Contiguous()
}
