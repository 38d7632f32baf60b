package onnx

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/emberml/ember/tensor"
)

// The metadata entries that Ember's checksums stand in.
const (
	// ChecksumKey is the entry with the SHA-256 of the whole file, in which the
	// 64 digits of this entry itself are taken as '0'.
	ChecksumKey = "ember.checksum"
	// DataChecksumKey is the entry with the SHA-256 of the external file, where
	// there is one.
	DataChecksumKey = "ember.data_checksum"
)

// noChecksum holds the place of a checksum that is not yet known.
var noChecksum = strings.Repeat("0", 2*sha256.Size)

// checksum is the SHA-256 of the segments in hexadecimal digits.
func checksum(segments ...[]byte) string {
	h := sha256.New()
	for _, s := range segments {
		h.Write(s)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// verify compares a file with the checksum it carries, if it carries one.
func (m *modelProto) verify(data []byte) error {
	for _, e := range m.metadata {
		if e.key != ChecksumKey {
			continue
		}
		end := e.valueAt + len(e.value)
		if got := checksum(data[:e.valueAt], []byte(noChecksum), data[end:]); got != e.value {
			return &tensor.FormatError{
				Offset: int64(e.valueAt), Detail: "the checksum does not fit: the file is damaged, or another program changed it",
				Hint: "copy it again, or remove the metadata entry " + ChecksumKey,
			}
		}
	}
	return nil
}
