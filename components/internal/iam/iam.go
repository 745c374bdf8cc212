// Package iam writes policy documents as typed code. A document is data until JSON turns it into the text AWS takes.
package iam

import (
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/internal/jsontext"
)

// version is the policy language version; the only one that has policy variables.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
const version = "2012-10-17"

// Document is a policy document.
type Document []Statement

// Statement is one statement. Effect is Allow unless Deny is set.
type Statement struct {
	// Sid names the statement: letters and digits only.
	Sid string
	// Deny turns the statement round.
	Deny bool
	// Principals who may act; none in an identity policy.
	Principals []Principal
	// Actions such as "sns:Publish".
	Actions []string
	// Resources the actions touch; none in a trust policy.
	Resources []pulumi.StringInput
	// Conditions that must all hold.
	Conditions []Condition
}

// Principal is who a statement speaks of.
type Principal struct {
	kind  string
	value pulumi.StringInput
}

// Service is an AWS service, for example "ec2.amazonaws.com".
func Service(name string) Principal { return Principal{kind: "Service", value: pulumi.String(name)} }

// AWS is an account, role or user by ARN.
func AWS(arn pulumi.StringInput) Principal { return Principal{kind: "AWS", value: arn} }

// Anyone is every principal: only together with conditions, or in a Deny.
func Anyone() Principal { return Principal{kind: "AWS", value: pulumi.String("*")} }

// AnyFederated is every caller who was vouched for by an identity provider: only together with conditions.
func AnyFederated() Principal { return Principal{kind: "Federated", value: pulumi.String("*")} }

// Condition compares a condition key with values.
type Condition struct {
	Operator string
	Key      string
	Values   []pulumi.StringInput
}

// When is a condition: When("StringEquals", "aws:SourceAccount", account).
func When(operator, key string, values ...pulumi.StringInput) Condition {
	return Condition{Operator: operator, Key: key, Values: values}
}

// Strings turns plain text into inputs, for Resources and condition values.
func Strings(values ...string) []pulumi.StringInput {
	inputs := make([]pulumi.StringInput, len(values))
	for i, value := range values {
		inputs[i] = pulumi.String(value)
	}
	return inputs
}

// Trust is the document that lets one service assume a role.
func Trust(service string, conditions ...Condition) Document {
	return Document{{
		Sid: "Assume", Principals: []Principal{Service(service)},
		Actions: []string{"sts:AssumeRole"}, Conditions: conditions,
	}}
}

// TLSOnly denies every action on the resources to requests without TLS.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
func TLSOnly(action string, resources ...pulumi.StringInput) Statement {
	return Statement{
		Sid: "DenyWithoutTLS", Deny: true, Principals: []Principal{Anyone()}, Actions: []string{action},
		Resources: resources, Conditions: []Condition{When("Bool", "aws:SecureTransport", pulumi.String("false"))},
	}
}

// JSON is the document's text, with sorted keys, so that equal documents are equal texts.
func (d Document) JSON() pulumi.StringOutput {
	statements := make(pulumi.Array, len(d))
	for i, statement := range d {
		statements[i] = statement.input()
	}
	return jsontext.Marshal(pulumi.Map{"Version": pulumi.String(version), "Statement": statements})
}

func (s Statement) input() pulumi.Map {
	out := pulumi.Map{"Effect": pulumi.String("Allow")}
	if s.Deny {
		out["Effect"] = pulumi.String("Deny")
	}
	if s.Sid != "" {
		out["Sid"] = pulumi.String(s.Sid)
	}
	if len(s.Principals) > 0 {
		out["Principal"] = principals(s.Principals)
	}
	out["Action"] = texts(Strings(s.Actions...))
	if len(s.Resources) > 0 {
		out["Resource"] = texts(s.Resources)
	}
	if len(s.Conditions) > 0 {
		out["Condition"] = conditions(s.Conditions)
	}
	return out
}

func principals(list []Principal) pulumi.Map {
	byKind := map[string]pulumi.Array{}
	for _, p := range list {
		byKind[p.kind] = append(byKind[p.kind], p.value)
	}
	out := pulumi.Map{}
	for kind, values := range byKind {
		out[kind] = one(values)
	}
	return out
}

func conditions(list []Condition) pulumi.Map {
	out := pulumi.Map{}
	for _, c := range list {
		keys, ok := out[c.Operator].(pulumi.Map)
		if !ok {
			keys = pulumi.Map{}
			out[c.Operator] = keys
		}
		keys[c.Key] = texts(c.Values)
	}
	return out
}

func texts(values []pulumi.StringInput) pulumi.Input {
	array := make(pulumi.Array, len(values))
	for i, value := range values {
		array[i] = value
	}
	return one(array)
}

// one writes a list of one as AWS itself returns it, so that a refresh finds no difference.
func one(values pulumi.Array) pulumi.Input {
	if len(values) == 1 {
		return values[0]
	}
	return values
}

// Partition is the part of AWS that a region belongs to, the second field of its ARNs.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
func Partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}
