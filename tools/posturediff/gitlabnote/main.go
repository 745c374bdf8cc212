// Command gitlabnote posts a Markdown file as the one note of its kind on a merge request, or replaces the note of the
// last run. The first line of the file is what it is recognised by. It reads GitLab's predefined variables and
// HOLDFAST_NOTE_TOKEN, a project access token, because a job's own token may not write notes
// (https://docs.gitlab.com/ci/jobs/ci_job_token/).
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

const timeout = 2 * time.Minute

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	err := run(ctx, os.Args[1:], os.Getenv)
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "gitlabnote:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, getenv func(string) string) error {
	if len(args) != 1 {
		return errors.New("want the Markdown file as the only argument")
	}
	text, err := os.ReadFile(args[0])
	if err != nil {
		return fmt.Errorf("reading the note: %w", err)
	}
	marker, _, _ := strings.Cut(string(text), "\n")
	if !strings.HasPrefix(marker, "<!-- ") {
		return errors.New("the first line must be an HTML comment, by which the next run finds the note")
	}
	var missing []error
	need := func(name string) string {
		value := getenv(name)
		if value == "" {
			missing = append(missing, fmt.Errorf("the variable %s is not set", name))
		}
		return value
	}
	p := poster{
		notes: need("CI_API_V4_URL") + "/projects/" + need("CI_PROJECT_ID") + "/merge_requests/" + need("CI_MERGE_REQUEST_IID") + "/notes",
		token: need("HOLDFAST_NOTE_TOKEN"),
	}
	if err := errors.Join(missing...); err != nil {
		return err
	}
	return p.post(ctx, marker, string(text))
}

// poster writes notes (https://docs.gitlab.com/api/notes/#merge-requests).
type poster struct{ notes, token string }

func (p poster) post(ctx context.Context, marker, text string) error {
	previous, err := p.find(ctx, marker)
	if err != nil {
		return err
	}
	body := map[string]string{"body": text}
	if previous == 0 {
		return p.call(ctx, http.MethodPost, p.notes, body, nil)
	}
	return p.call(ctx, http.MethodPut, fmt.Sprintf("%s/%d", p.notes, previous), body, nil)
}

// find is the id of our own note that begins with the marker; 0 when there is none.
func (p poster) find(ctx context.Context, marker string) (int64, error) {
	const perPage = 100 // the most the API gives (https://docs.gitlab.com/api/rest/#pagination)
	for page := 1; ; page++ {
		var notes []struct {
			ID   int64  `json:"id"`
			Body string `json:"body"`
		}
		url := fmt.Sprintf("%s?sort=asc&order_by=created_at&per_page=%d&page=%d", p.notes, perPage, page)
		if err := p.call(ctx, http.MethodGet, url, nil, &notes); err != nil {
			return 0, err
		}
		for _, note := range notes {
			if strings.HasPrefix(note.Body, marker) {
				return note.ID, nil
			}
		}
		if len(notes) < perPage {
			return 0, nil
		}
	}
}

func (p poster) call(ctx context.Context, method, url string, body, answer any) error {
	var payload io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("writing the request: %w", err)
		}
		payload = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, url, payload)
	if err != nil {
		return fmt.Errorf("making the request: %w", err)
	}
	request.Header.Set("Private-Token", p.token)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("calling GitLab: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("GitLab answered %s to %s", response.Status, method)
	}
	if answer == nil {
		return nil
	}
	if err := json.NewDecoder(response.Body).Decode(answer); err != nil {
		return fmt.Errorf("reading GitLab's answer: %w", err)
	}
	return nil
}
