package report

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"math"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// The layout of TensorBoard's files.
//
// A file is a sequence of TFRecords, each a serialized Event of
// tensorflow/core/util/event.proto. A field is its number, its wire type and its
// value; the numbers stand at the calls below.

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// writeRecord writes one TFRecord: the length (uint64), its checksum, the data,
// its checksum, all little-endian.
func writeRecord(w io.Writer, data []byte) error {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(data)))
	b = binary.LittleEndian.AppendUint32(b, maskedCRC(b))
	b = append(b, data...)
	b = binary.LittleEndian.AppendUint32(b, maskedCRC(data))
	_, err := w.Write(b)
	return err
}

// maskedCRC is CRC-32C, rotated and shifted, so that the checksum of data that
// holds checksums is no worse.
func maskedCRC(data []byte) uint32 {
	crc := crc32.Checksum(data, castagnoli)
	return (crc>>15 | crc<<17) + 0xa282ead8
}

// versionEvent is Event{wall_time: 1, file_version: 3}, the first of a file.
func versionEvent(now time.Time) []byte {
	return appendBytes(appendDouble(nil, 1, seconds(now)), 3, []byte("brain.Event:2"))
}

// summaryEvent is Event{wall_time: 1, step: 2, summary: 5 {value: 1, …}}.
func summaryEvent(now time.Time, step int64, values [][]byte) []byte {
	var summary []byte
	for _, v := range values {
		summary = appendBytes(summary, 1, v)
	}
	event := appendDouble(nil, 1, seconds(now))
	event = appendVarint(event, 2, step)
	return appendBytes(event, 5, summary)
}

// scalarValue is Summary.Value{tag: 1, simple_value: 2}.
func scalarValue(tag string, x float64) []byte {
	b := appendBytes(nil, 1, []byte(tag))
	b = protowire.AppendTag(b, 2, protowire.Fixed32Type)
	return protowire.AppendFixed32(b, math.Float32bits(float32(x)))
}

// histogramValue is Summary.Value{tag: 1, histo: 5}, a HistogramProto{min: 1, max:
// 2, num: 3, sum: 4, sum_squares: 5, bucket_limit: 6, bucket: 7}.
func histogramValue(h Histogram) []byte {
	var b []byte
	for i, x := range []float64{h.Min, h.Max, float64(h.Count), h.Sum, h.SumSquares} {
		b = appendDouble(b, protowire.Number(i+1), x)
	}
	b = appendBytes(b, 6, doubles(h.Limits))
	b = appendBytes(b, 7, doubles(h.Counts))
	return appendBytes(appendBytes(nil, 1, []byte(h.Name)), 5, b)
}

// textValue is Summary.Value{tag: 1, metadata: 9, tensor: 8}, a string tensor of
// one element for the text plugin: SummaryMetadata{plugin_data: 1 {plugin_name: 1},
// data_class: 4}, TensorProto{dtype: 1, tensor_shape: 2 {dim: 2 {size: 1}},
// string_val: 8}.
func textValue(tag, text string) []byte {
	const (
		stringType  = 7 // DT_STRING
		tensorClass = 2 // DATA_CLASS_TENSOR
	)
	plugin := appendBytes(nil, 1, []byte("text"))
	metadata := appendVarint(appendBytes(nil, 1, plugin), 4, tensorClass)
	tensor := appendVarint(nil, 1, stringType)
	tensor = appendBytes(tensor, 2, appendBytes(nil, 2, appendVarint(nil, 1, 1)))
	tensor = appendBytes(tensor, 8, []byte(text))
	b := appendBytes(nil, 1, []byte(tag))
	b = appendBytes(b, 9, metadata)
	return appendBytes(b, 8, tensor)
}

func appendBytes(b []byte, field protowire.Number, data []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), data)
}

func appendVarint(b []byte, field protowire.Number, x int64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(x))
}

func appendDouble(b []byte, field protowire.Number, x float64) []byte {
	b = protowire.AppendTag(b, field, protowire.Fixed64Type)
	return protowire.AppendFixed64(b, math.Float64bits(x))
}

// doubles is a packed repeated double.
func doubles(values []float64) []byte {
	var b []byte
	for _, x := range values {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
	}
	return b
}

// seconds is the time as TensorBoard's wall time.
func seconds(t time.Time) float64 { return float64(t.UnixNano()) / 1e9 }
