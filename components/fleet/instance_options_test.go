package fleet

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/components/posture"
	"github.com/seed-11444627/holdfast/tests/cloudsim"
)

const (
	// chooser is a function that chooses who goes first.
	chooser      = "arn:aws:lambda:eu-central-1:111111111111:function:choose:live"
	reservation  = "cr-0123456789abcdef0"
	reservations = "arn:aws:resource-groups:eu-central-1:111111111111:group/hashing"
	trustStore   = "arn:aws:elasticloadbalancing:eu-central-1:111111111111:truststore/clients/0123456789abcdef"
)

func TestTheGroupShrinksInTheOrderThatIsAskedFor(t *testing.T) {
	rec, _ := run(t, nil)
	require.Equal(t, []string{"OldestLaunchTemplate", "OldestInstance"}, only(t, rec, tGroup).In().Texts("terminationPolicies"))
	rec, _ = run(t, func(a *HashFleetArgs) { a.Instances.TerminationPolicies = []string{chooser, "NewestInstance"} })
	require.Equal(t, []string{chooser, "NewestInstance"}, only(t, rec, tGroup).In().Texts("terminationPolicies"))
}

func TestARolloutReplacesServersThatAreProtectedFromScaleIn(t *testing.T) {
	rec, _ := run(t, nil)
	require.False(t, only(t, rec, tGroup).In().Bool("protectFromScaleIn"))
	rec, _ = run(t, func(a *HashFleetArgs) { a.Instances.ScaleInProtection = true })
	group := only(t, rec, tGroup).In()
	require.True(t, group.Bool("protectFromScaleIn"))
	require.Equal(t, "Refresh", group.Text("instanceRefresh.preferences.scaleInProtectedInstances"))
	steps := stepsOf(t, rec, "hash-revert")
	require.Contains(t, fmt.Sprint(steps[len(steps)-1].Inputs["Preferences"]), "ScaleInProtectedInstances:Refresh")
}

func TestServersStandInTheCapacityThatIsReservedForThem(t *testing.T) {
	rec, _ := run(t, nil)
	require.False(t, only(t, rec, tGroup).In().Has("capacityReservationSpecification"))
	rec, _ = run(t, func(a *HashFleetArgs) {
		a.Instances.CapacityReservation = &CapacityReservation{Preference: reservedOnly, IDs: []pulumi.StringInput{pulumi.String(reservation)}}
	})
	group := only(t, rec, tGroup).In()
	require.Equal(t, reservedOnly, group.Text("capacityReservationSpecification.capacityReservationPreference"))
	require.Equal(t, []string{reservation}, group.Texts("capacityReservationSpecification.capacityReservationTarget.capacityReservationIds"))
	rec, _ = run(t, func(a *HashFleetArgs) { a.Instances.CapacityReservation = &CapacityReservation{Preference: "none"} })
	require.False(t, only(t, rec, tGroup).In().Has("capacityReservationSpecification.capacityReservationTarget"), "no target that names nothing")
}

func TestServersStandInThePlacementGroupThatIsGiven(t *testing.T) {
	rec, _ := run(t, nil)
	require.False(t, only(t, rec, tGroup).In().Has("placementGroup"))
	rec, _ = run(t, func(a *HashFleetArgs) { a.Instances.Placement = &PlacementGroup{GroupName: pulumi.String("apart")} })
	require.Equal(t, "apart", only(t, rec, tGroup).In().Text("placementGroup"))
}

func TestAClientStaysOnItsServerForAsLongAsIsAskedFor(t *testing.T) {
	rec, _ := run(t, nil)
	require.False(t, only(t, rec, tTargets).In().Has("stickiness"))
	rec, _ = run(t, func(a *HashFleetArgs) { a.LoadBalancer.Stickiness = time.Hour })
	sticky := only(t, rec, tTargets).In()
	require.True(t, sticky.Bool("stickiness.enabled"))
	require.Equal(t, "lb_cookie", sticky.Text("stickiness.type"))
	require.Equal(t, 3600, sticky.Int("stickiness.cookieDuration"))
}

func TestOnlyClientsWithACertificateAreAdmittedWhereThatIsAskedFor(t *testing.T) {
	rec, _ := runWith(t, func(_ *pulumi.Context, a *HashFleetArgs) error {
		a.Zone = &Zone{ID: pulumi.String(zoneID), Domain: "hash.example.com"}
		a.LoadBalancer.MutualTLS = &MutualTLS{TrustStoreARN: pulumi.String(trustStore)}
		return nil
	}, surroundings()...)
	secure := named(t, rec, tListener, "hash-listener-443")
	require.Equal(t, "verify", secure.Text("mutualAuthentication.mode"))
	require.Equal(t, trustStore, secure.Text("mutualAuthentication.trustStoreArn"))
	require.False(t, secure.Bool("mutualAuthentication.ignoreClientCertificateExpiry"))
	require.False(t, named(t, rec, tListener, "hash-listener-80").Has("mutualAuthentication"), "80 only redirects")
}

func TestThePostureListsAndPricesTheAlarmThatStartsTheSteps(t *testing.T) {
	rec, fleet := run(t, func(a *HashFleetArgs) { a.Scaling.Steps = &Steps{AtPercentOfTarget: map[int]int{150: 25}} })
	policy, ok := rec.Named(tPolicy, "hash-scale-steps")
	require.True(t, ok)
	require.Equal(t, []string{policy.Out().Text("arn")}, named(t, rec, tAlarm, "hash-step-scaling").Texts("alarmActions"))
	said := fleet.Posture()
	require.Contains(t, said.Alarms, posture.Alarm{Name: "hash-step-scaling", Severity: "info", GoesTo: "nobody: it starts the step policy"})
	made := slices.DeleteFunc(rec.ByType(tAlarm), func(r cloudsim.Record) bool { return !strings.HasPrefix(r.Name, "hash-") })
	require.Contains(t, strings.Join(said.Price.Derivation, "\n"), fmt.Sprintf("%d × CloudWatch alarm ×", len(made)))
}
