package tensor

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

func TestSafetensorsRoundTrip(t *testing.T) {
	in := map[string]*Tensor{
		"weight": Of([]float32{1, 2, 3, 4, 5, 6}, 2, 3),
		"step":   Scalar[int64](7),
		"mask":   Of([]bool{true, false, true}),
		"half":   Of([]F16{F16From(0.5)}),
		"empty":  New(Float64, 0, 4),
		"view":   Of([]float32{1, 2, 3, 4}, 2, 2).Transpose(),
	}
	var b bytes.Buffer
	if err := WriteSafetensors(&b, in, map[string]string{"format": "pt"}); err != nil {
		t.Fatal(err)
	}
	out, metadata, err := ReadSafetensors(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if len(out) != len(in) || metadata["format"] != "pt" {
		t.Errorf("read %d tensors and the metadata %v", len(out), metadata)
	}
	for name, want := range in {
		if out[name] == nil || !Same(out[name], want) {
			t.Errorf("%s is %v, want %v", name, out[name], want)
		}
	}
	if err := WriteSafetensors(&b, map[string]*Tensor{"text": Of([]string{"a"})}, nil); err == nil {
		t.Error("text was written")
	}
}

func TestSafetensorsAlias(t *testing.T) {
	var b bytes.Buffer
	if err := WriteSafetensors(&b, map[string]*Tensor{"w": New(Float32, 4)}, nil); err != nil {
		t.Fatal(err)
	}
	file := alignedBytes(b.Len())
	copy(file, b.Bytes())
	out, _, err := ReadSafetensors(file)
	if err != nil {
		t.Fatal(err)
	}
	file[len(file)-1] = 0x3F
	file[len(file)-2] = 0x80
	if At[float32](out["w"], 3) != 1 {
		t.Error("the tensor is a copy, not the file's memory")
	}
}

// safetensorsFile puts a header in front of data.
func safetensorsFile(header string, data int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, data)...)
}

var badSafetensors = map[string]struct {
	file []byte
	want string
}{
	"empty":        {nil, "no header"},
	"long header":  {[]byte{0xFF, 0, 0, 0, 0, 0, 0, 0, '{', '}'}, "header of 255 bytes"},
	"no JSON":      {safetensorsFile("{", 0), "header"},
	"unknown type": {safetensorsFile(`{"a":{"dtype":"X","shape":[1],"data_offsets":[0,1]}}`, 1), "unknown type"},
	"past the end": {safetensorsFile(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, 4), "stands at 4 to 8 of 4"},
	"wrong length": {safetensorsFile(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}`, 8), "4 bytes stands at"},
	"overflow":     {safetensorsFile(`{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}`, 0), "too large to address"},
	"beside 0":     {safetensorsFile(`{"a":{"dtype":"F32","shape":[0,4611686018427387904,4],"data_offsets":[0,0]}}`, 0), "too large to address"},
	"no bool":      {append(safetensorsFile(`{"a":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}}`, 0), 2), "want 0 or 1"},
	"negative":     {safetensorsFile(`{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,0]}}`, 0), "negative extent"},
}

func TestSafetensorsBadInput(t *testing.T) {
	for name, c := range badSafetensors {
		if _, _, err := ReadSafetensors(c.file); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, want one with %q", name, err, c.want)
		}
	}
}

func FuzzReadSafetensors(f *testing.F) {
	for _, c := range badSafetensors {
		f.Add(c.file)
	}
	f.Add(safetensorsFile(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4))
	f.Fuzz(func(t *testing.T, file []byte) {
		tensors, metadata, err := ReadSafetensors(file)
		if err != nil {
			return
		}
		if err := WriteSafetensors(&bytes.Buffer{}, tensors, metadata); err != nil {
			t.Errorf("what was read cannot be written: %v", err)
		}
	})
}
