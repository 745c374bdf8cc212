package cloudsim_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

const linkedRoleType = "aws:iam/serviceLinkedRole:ServiceLinkedRole"

func TestAServiceLinkedRoleIsRefusedWhereIAMRefusesIt(t *testing.T) {
	t.Parallel()
	linked := func(service, suffix string) func(w *world) {
		return func(w *world) {
			args := pulumi.Map{"awsServiceName": s(service)}
			if suffix != "" {
				args["customSuffix"] = s(suffix)
			}
			w.make(linkedRoleType, "r", args)
		}
	}
	runServices(t, []serviceCase{
		{"with a suffix", linked("autoscaling.amazonaws.com", "fleet"), ""},
		{"without one", linked("autoscaling.amazonaws.com", ""), ""},
		{"the longest suffix", linked("autoscaling.amazonaws.com", strings.Repeat("x", 35)), ""},
		{"a suffix too long for a role's name", linked("autoscaling.amazonaws.com", strings.Repeat("x", 36)), "customSuffix|at most 64"},
		{"a suffix with a space", linked("autoscaling.amazonaws.com", "my fleet"), "customSuffix"},
		{"a suffix where the service takes none", linked("spot.amazonaws.com", "fleet"), "Custom suffix is not allowed"},
		{"a service without such roles", linked("example.amazonaws.com", ""), "awsServiceName"},
		{"the same one twice", func(w *world) {
			args := pulumi.Map{"awsServiceName": s("autoscaling.amazonaws.com"), "customSuffix": s("fleet")}
			w.make(linkedRoleType, "a", args)
			w.make(linkedRoleType, "b", args)
		}, "InvalidInput"},
		{"of a group", func(w *world) {
			role := w.make(linkedRoleType, "r", pulumi.Map{"awsServiceName": s("autoscaling.amazonaws.com"), "customSuffix": s("fleet")})
			e := w.home()
			w.servers(e, w.template(e, nil), pulumi.Map{"serviceLinkedRoleArn": role.Arn})
		}, ""},
		{"of a group, and not there", func(w *world) {
			e := w.home()
			w.servers(e, w.template(e, nil), pulumi.Map{"serviceLinkedRoleArn": s("arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling_none")})
		}, "ValidationError"},
	})
}

func TestAServiceLinkedRoleHasTheNameThatAWSGivesIt(t *testing.T) {
	t.Parallel()
	rec, err := run(t, func(w *world) {
		w.make(linkedRoleType, "r", pulumi.Map{"awsServiceName": s("autoscaling.amazonaws.com"), "customSuffix": s("fleet")})
	})
	require.NoError(t, err)
	role, _ := rec.Named(linkedRoleType, "r")
	require.Equal(t, "arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling_fleet", role.ID)
	require.Equal(t, role.ID, role.Out().Text("arn"))
	require.Equal(t, "AWSServiceRoleForAutoScaling_fleet", role.Out().Text("name"))
}
