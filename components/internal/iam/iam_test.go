package iam_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/internals"
	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/components/internal/iam"
)

func text(t *testing.T, d iam.Document) string {
	t.Helper()
	result, err := internals.UnsafeAwaitOutput(t.Context(), d.JSON())
	require.NoError(t, err)
	require.True(t, result.Known)
	return result.Value.(string)
}

func TestTrustDocumentNamesTheService(t *testing.T) {
	t.Parallel()
	require.JSONEq(t, `{"Version":"2012-10-17","Statement":[{"Sid":"Assume","Effect":"Allow",
		"Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`, text(t, iam.Trust("ec2.amazonaws.com")))
}

func TestDocumentResolvesOutputsGroupsPrincipalsAndMergesConditions(t *testing.T) {
	t.Parallel()
	arn := pulumi.String("arn:aws:sns:eu-west-1:111122223333:t").ToStringOutput()
	got := text(t, iam.Document{
		{
			Sid: "Publish", Principals: []iam.Principal{iam.Service("a.amazonaws.com"), iam.Service("b.amazonaws.com")},
			Actions: []string{"sns:Publish", "sns:GetTopicAttributes"}, Resources: []pulumi.StringInput{arn},
			Conditions: []iam.Condition{
				iam.When("StringEquals", "aws:SourceAccount", pulumi.String("111122223333")),
				iam.When("StringEquals", "aws:SourceArn", pulumi.String("x"), pulumi.String("y")),
			},
		},
		iam.TLSOnly("sns:*", arn),
	})
	require.JSONEq(t, `{"Version":"2012-10-17","Statement":[
		{"Sid":"Publish","Effect":"Allow","Principal":{"Service":["a.amazonaws.com","b.amazonaws.com"]},
		 "Action":["sns:Publish","sns:GetTopicAttributes"],"Resource":"arn:aws:sns:eu-west-1:111122223333:t",
		 "Condition":{"StringEquals":{"aws:SourceAccount":"111122223333","aws:SourceArn":["x","y"]}}},
		{"Sid":"DenyWithoutTLS","Effect":"Deny","Principal":{"AWS":"*"},"Action":"sns:*",
		 "Resource":"arn:aws:sns:eu-west-1:111122223333:t","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`, got)
}

func TestFederatedCallersAreAKindOfTheirOwn(t *testing.T) {
	t.Parallel()
	require.JSONEq(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"*"},"Action":"sts:AssumeRoleWithSAML"}]}`,
		text(t, iam.Document{{Principals: []iam.Principal{iam.AnyFederated()}, Actions: []string{"sts:AssumeRoleWithSAML"}}}))
}

func TestARegionBelongsToOnePartition(t *testing.T) {
	t.Parallel()
	for region, partition := range map[string]string{
		"eu-central-1": "aws", "us-east-1": "aws", "cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov",
	} {
		require.Equal(t, partition, iam.Partition(region), region)
	}
}
