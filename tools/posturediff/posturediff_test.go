package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/seed-11444627/holdfast/components/posture"
)

func fleet() posture.Posture {
	return posture.Posture{
		Workload: "hashing", Component: "HashFleet", Name: "web", Zones: []string{"a", "b", "c"},
		Capacity: &posture.Capacity{Unit: "requests/s", Peak: 12500, AfterZoneLoss: 13000},
		Recovery: map[posture.Scenario]posture.Recovery{
			posture.InstanceLoss: {RecoveryTime: time.Minute},
			posture.ZoneLoss:     {},
			posture.RegionLoss:   {Unrecoverable: true},
		},
		Price:  posture.Price{Low: 96, Expected: 128, High: 256},
		Alarms: []posture.Alarm{{Name: "unhealthy", Severity: "critical", GoesTo: "PagerDuty"}},
	}
}

func compareFleets(was, now posture.Posture) []Change {
	return Compare("prod", &Side{Postures: []posture.Posture{was}}, &Side{Postures: []posture.Posture{now}}).Changes
}

func TestAPromiseThatGetsWorseIsListedFirstAndCalledWorse(t *testing.T) {
	now := fleet()
	now.Zones = []string{"a", "b"}
	now.Capacity = &posture.Capacity{Unit: "requests/s", Peak: 12500, AfterZoneLoss: 9000}
	now.Price.Expected = 64
	now.Recovery = map[posture.Scenario]posture.Recovery{
		posture.InstanceLoss: {RecoveryTime: 2 * time.Minute},
		posture.ZoneLoss:     {DataLoss: time.Second},
		posture.RegionLoss:   {RecoveryTime: time.Hour},
	}
	now.Alarms = nil

	require.Equal(t, []Change{
		{Worse, "hashing/HashFleet/web", "alarm unhealthy", "critical", "removed"},
		{Worse, "hashing/HashFleet/web", "capacity after losing a zone", "13000 requests/s", "9000 requests/s"},
		{Worse, "hashing/HashFleet/web", "data loss, zone loss", "none", "1s"},
		{Worse, "hashing/HashFleet/web", "recovery time, instance loss", "1m0s", "2m0s"},
		{Worse, "hashing/HashFleet/web", "zones", "a, b, c", "a, b"},
		{Better, "hashing/HashFleet/web", "price per hour, expected", "128.00 USD", "64.00 USD"},
		{Better, "hashing/HashFleet/web", "region loss", "does not recover", "1h0m0s interruption, no data loss"},
	}, compareFleets(fleet(), now))
}

func TestAnAlarmThatReachesSomebodyElseIsAChange(t *testing.T) {
	now := fleet()
	now.Alarms = []posture.Alarm{{Name: "unhealthy", Severity: "critical", GoesTo: "critical: e-mail"}}
	require.Equal(t, []Change{
		{Changed, "hashing/HashFleet/web", "alarm unhealthy", "critical: PagerDuty", "critical: e-mail"},
	}, compareFleets(fleet(), now))
}

func TestTheSamePostureHasNoChangesWhateverItsOrder(t *testing.T) {
	now := fleet()
	now.Zones = []string{"c", "a", "b"}
	require.Empty(t, compareFleets(fleet(), now))
}

func TestARemovedComponentIsAWorsePromiseAndANewOneIsSaid(t *testing.T) {
	other := fleet()
	other.Name = "api"
	require.Equal(t, []Change{
		{Worse, "hashing/HashFleet/web", "component", "present", "removed"},
		{Changed, "hashing/HashFleet/api", "component", "absent", "new"},
	}, compareFleets(fleet(), other))
}

func TestWorseAndBetterAreMirrorImages(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		was, now := anyPosture(t, "was"), anyPosture(t, "now")
		there, back := compareFleets(was, now), compareFleets(now, was)
		mirror := map[Verdict]Verdict{Worse: Better, Better: Worse, Changed: Changed}
		require.Len(t, back, len(there))
		for _, c := range there {
			found := slices.ContainsFunc(back, func(d Change) bool { return d.What == c.What && d.Verdict == mirror[c.Verdict] })
			require.True(t, found, "%+v has no mirror in %+v", c, back)
		}
	})
}

func anyPosture(t *rapid.T, label string) posture.Posture {
	p := fleet()
	p.Zones = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c"}), 1, 3, rapid.ID[string]).Draw(t, label+" zones")
	p.Capacity = &posture.Capacity{Unit: "requests/s", Peak: 1, AfterZoneLoss: float64(rapid.IntRange(0, 3).Draw(t, label+" left"))}
	p.Price.Expected = float64(rapid.IntRange(0, 3).Draw(t, label+" price"))
	p.Recovery = map[posture.Scenario]posture.Recovery{}
	for _, s := range posture.Scenarios() {
		if rapid.Bool().Draw(t, label+" answered") {
			p.Recovery[s] = posture.Recovery{
				Unrecoverable: rapid.Bool().Draw(t, label+" unrecoverable"),
				RecoveryTime:  time.Duration(rapid.IntRange(0, 2).Draw(t, label+" time")),
			}
		}
	}
	p.Alarms = nil
	if rapid.Bool().Draw(t, label+" alarm") {
		severity := rapid.SampledFrom([]string{"critical", "info"}).Draw(t, label+" severity")
		p.Alarms = []posture.Alarm{{Name: "unhealthy", Severity: severity}}
	}
	return p
}

