package generate

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/tests/cloudsim"
)

func sdk(t *testing.T) string {
	t.Helper()
	folder, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/pulumi/pulumi-aws/sdk/v6").Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(folder))
}

func TestTheTableSaysWhatTheSDKSays(t *testing.T) {
	t.Parallel()
	table, err := Table(sdk(t), cloudsim.Types())
	require.NoError(t, err)
	kept, err := os.ReadFile("../../../" + File)
	require.NoError(t, err)
	require.Equal(t, table, string(kept), "write the table again: go run ./tools/inputs")
}

func TestATableKnowsScalarsListsMapsAndObjects(t *testing.T) {
	t.Parallel()
	table, err := Table(sdk(t), []string{"aws:autoscaling/lifecycleHook:LifecycleHook", "aws:cloudwatch/metricAlarm:MetricAlarm"})
	require.NoError(t, err)
	require.Contains(t, table, "aws:autoscaling/lifecycleHook:LifecycleHook autoscalingGroupName:s! defaultResult:s heartbeatTimeout:i ")
	require.Contains(t, table, " dimensions:{}s ")
	require.Contains(t, table, " metricQueries:[]@cloudwatch.MetricAlarmMetricQuery ")
	require.Contains(t, table, "\ncloudwatch.MetricAlarmMetricQuery accountId:s expression:s id:s! ")
}

func TestATypeThatTheSDKDoesNotHaveIsAnError(t *testing.T) {
	t.Parallel()
	_, err := Table(sdk(t), []string{"aws:ec2/vcp:Vcp"})
	require.ErrorContains(t, err, "reading the inputs of aws:ec2/vcp:Vcp")
	_, err = Table(sdk(t), []string{"gcp:x/y:Z"})
	require.ErrorContains(t, err, "no type of pulumi-aws")
}
