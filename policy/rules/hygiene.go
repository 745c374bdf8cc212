package rules

import "github.com/seed-11444627/holdfast/policy"

// hygieneRules are about waivers and other promises of the stack to itself.
func hygieneRules() []*policy.Rule {
	return []*policy.Rule{waiverHygiene(), ghostReference(), logPath(), quotaHeadroom()}
}

// waiverHygiene has no check of its own: what is wrong with a waiver is found when it is applied, after every rule.
func waiverHygiene() *policy.Rule {
	return &policy.Rule{
		ID: policy.WaiverRule, Title: "Waivers end, and accept a violation that is there", Severity: policy.Medium,
		Anchors: "nist:CA-5,PM-4",
		Why:     "a waiver that never ends is a rule that nobody decided to drop, and one that accepts nothing hides the next violation",
		Fix:     "take the waiver out, or give it an owner, a reason and a day at most 90 days ahead",
		Sources: []string{"https://www.pulumi.com/docs/insights/policy/", "https://github.com/cdklabs/cdk-nag#suppressing-a-rule"},
		Check:   func(*policy.Case) {},
		Proof: policy.Proof{
			Good: `
resources:
  key: {type: "aws:kms/key:Key", properties: {enableKeyRotation: false, policy: "{}"}}
`,
			Bad: []string{
				`@policy.pack-settings.waivers=[{rule: kms-rotation, resource: key, owner: platform, reason: moves next month, expires: "2026-10-31"}]`,
				`@policy.pack-settings.waivers=[{rule: kms-rotation, resource: key, owner: platform, reason: moves next year, expires: "2027-01-31"}]`,
				`@policy.pack-settings.waivers=[{rule: kms-enabled, resource: other, owner: platform, reason: a typing mistake, expires: "2026-12-01"}]`,
			},
			Unguarded: "it reads the policy configuration and no resource", FixtureOnly: "the edits are of the policy configuration",
		},
	}
}