func TestPosturesAreReadInEveryFormTheStackGivesThem(t *testing.T) {
	text, err := posture.JSON([]posture.Posture{fleet()})
	require.NoError(t, err)
	quoted, err := json.Marshal(text)
	require.NoError(t, err)
	for name, form := range map[string]string{
		"list": text, "text": string(quoted),
		"object with list": `{"stack":"dev","posture":` + text + `}`, "object with text": `{"posture":` + string(quoted) + `}`,
	} {
		all, err := ParsePostures([]byte(form))
		require.NoError(t, err, name)
		require.Equal(t, []posture.Posture{fleet()}, all, name)
	}
}

func TestAFileThatHoldsNoPosturesIsRefused(t *testing.T) {
	for _, form := range []string{"", "{}", "[1]", "12", "nonsense", `{"posture":{"posture":3}}`} {
		_, err := ParsePostures([]byte(form))
		require.Error(t, err, form)
	}
}

func TestResourcesOfAPreviewAreComparedByTypeAndName(t *testing.T) {
	before, err := ParseResources([]byte(`{"steps":[
		{"op":"create","urn":"urn:pulumi:dev::holdfast::pulumi:pulumi:Stack::holdfast-dev"},
		{"op":"create","urn":"urn:pulumi:dev::holdfast::holdfast:index:Network$aws:ec2/vpc:Vpc::net-vpc","newState":{"urn":"x"}},
		{"op":"delete","urn":"urn:pulumi:dev::holdfast::aws:s3/bucket:Bucket::old"}]}`))
	require.NoError(t, err)
	require.Equal(t, map[string]bool{"aws:ec2/vpc:Vpc net-vpc": true}, before)

	after, err := ParseResources([]byte(`{"resourcePreEvent":{"metadata":{"op":"create","urn":"urn:pulumi:dev::holdfast::aws:s3/bucket:Bucket::logs"}}}
		{"resOutputsEvent":{"metadata":{"op":"create","urn":"urn:pulumi:dev::holdfast::aws:s3/bucket:Bucket::logs"}}}`))
	require.NoError(t, err)
	c := Compare("dev", &Side{Resources: before}, &Side{Resources: after})
	require.Equal(t, []string{"aws:s3/bucket:Bucket logs"}, c.Added)
	require.Equal(t, []string{"aws:ec2/vpc:Vpc net-vpc"}, c.Removed)
}

func TestTheHarnessesPreviewGivesBothPosturesAndResources(t *testing.T) {
	postures, err := posture.JSON([]posture.Posture{fleet()})
	require.NoError(t, err)
	side, err := ParseSide([]byte(`{"counts":{"create":2},"posture":` + postures + `,"changes":[
		{"op":"create","type":"aws:ec2/vpc:Vpc","urn":"urn:pulumi:dev::holdfast::holdfast:index:Network$aws:ec2/vpc:Vpc::net-vpc"}]}`))
	require.NoError(t, err)
	require.Equal(t, &Side{
		Postures: []posture.Posture{fleet()}, Resources: map[string]bool{"aws:ec2/vpc:Vpc net-vpc": true},
	}, side)
}

func TestTextOfAPullRequestCannotMarkUpOrMention(t *testing.T) {
	evil := fleet()
	evil.Name = "x|<img src=y>@someone [a](https://z) `c`\n## title"
	out := Markdown([]Comparison{Compare("prod", nil, &Side{Postures: []posture.Posture{evil}})})
	for _, bad := range []string{"<img", "@someone", "](", "https://z", "`c`", "\n## title", "x|"} {
		require.NotContains(t, out, bad)
	}
}

func TestACommentFitsWhatTheHostsAcceptAndSaysWhatItLeftOut(t *testing.T) {
	var many []posture.Posture
	for i := range 2000 {
		p := fleet()
		p.Name = strings.Repeat("n", i%50)
		many = append(many, p)
	}
	out := Markdown([]Comparison{Compare("prod", nil, &Side{Postures: many})})
	require.Less(t, len(out), 65536)
	require.Contains(t, out, "The rest is left out")
	require.True(t, strings.HasPrefix(out, Marker), "the marker is what the next run looks for")
}

func TestTheCommandComparesDirectories(t *testing.T) {
	base, head := t.TempDir(), t.TempDir()
	text, err := posture.JSON([]posture.Posture{fleet()})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(base, "dev.json"), []byte(text), 0o600))
	for _, environment := range []string{"dev", "prod"} {
		require.NoError(t, os.WriteFile(filepath.Join(head, environment+".json"), []byte(text), 0o600))
	}

	var out strings.Builder
	require.NoError(t, run([]string{"-base", base, "-head", head, "dev", "prod"}, &out))
	require.Contains(t, out.String(), "### dev: no promise changes")
	require.Contains(t, out.String(), "### prod: not on the target branch")
	require.ErrorContains(t, run([]string{"-base", base, "-head", head, "stg"}, &out), "no stg.json")
	require.ErrorContains(t, run(nil, &out), "want -head")
}
