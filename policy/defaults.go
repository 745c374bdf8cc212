package policy

import (
	"fmt"
	"sync"

	"google.golang.org/protobuf/types/known/structpb"
)

// defaults are the values that the provider, or AWS behind it, takes where a program says nothing: by type and by path.
// Unit tests see inputs before the provider has filled them in, so rules need them to judge alike everywhere. Each file
// with rules adds the rows that its rules read, with the page that says so.
var defaults = map[string]map[string]any{}

// Default adds rows to the table of defaults. It is called while packages are initialised.
func Default(typ string, values map[string]any) bool {
	if defaults[typ] == nil {
		defaults[typ] = map[string]any{}
	}
	for path, value := range values {
		if kept, ok := defaults[typ][path]; ok && kept != value {
			defaultProblems = append(defaultProblems, fmt.Errorf("default of %s %s: %v and %v", typ, path, kept, value))
		}
		defaults[typ][path] = value
	}
	return true
}

// defaultProblems are rows that contradict each other; Catalogue.Check reports them.
var defaultProblems []error

var defaultCache sync.Map

func defaultsOf(typ string) map[string]*structpb.Value {
	rows := defaults[typ]
	if rows == nil {
		return nil
	}
	if kept, ok := defaultCache.Load(typ); ok {
		return kept.(map[string]*structpb.Value) //nolint:forcetypeassert // nothing else is stored there
	}
	made := make(map[string]*structpb.Value, len(rows))
	for path, value := range rows {
		pb, err := structpb.NewValue(value)
		if err != nil {
			defaultProblems = append(defaultProblems, fmt.Errorf("default of %s %s: %w", typ, path, err))
			continue
		}
		made[path] = pb
	}
	defaultCache.Store(typ, made)
	return made
}
