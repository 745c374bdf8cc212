package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/policytest"
)

func TestThePackIsSound(t *testing.T) {
	require.NoError(t, policy.CheckCatalogue(pack().Rules))
}

func TestTheRuleIsProvenByItsOwnExample(t *testing.T) {
	policytest.Prove(t, queueRetention(), []*policy.Rule{queueRetention()})
}
