package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// gitlab is as much of GitLab's notes API as the command uses.
type gitlab struct {
	notes []string
	token string
}

func (g *gitlab) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Private-Token") != g.token {
		http.Error(w, "401 Unauthorized", http.StatusUnauthorized)
		return
	}
	var in struct{ Body string }
	_ = json.NewDecoder(r.Body).Decode(&in)
	switch r.Method {
	case http.MethodGet:
		g.list(w, r)
	case http.MethodPost:
		g.notes = append(g.notes, in.Body)
	case http.MethodPut:
		id, _ := strconv.Atoi(filepath.Base(r.URL.Path))
		g.notes[id-1] = in.Body
	}
}

func (g *gitlab) list(w http.ResponseWriter, r *http.Request) {
	page, _ := strconv.Atoi(r.URL.Query().Get("page"))
	size, _ := strconv.Atoi(r.URL.Query().Get("per_page"))
	out := []map[string]any{}
	for i := (page - 1) * size; i < min(page*size, len(g.notes)); i++ {
		out = append(out, map[string]any{"id": i + 1, "body": g.notes[i]})
	}
	_ = json.NewEncoder(w).Encode(out)
}

func post(t *testing.T, g *gitlab, text, token string) error {
	t.Helper()
	server := httptest.NewServer(g)
	defer server.Close()
	file := filepath.Join(t.TempDir(), "note.md")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	variables := map[string]string{
		"CI_API_V4_URL": server.URL + "/api/v4", "CI_PROJECT_ID": "7", "CI_MERGE_REQUEST_IID": "3", "HOLDFAST_NOTE_TOKEN": token,
	}
	return run(t.Context(), []string{file}, func(name string) string { return variables[name] })
}

func TestTheSecondRunReplacesTheNoteOfTheFirst(t *testing.T) {
	g := &gitlab{token: "t"}
	for i := range 150 {
		g.notes = append(g.notes, fmt.Sprintf("somebody's note %d", i))
	}
	require.NoError(t, post(t, g, "<!-- mark -->\nfirst", "t"))
	require.NoError(t, post(t, g, "<!-- mark -->\nsecond", "t"))
	require.Len(t, g.notes, 151)
	require.Equal(t, "<!-- mark -->\nsecond", g.notes[150])
}

func TestARefusedTokenIsAnErrorThatDoesNotShowIt(t *testing.T) {
	err := post(t, &gitlab{token: "t"}, "<!-- mark -->\n", "wrong-token")
	require.ErrorContains(t, err, "401")
	require.NotContains(t, err.Error(), "wrong-token")
}

func TestEveryMissingVariableIsNamedAtOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "note.md")
	require.NoError(t, os.WriteFile(file, []byte("<!-- mark -->\n"), 0o600))
	err := run(t.Context(), []string{file}, func(string) string { return "" })
	for _, name := range []string{"CI_API_V4_URL", "CI_PROJECT_ID", "CI_MERGE_REQUEST_IID", "HOLDFAST_NOTE_TOKEN"} {
		require.ErrorContains(t, err, name)
	}
}

func TestANoteWithoutAMarkerIsRefused(t *testing.T) {
	require.ErrorContains(t, post(t, &gitlab{token: "t"}, "hello", "t"), "first line")
}
