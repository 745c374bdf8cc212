// Command reference writes docs/reference from the doc comments under components: one page per package, and an index.
// Run it from the root of the repository after changing a comment: `go run ./tools/reference`. A test compares the pages
// with the comments. It parses the source and compiles none of it, so it takes a second.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/seed-11444627/holdfast/tools/reference/generate"
)

func main() {
	if err := run("."); err != nil {
		fmt.Fprintln(os.Stderr, "reference:", err)
		os.Exit(1)
	}
}

func run(root string) error {
	pages, err := generate.Pages(root)
	if err != nil {
		return err
	}
	stale, err := filepath.Glob(filepath.Join(root, generate.Folder, "*.md"))
	if err != nil {
		return fmt.Errorf("listing the old pages: %w", err)
	}
	for _, old := range stale {
		if _, still := pages[filepath.Base(old)]; still {
			continue
		}
		if err := os.Remove(old); err != nil {
			return fmt.Errorf("removing the page of a package that is gone: %w", err)
		}
	}
	if err := os.MkdirAll(filepath.Join(root, generate.Folder), 0o755); err != nil {
		return fmt.Errorf("making the folder: %w", err)
	}
	for name, text := range pages {
		if err := os.WriteFile(filepath.Join(root, generate.Folder, name), []byte(text), 0o644); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
	}
	return nil
}
