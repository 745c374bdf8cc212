package rules_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/policytest"
	"github.com/seed-11444627/holdfast/policy/rules"
)

func TestTheCatalogueIsSound(t *testing.T) {
	t.Parallel()
	require.NoError(t, policy.CheckCatalogue(rules.All()))
}

func TestEveryRuleIsProvenByItsOwnExample(t *testing.T) {
	t.Parallel()
	all := rules.All()
	for _, rule := range all {
		t.Run(rule.ID, func(t *testing.T) {
			t.Parallel()
			policytest.Prove(t, rule, all)
		})
	}
}
