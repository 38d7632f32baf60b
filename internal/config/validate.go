package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Defaults gives every zero field of the struct that v points to its default,
// nested options included.
func Defaults(v any) {
	p := reflect.ValueOf(v)
	if p.Kind() != reflect.Pointer || p.IsNil() {
		panic(fmt.Sprintf("config: Defaults of %T, want a pointer", v))
	}
	setDefaults(p.Elem())
}

func setDefaults(v reflect.Value) {
	for _, f := range schemaOf(v.Type()) {
		f.setDefault(v.FieldByIndex(f.index))
	}
}

func (f *field) setDefault(v reflect.Value) {
	if f.fallback != nil && v.IsZero() {
		// newField has decoded it once, so it cannot fail.
		if err := decode(f.fallback, v, f.Name); err != nil {
			panic(err)
		}
		return
	}
	if isOptions(v.Type()) {
		if v = reflect.Indirect(v); v.IsValid() {
			setDefaults(v)
		}
	}
}

// Validate checks the bounds of a struct that a program made, or of what a
// pointer points to; a zero field is not given. Its one wording:
// the "lr" of adam must be > 0, got -1.
func Validate(v any) error {
	t := reflect.TypeOf(v)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return ValidateAs(Snake(t.Name()), v)
}

// ValidateAs is [Validate] for options that messages call by another name than
// that of their type.
func ValidateAs(name string, v any) error {
	value := reflect.ValueOf(v)
	for value.Kind() == reflect.Pointer {
		value = value.Elem()
	}
	return validate(name, value)
}

func validate(owner string, v reflect.Value) error {
	for _, f := range schemaOf(v.Type()) {
		fv := v.FieldByIndex(f.index)
		switch {
		case fv.IsZero() && f.Required:
			return &Error{Detail: f.subject(owner) + " is missing"}
		case fv.IsZero():
			continue
		}
		if detail := f.check(fv); detail != "" {
			return &Error{Detail: f.subject(owner) + " " + detail, Hint: f.hint(fv)}
		}
		if isOptions(f.typ) {
			if fv = reflect.Indirect(fv); fv.IsValid() {
				if err := validate(f.Name, fv); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (f *field) subject(owner string) string {
	if owner == "" {
		return strconv.Quote(f.Name)
	}
	return fmt.Sprintf("the %q of %s", f.Name, owner)
}

// check says what is wrong with a value of the field, or "".
func (f *field) check(v reflect.Value) string {
	v = reflect.Indirect(v)
	switch {
	case !v.IsValid():
		return ""
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			if detail := f.check(v.Index(i)); detail != "" {
				return detail
			}
		}
	case v.Kind() == reflect.String && len(f.OneOf) > 0:
		for _, word := range f.OneOf {
			if v.String() == word {
				return ""
			}
		}
		return fmt.Sprintf("must be %s, got %q", f.Range(), v.String())
	case v.CanInt():
		return f.checkNumber(float64(v.Int()), v)
	case v.CanUint():
		return f.checkNumber(float64(v.Uint()), v)
	case v.CanFloat():
		return f.checkNumber(v.Float(), v)
	}
	return ""
}

func (f *field) checkNumber(x float64, v reflect.Value) string {
	low := f.Min == nil || x > *f.Min || x == *f.Min && !f.ExclusiveMin
	high := f.Max == nil || x < *f.Max || x == *f.Max && !f.ExclusiveMax
	if low && high {
		return ""
	}
	return fmt.Sprintf("must be %s, got %v", f.Range(), v.Interface())
}

// hint is the allowed word nearest to a wrong one.
func (f *field) hint(v reflect.Value) string {
	if v = reflect.Indirect(v); v.IsValid() && v.Kind() == reflect.String {
		if near := Nearest(v.String(), f.OneOf); near != "" {
			return "did you mean \"" + near + "\"?"
		}
	}
	return ""
}

// Range is what the field allows, in words: "> 0", "≥ 0 and < 1", "valid or
// same"; "" if it has no bounds.
func (f Field) Range() string {
	if len(f.OneOf) > 0 {
		last := len(f.OneOf) - 1
		if last == 0 {
			return f.OneOf[0]
		}
		return strings.Join(f.OneOf[:last], ", ") + " or " + f.OneOf[last]
	}
	var parts []string
	if f.Min != nil {
		parts = append(parts, comparison(">", "≥", f.ExclusiveMin)+" "+number(*f.Min))
	}
	if f.Max != nil {
		parts = append(parts, comparison("<", "≤", f.ExclusiveMax)+" "+number(*f.Max))
	}
	return strings.Join(parts, " and ")
}

func comparison(strict, loose string, exclusive bool) string {
	if exclusive {
		return strict
	}
	return loose
}

func number(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
