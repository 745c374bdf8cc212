package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/seed-11444627/holdfast/components/posture"
	"github.com/seed-11444627/holdfast/policy/report"
)

// Side is one version of one environment.
type Side struct {
	Postures []posture.Posture
	// Resources maps a resource's address, "type name", to true; empty when the file has no steps of the engine.
	Resources map[string]bool
	// Policy is what the rules say; nil when the file has no policy part.
	Policy *report.Document
	// Failed says that the run did not succeed, Partial that it did not even reach its posture.
	Failed, Partial bool
}

// ParseSide reads the machine form of one simulated preview. A preview that failed before the program could state its
// posture still has what the policy says.
func ParseSide(text []byte) (*Side, error) {
	doc, err := parseDocument(text)
	if err != nil {
		return nil, err
	}
	side := &Side{Policy: doc.Policy, Failed: doc.Succeeded != nil && !*doc.Succeeded}
	side.Partial = side.Failed && (len(doc.Posture) == 0 || string(doc.Posture) == "null")
	if side.Partial {
		return side, nil
	}
	if side.Postures, err = ParsePostures(text); err != nil {
		return nil, err
	}
	side.Resources, err = ParseResources(text)
	return side, err
}

// document is what the harness writes beside the steps; the other forms have none of it.
type document struct {
	Succeeded *bool            `json:"succeeded"`
	Posture   json.RawMessage  `json:"posture"`
	Policy    *report.Document `json:"policy"`
}

func parseDocument(text []byte) (document, error) {
	var d document
	if !bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		return d, nil
	}
	if err := json.Unmarshal(text, &d); err != nil {
		return d, fmt.Errorf("reading the preview: %w", err)
	}
	return d, nil
}

// ParsePostures reads a list of postures, or an object that has that list, or its text, under "posture".
func ParsePostures(text []byte) ([]posture.Posture, error) {
	trimmed := bytes.TrimSpace(text)
	if len(trimmed) == 0 {
		return nil, errors.New("the posture file is empty")
	}
	switch trimmed[0] {
	case '[':
		var all []posture.Posture
		if err := json.Unmarshal(trimmed, &all); err != nil {
			return nil, fmt.Errorf("reading the list of postures: %w", err)
		}
		return all, nil
	case '"':
		var inner string
		if err := json.Unmarshal(trimmed, &inner); err != nil {
			return nil, fmt.Errorf("reading the text of the postures: %w", err)
		}
		return ParsePostures([]byte(inner))
	}
	var object struct {
		Posture json.RawMessage `json:"posture"`
	}
	if err := json.Unmarshal(trimmed, &object); err != nil {
		return nil, fmt.Errorf("reading the posture file: %w", err)
	}
	if len(object.Posture) == 0 {
		return nil, errors.New(`the posture file is an object without "posture"`)
	}
	return ParsePostures(object.Posture)
}

// ParseResources reads the resources of a preview: every object with an operation and a URN, whether in the harness's
// list of changes, in the document of `pulumi preview --json` or in the engine's event log. Providers and the stack itself
// are left out.
func ParseResources(text []byte) (map[string]bool, error) {
	found := map[string]bool{}
	decoder := json.NewDecoder(bytes.NewReader(text))
	for decoder.More() {
		var document any
		if err := decoder.Decode(&document); err != nil {
			return nil, fmt.Errorf("reading the preview: %w", err)
		}
		collect(document, found)
	}
	return found, nil
}

// collect walks a JSON document for steps: objects with an operation and a URN.
func collect(node any, found map[string]bool) {
	switch v := node.(type) {
	case []any:
		for _, element := range v {
			collect(element, found)
		}
	case map[string]any:
		op, _ := v["op"].(string)
		urn, _ := v["urn"].(string)
		if address := Address(urn); address != "" && op != "" && op != "delete" {
			found[address] = true
		}
		for key, element := range v {
			if key != "newState" && key != "oldState" && key != "new" && key != "old" {
				collect(element, found)
			}
		}
	}
}

// Address is what identifies a resource across environments' states, "type name"; "" for what is not a resource of ours.
// A URN is urn:pulumi:<stack>::<project>::<parent types$type>::<name>.
func Address(urn string) string {
	parts := strings.SplitN(urn, "::", 4)
	if len(parts) != 4 {
		return ""
	}
	kind := parts[2][strings.LastIndex(parts[2], "$")+1:]
	if strings.HasPrefix(kind, "pulumi:") {
		return ""
	}
	return kind + " " + parts[3]
}
