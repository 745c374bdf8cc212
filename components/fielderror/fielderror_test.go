package fielderror_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/components/fielderror"
)

func TestAllProblemsOfOneCallAreReportedTogether(t *testing.T) {
	t.Parallel()
	problems := fielderror.For("Network")
	problems.Require(true, "CIDR", "10.0.0.0/16", "unused", "unused")
	problems.Require(false, "CIDR", "10.0.0.0/8", "a prefix from /16 to /28", "use 10.0.0.0/16")
	problems.OneOf("NAT", "two", "none", "one", "per-zone")
	problems.Join(nil)
	err := fmt.Errorf("wrapped: %w", problems.Err())

	all := fielderror.All(err)
	require.Len(t, all, 2)
	require.Equal(t, "Network: CIDR: got 10.0.0.0/8, want a prefix from /16 to /28; fix: use 10.0.0.0/16", all[0].Error())
	require.Equal(t, "NAT", all[1].Field)
	require.Contains(t, all[1].Want, "none, one, per-zone")
	var one *fielderror.FieldError
	require.ErrorAs(t, err, &one)
}

func TestMissingValueReadsNothing(t *testing.T) {
	t.Parallel()
	problems := fielderror.For("AlarmTopic")
	problems.Add("Subscriptions", nil, "at least one", "add one")
	require.EqualError(t, problems.Err(), "AlarmTopic: Subscriptions: got nothing, want at least one; fix: add one")
	require.NoError(t, fielderror.For("AlarmTopic").Err())
	require.Empty(t, fielderror.All(nil))
	require.Empty(t, fielderror.All(errors.New("plain")))
}
