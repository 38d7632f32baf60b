package tensor

// MarshalText returns d's name, for JSON and the like.
func (d DType) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText sets d by its name, as [ParseDType] does.
func (d *DType) UnmarshalText(text []byte) error {
	parsed, err := ParseDType(string(text))
	*d = parsed
	return err
}
