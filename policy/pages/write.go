package pages

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/seed-11444627/holdfast/policy/host"
)

// Command is the pack's command that writes the pages into a folder and removes those of rules that are gone.
func Command(consensus []Row) host.Command {
	return host.Command{
		Usage: "docs DIR   write a page for each rule, the index and the coverage of other catalogues",
		Run: func(_ context.Context, pack host.Pack, s host.Session) error {
			if len(s.Arguments) != 1 {
				return errors.New("docs: want one folder")
			}
			return write(s.Arguments[0], All(pack, consensus))
		},
	}
}

func write(dir string, pages map[string]string) error {
	if err := os.MkdirAll(filepath.Join(dir, "rules"), 0o750); err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(dir, "rules", "*.md"))
	if err != nil {
		return err
	}
	for _, name := range old {
		if _, kept := pages["rules/"+filepath.Base(name)]; kept {
			continue
		}
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for name, text := range pages {
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), []byte(text), 0o644); err != nil { //nolint:gosec // documentation
			return err
		}
	}
	return nil
}
