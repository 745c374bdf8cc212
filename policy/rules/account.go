package rules

import (
	"maps"
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

// accountRules are about environments and their accounts.
func accountRules() []*policy.Rule {
	return []*policy.Rule{explicitProvider(), pinnedAccount(), accountOfEnvironment(), accountCrossing(), environmentUnambiguous()}
}

const (
	accountsSource  = "https://docs.aws.amazon.com/whitepapers/latest/organizing-your-aws-environment/organizing-your-aws-environment.html"
	providersSource = "https://www.pulumi.com/docs/iac/concepts/resources/providers/"
)

func explicitProvider() *policy.Rule {
	return &policy.Rule{
		ID: "account-explicit-provider", Title: "Every resource has an explicit provider", Severity: policy.Critical,
		Anchors: "nist:CM-7",
		Why:     "a default provider takes region and credentials from wherever the command runs: the resource can land in another account than the rest",
		Fix:     "pass a provider with allowedAccountIds (pulumi.Provider, or Providers of the component), and set pulumi:disable-default-providers to [\"*\"]",
		Sources: []string{providersSource},
		Check: func(c *policy.Case) {
			for _, n := range c.Graph().Nodes() {
				if !strings.HasPrefix(n.Type, "aws:") || n.IsComponent() {
					continue
				}
				if name := providerName(n); name == "" || strings.HasPrefix(name, "default") {
					c.At(n).Broken("", "the default provider", "an explicit provider", policy.Saw(n.Provider(), "", "the provider that it has"))
				}
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  default_6_83_2: {type: "pulumi:providers:aws", properties: {region: eu-central-1, allowedAccountIds: "[\"111111111111\"]"}}
  key: {type: "aws:kms/key:Key", properties: {enableKeyRotation: true, policy: "{}"}}
`,
			Bad: []string{
				"key#provider=urn:pulumi:fixture::example::pulumi:providers:aws::default_6_83_2::0b1d",
				"key#provider=urn:pulumi:fixture::example::pulumi:providers:aws::default",
				`key#provider=""`,
			},
			Unguarded: "which provider a resource has is always known",
		},
	}
}

// providerName is the logical name of a resource's provider: "urn:pulumi:stack::project::type::name::id".
func providerName(n *policy.Node) string {
	parts := strings.Split(n.Resource.Provider, "::")
	if len(parts) < 4 {
		return ""
	}
	return parts[3]
}

func pinnedAccount() *policy.Rule {
	return &policy.Rule{
		ID: "provider-account-pinned", Title: "Every provider accepts exactly one account", Severity: policy.Critical,
		Types:    []string{awsProviderType},
		Blocking: true,
		Anchors:  "nist:AC-3,CM-7",
		Why:      "with credentials of another account in the shell the same command changes that account, and nothing refuses",
		Fix:      "set allowedAccountIds to the one account of the environment",
		Sources:  []string{"https://www.pulumi.com/registry/packages/aws/api-docs/provider/", accountsSource},
		Check: func(c *policy.Case) {
			if ids, ok := allowedAccounts(c); ok && len(ids) != 1 {
				c.Fail(c.Get("allowedAccountIds"), "exactly one account")
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  aws: {type: "pulumi:providers:aws", properties: {region: eu-central-1, allowedAccountIds: "[\"111111111111\"]"}}
`,
			Bad:   []string{"aws.allowedAccountIds!", "aws.allowedAccountIds=[]", `aws.allowedAccountIds="[\"111111111111\",\"222222222222\"]"`},
			Guard: "aws.allowedAccountIds", Absent: policy.Violation, Also: []string{"provider-account-of-environment"},
		},
	}
}

// allowedAccounts are the accounts that a provider accepts: a list, or on the wire a text of JSON.
func allowedAccounts(c *policy.Case) ([]string, bool) {
	allowed := c.Get("allowedAccountIds").JSON()
	if unknown := allowed.Unknowns(); len(unknown) > 0 {
		c.Unclear(c.Get("allowedAccountIds"))
		return nil, false
	}
	var ids []string
	for _, id := range allowed.List() {
		ids = append(ids, id.Text())
	}
	return ids, true
}

// accounts is the setting that maps each environment to its account.
func accounts(c *policy.Case) map[string]string {
	given, _ := c.PackSetting("accounts").(map[string]any)
	ids := map[string]string{}
	for environment, id := range given {
		ids[environment], _ = id.(string)
	}
	return ids
}

func accountOfEnvironment() *policy.Rule {
	return &policy.Rule{
		ID: "provider-account-of-environment", Title: "Each environment deploys to its own account", Severity: policy.Critical,
		Types:    []string{awsProviderType},
		Blocking: true,
		Anchors:  "nist:AC-4,SC-7",
		Why:      "an account is the only wall that permissions, quotas and mistakes do not pass: production shares it with nothing",
		Fix:      "set allowedAccountIds, and the role in assumeRole, to the account that pack-settings.accounts gives the environment",
		Sources:  []string{accountsSource},
		Check:    checkAccountOfEnvironment,
		Proof: policy.Proof{
			Good: `
policy: {pack-settings: {accounts: {prod: "111111111111", dev: "222222222222"}}}
resources:
  aws:
    type: pulumi:providers:aws
    properties: {region: eu-central-1, allowedAccountIds: ["111111111111"], assumeRole: {roleArn: "arn:aws:iam::111111111111:role/deploy"}}
`,
			Bad: []string{
				`aws.allowedAccountIds=["999999999999"]`, `aws.allowedAccountIds="[\"999999999999\"]"`,
				`aws.assumeRole={roleArn: "arn:aws:iam::999999999999:role/deploy"}`,
				`@policy.pack-settings.accounts={dev: "222222222222"}`, `@policy.pack-settings.accounts={prod: "111111111111", dev: "111111111111"}`,
			},
			Guard: "aws.allowedAccountIds", Absent: policy.Violation, Exempt: "@policy.pack-settings.accounts={}",
			Also: []string{"provider-account-pinned", "topic-admits-publisher", "topic-key-admits-publisher"},
		},
	}
}

func checkAccountOfEnvironment(c *policy.Case) {
	byEnvironment := accounts(c)
	if len(byEnvironment) == 0 {
		c.Skip("pack-settings.accounts names no accounts")
		return
	}
	environment := c.Stack().Environment
	if c.Stack().Prod() {
		environment = "prod"
	}
	own := byEnvironment[environment]
	if own == "" {
		c.Broken("", "pack-settings.accounts has no account of "+environment, "an account of the environment")
		return
	}
	for _, other := range slices.Sorted(maps.Keys(byEnvironment)) {
		if other != environment && byEnvironment[other] == own {
			c.Broken("", "pack-settings.accounts gives "+environment+" and "+other+" the same account", "an account for each environment")
		}
	}
	ids, ok := allowedAccounts(c)
	if ok && !slices.Contains(ids, own) {
		c.Fail(c.Get("allowedAccountIds"), own+", the account of "+environment)
	}
	for _, role := range assumedRoles(c) {
		c.Require(role, "a role of the account "+own+" of "+environment, func(v policy.Value) bool { return v.Empty() || partsOfARN(v.Text()).account == own })
	}
}

// assumedRoles are the ARNs of the roles that a provider takes.
func assumedRoles(c *policy.Case) []policy.Value {
	var roles []policy.Value
	for _, path := range []string{"assumeRole", "assumeRoles", "assumeRoleWithWebIdentity"} {
		for _, item := range c.Get(path).JSON().Items() {
			roles = append(roles, item.Get("roleArn"))
		}
	}
	return roles
}

func accountCrossing() *policy.Rule {
	return &policy.Rule{
		ID: "account-crossing", Title: "No resource names the account of another environment", Severity: policy.Critical,
		Anchors:  "nist:AC-4,SC-7",
		Why:      "a grant, a peering or an address of another environment's account ties the two together: a mistake or an intruder in dev reaches prod",
		Fix:      "name the environment's own account, or put an account that all share (artifacts, logs) in the setting shared",
		Sources:  []string{accountsSource},
		Settings: []policy.Setting{{Name: "shared", Kind: policy.KindList, Default: []any{}, Help: "accounts that every environment may name"}},
		Check: func(c *policy.Case) {
			environments := map[string]string{}
			for environment, id := range accounts(c) {
				if environment != c.Stack().Environment {
					environments[id] = environment
				}
			}
			own, shared := accounts(c)[c.Stack().Environment], c.Texts("shared")
			for _, p := range scan(c.Graph()).accounts {
				environment := environments[p.what]
				if environment == "" || p.what == own || p.node.IsProvider() || slices.Contains(shared, p.what) {
					continue
				}
				c.At(p.node).Broken(p.path, "it names "+p.what+", the account of "+environment, "no account of another environment")
			}
		},
		Proof: policy.Proof{
			Good: `
policy: {pack-settings: {accounts: {prod: "111111111111", dev: "222222222222"}}, account-crossing: {shared: ["444444444444"]}}
resources:
  key:
    type: aws:kms/key:Key
    properties:
      enableKeyRotation: true
      description: "shared with 444444444444 and order 2222222222222"
      policy: {$json: {Statement: [{Effect: Allow, Action: "kms:*", Resource: "*", Principal: {AWS: "arn:aws:iam::111111111111:root"}}]}}
`,
			Bad: []string{
				`key.policy.Statement[0].Principal.AWS=["arn:aws:iam::111111111111:root", "arn:aws:iam::222222222222:root", "arn:aws:iam::333333333333:root"]`,
				"key.description=as in 333333333333 and 222222222222", "key.tags={peer: 222222222222}",
			},
			Unguarded: "every value of the stack is read; what is not known yet is read in the update",
		},
	}
}

func environmentUnambiguous() *policy.Rule {
	return &policy.Rule{
		ID: "environment-unambiguous", Title: "The stack says which environment it is, once", Severity: policy.High,
		Anchors: "nist:CM-2",
		Why:     "rules, sizes and accounts follow from the environment: a stack named prod with the configuration of dev is neither",
		Fix:     "make the configuration key environment, the stack tag and the stack's name say the same, or set pack-settings.environment where none of them can",
		Sources: []string{"https://www.pulumi.com/docs/iac/concepts/stacks/"},
		Check: func(c *policy.Case) {
			_, claims := policy.EnvironmentOf(c.Stack())
			if len(claims) == 0 && c.Stack().Environment == "" {
				c.Broken("", "neither configuration nor tags nor the stack's name say the environment", "one environment")
				return
			}
			said := map[string]bool{}
			var told []string
			for _, source := range slices.Sorted(maps.Keys(claims)) {
				said[claims[source]] = true
				told = append(told, source+" says "+claims[source])
			}
			if len(said) > 1 {
				c.Broken("", strings.Join(told, ", "), "one environment")
			}
		},
		Proof: policy.Proof{
			Good: `
stackName: prod
config: {"shop:environment": production}
tags: {env: prod}
resources:
  key: {type: "aws:kms/key:Key", properties: {enableKeyRotation: true, policy: "{}"}}
`,
			Bad: []string{
				"@config.shop:environment=dev", "@tags.env=staging", "@stack.name=shop-dev",
				`@config.shop:environment! ; @tags.env! ; @stack.name=shop ; @stack.environment=""`,
			},
			Unguarded: "configuration, tags and names are always known", FixtureOnly: "the edits are of the stack",
		},
	}
}
