// Package fielderror reports what is wrong with the arguments of a component, all of it at once, in the caller's words.
//
// A component collects every problem before it registers anything, so a failed call leaves nothing half done.
package fielderror

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// FieldError is one problem with one argument.
type FieldError struct {
	// Component is the type that refuses, for example "HashFleet".
	Component string
	// Field is the argument's path, for example "Capacity.Minimum" or "Subscriptions[pager].URL".
	Field string
	// Got is the value given, as text; "" when the value is missing. Never a secret.
	Got string
	// Want says what is allowed.
	Want string
	// Fix is the smallest change that makes it right.
	Fix string
}

// Error is lower case, without a final period: component, field, given, allowed, fix.
func (e *FieldError) Error() string {
	given := e.Got
	if given == "" {
		given = "nothing"
	}
	return fmt.Sprintf("%s: %s: got %s, want %s; fix: %s", e.Component, e.Field, given, e.Want, e.Fix)
}

// Errors collects the problems of one call. The zero value is not useful: use For.
type Errors struct {
	component string
	list      []error
}

// For starts a collection for the named component type.
func For(component string) *Errors {
	return &Errors{component: component}
}

// Add records one problem. got is printed with %v; nil or "" reads "nothing".
func (e *Errors) Add(field string, got any, want, fix string) {
	given := ""
	if got != nil {
		given = fmt.Sprintf("%v", got)
	}
	e.list = append(e.list, &FieldError{Component: e.component, Field: field, Got: given, Want: want, Fix: fix})
}

// Require records a problem when ok is false.
func (e *Errors) Require(ok bool, field string, got any, want, fix string) {
	if !ok {
		e.Add(field, got, want, fix)
	}
}

// OneOf records a problem when got is not among the allowed values.
func (e *Errors) OneOf(field, got string, allowed ...string) {
	if slices.Contains(allowed, got) {
		return
	}
	e.Add(field, got, "one of "+strings.Join(allowed, ", "), "use one of the allowed values")
}

// Join adds the problems of another check; a nil error adds nothing.
func (e *Errors) Join(err error) {
	if err != nil {
		e.list = append(e.list, err)
	}
}

// Err is nil when nothing was recorded, and the joined problems otherwise. errors.As finds each *FieldError.
func (e *Errors) Err() error {
	return errors.Join(e.list...)
}

// All returns every FieldError inside err, in the order they were recorded.
func All(err error) []*FieldError {
	if err == nil {
		return nil
	}
	if fe, ok := err.(*FieldError); ok { //nolint:errorlint // the tree is walked by hand, one node at a time
		return []*FieldError{fe}
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var out []*FieldError
		for _, each := range many.Unwrap() {
			out = append(out, All(each)...)
		}
		return out
	}
	return All(errors.Unwrap(err))
}
