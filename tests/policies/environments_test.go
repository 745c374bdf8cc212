// Package policies proves the catalogue on the real environments: they are clean, every rule goes red when what it guards is
// broken in them, and every host comes to the same verdicts.
package policies_test

import (
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/policytest"
	"github.com/seed-11444627/holdfast/policy/rules"
	"github.com/seed-11444627/holdfast/stacks"
	"github.com/seed-11444627/holdfast/tests/cloudsim"
)

const (
	root   = "../.."
	secret = "https://events.pagerduty.com/integration/stand-in-of-the-tests/enqueue"
)

// recorded is one environment as the simulated cloud's face for unit tests saw it.
type recorded struct {
	stack     policy.Stack
	resources []policy.Resource
}

func (r recorded) graph() *policy.Graph { return policy.NewGraph(r.stack, r.resources) }

// environments are recorded once for all tests; key is the name, with "preview" behind it for a preview.
var environments sync.Map

func environment(t *testing.T, stack string, options ...cloudsim.Option) recorded {
	t.Helper()
	key := stack
	if len(options) > 0 {
		key += " preview"
	}
	once, _ := environments.LoadOrStore(key, sync.OnceValues(func() (recorded, error) { return record(stack, options...) }))
	made, err := once.(func() (recorded, error))()
	require.NoError(t, err)
	return made
}

func record(stack string, options ...cloudsim.Option) (recorded, error) {
	files, err := stacks.ReadFiles(root, stack)
	if err != nil {
		return recorded{}, err
	}
	values, err := files.Values(secret)
	if err != nil {
		return recorded{}, err
	}
	plain := map[string]string{}
	for key, value := range values {
		if !value.Secret {
			plain[key] = value.Text
		}
	}
	if domain := plain["holdfast:hashingDomain"]; domain != "" {
		_, zone, _ := strings.Cut(domain, ".")
		options = append(options, cloudsim.Exists(cloudsim.Given{
			Type: "aws:route53/zone:Zone", ID: plain["holdfast:hashingHostedZoneId"], Name: zone, Properties: map[string]any{"name": zone},
		}))
	}
	recorder, err := cloudsim.New(append([]cloudsim.Option{
		cloudsim.Account(plain["holdfast:accountId"]), cloudsim.Region(plain["holdfast:region"]), cloudsim.Project("holdfast", stack),
		cloudsim.Config(plain), cloudsim.SecretConfig(map[string]string{"holdfast:pagerDutyUrl": secret}),
	}, options...)...).Run(stacks.Deploy)
	if err != nil {
		return recorded{}, err
	}
	resources, err := policytest.Resources(recorder)
	return recorded{stack: policytest.StackOf(recorder), resources: resources}, err
}

// settings are how this repository applies its own catalogue.
func settings(t *testing.T) *policy.Config {
	t.Helper()
	text, err := os.ReadFile(root + "/policy/settings.json")
	require.NoError(t, err)
	config, err := policy.ParseConfig(text, rules.All())
	require.NoError(t, err)
	return config
}

func each(t *testing.T, check func(t *testing.T, stack string)) {
	t.Helper()
	for _, name := range stacks.Environments() {
		t.Run(string(name), func(t *testing.T) { check(t, string(name)) })
	}
}

func judge(t *testing.T, r recorded) *policy.Report {
	t.Helper()
	return policy.Evaluate(r.graph(), policy.Evaluation{Rules: rules.All(), Config: settings(t), Today: policytest.Day})
}

func TestTheEnvironmentsAreCleanWithoutAWaiver(t *testing.T) {
	t.Parallel()
	require.Empty(t, settings(t).Waivers, "no environment has a waiver")
	each(t, func(t *testing.T, stack string) {
		t.Helper()
		for _, options := range [][]cloudsim.Option{nil, {cloudsim.Preview()}} {
			judged := judge(t, environment(t, stack, options...))
			for _, f := range judged.Findings {
				if f.Outcome == policy.Unknown {
					t.Logf("%s: not known: %s", f.Rule, f.Message())
					continue
				}
				require.NotEqual(t, policy.Failed, f.Outcome, "%s: %s", f.Rule, f.Message())
				if f.Level == policy.Mandatory {
					t.Errorf("%s: %s; fix: %s", f.Rule, f.Message(), f.Fix)
				}
			}
		}
	})
}
