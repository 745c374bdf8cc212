package harness

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"
	"gopkg.in/yaml.v3"

	"github.com/seed-11444627/holdfast/stacks"
)

// passphrase protects nothing: the simulated environments hold simulated secrets only.
const passphrase = "simulated-cloud-only"

// SimulatedSecret is what stands in for every secret of a configuration file. It is shaped like the pager URL that the
// program asks for, and says what it is.
const SimulatedSecret = "https://events.pagerduty.com/integration/simulated-secret-of-the-simulated-cloud/enqueue"

// workspace is the folder the engine runs in: copies of the project's files, so that the engine never writes into the
// repository, with simulated secrets in place of the real ones, which only their owner can decrypt.
type workspace struct {
	dir       string
	plugin    string
	overrides map[string]string
	secrets   []string
}

// write renews the project's files. The salt of the simulated secrets is kept, because the state is encrypted with it.
func (w workspace) write(ctx context.Context, files stacks.Files) error {
	if err := os.MkdirAll(w.dir, 0o755); err != nil {
		return err
	}
	project, err := w.project(files.Project)
	if err != nil {
		return fmt.Errorf("preparing Pulumi.yaml: %w", err)
	}
	name := filepath.Join(w.dir, stacks.FileOf(files.Stack))
	settings, err := w.settings(ctx, files, name)
	if err != nil {
		return fmt.Errorf("preparing %s: %w", stacks.FileOf(files.Stack), err)
	}
	if err := replaceFile(name, settings); err != nil {
		return err
	}
	return replaceFile(filepath.Join(w.dir, "Pulumi.yaml"), project)
}

// project adds the simulated cloud's provider to the project, by path. So it is found by this copy of the project only,
// and never by a pulumi up that somebody starts elsewhere.
func (w workspace) project(text []byte) ([]byte, error) {
	var project map[string]any
	if err := yaml.Unmarshal(text, &project); err != nil {
		return nil, err
	}
	project["plugins"] = map[string]any{"providers": []any{map[string]any{"name": "aws", "path": w.plugin}}}
	return yaml.Marshal(project)
}

// settings are the stack's settings with simulated secrets and the overrides of a test.
func (w workspace) settings(ctx context.Context, files stacks.Files, existing string) ([]byte, error) {
	var stack struct {
		Config map[string]any `yaml:"config"`
	}
	if err := yaml.Unmarshal(files.Config, &stack); err != nil {
		return nil, err
	}
	if stack.Config == nil {
		stack.Config = map[string]any{}
	}
	values, err := files.Values(SimulatedSecret)
	if err != nil {
		return nil, err
	}
	required := append(files.RequiredSecrets(values), w.secrets...)
	salt, secrets, err := simulatedSecrets(ctx, existing, secretKeys(stack.Config, required))
	if err != nil {
		return nil, err
	}
	maps.Copy(stack.Config, secrets)
	for key, value := range w.overrides {
		stack.Config[key] = value
	}
	return yaml.Marshal(map[string]any{"encryptionsalt": salt, "config": stack.Config})
}

// secretKeys are the required secrets, and whatever else the file keeps encrypted.
func secretKeys(values map[string]any, required []string) []string {
	keys := slices.Compact(slices.Sorted(slices.Values(required)))
	for key, value := range values {
		object, ok := value.(map[string]any)
		if ok && object["secure"] != nil && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	sort.Strings(keys)
	return keys
}

// simulatedSecrets are the keys with the simulated secret, encrypted under the salt that the existing settings have, or
// under a new one. What is encrypted already is kept: to derive the key takes longer than everything else here.
func simulatedSecrets(ctx context.Context, existing string, keys []string) (string, map[string]any, error) {
	var kept struct {
		Salt   string         `yaml:"encryptionsalt"`
		Config map[string]any `yaml:"config"`
	}
	if text, err := os.ReadFile(existing); err == nil {
		if err := yaml.Unmarshal(text, &kept); err != nil {
			return "", nil, err
		}
	}
	secrets := map[string]any{}
	for _, key := range keys {
		if object, ok := kept.Config[key].(map[string]any); ok && object["secure"] != nil {
			secrets[key] = object
		}
	}
	if kept.Salt != "" && len(secrets) == len(keys) {
		return kept.Salt, secrets, nil
	}
	salt, crypter, err := crypterFor(ctx, kept.Salt)
	if err != nil {
		return "", nil, err
	}
	for _, key := range keys {
		cipher, err := crypter.EncryptValue(ctx, SimulatedSecret)
		if err != nil {
			return "", nil, err
		}
		secrets[key] = map[string]any{"secure": cipher}
	}
	return salt, secrets, nil
}

// crypterFor reads a salt in the form of Pulumi's passphrase provider, or makes one: "v1", the salt, and a known text
// encrypted under it.
// https://www.pulumi.com/docs/iac/concepts/secrets/#available-encryption-providers
func crypterFor(ctx context.Context, kept string) (string, config.Crypter, error) {
	if parts := strings.SplitN(kept, ":", 3); len(parts) == 3 {
		salt, err := base64.StdEncoding.DecodeString(parts[1])
		return kept, config.NewSymmetricCrypterFromPassphrase(passphrase, salt), err
	}
	salt := make([]byte, 8)
	if _, err := rand.Read(salt); err != nil {
		return "", nil, err
	}
	crypter := config.NewSymmetricCrypterFromPassphrase(passphrase, salt)
	proof, err := crypter.EncryptValue(ctx, "pulumi")
	return "v1:" + base64.StdEncoding.EncodeToString(salt) + ":" + proof, crypter, err
}

// replaceFile writes a file as a whole or not at all, and leaves an equal one alone.
func replaceFile(path string, text []byte) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, text) {
		return nil
	}
	fresh := path + ".new"
	if err := os.WriteFile(fresh, text, 0o600); err != nil {
		return err
	}
	return os.Rename(fresh, path)
}
