package rules

import (
	"maps"
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/iam"
)

// grantRules are about what identities may do to what the stack has.
func grantRules() []*policy.Rule {
	return []*policy.Rule{grantMissing(), grantUnused(), keyReach(), keyReachService()}
}

const goodUse = `
resources:
  role:
    type: aws:iam/role:Role
    properties:
      name: heartbeat
      assumeRolePolicy: {$json: {Statement: [{Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: scheduler.amazonaws.com}}]}}
  grant:
    type: aws:iam/rolePolicy:RolePolicy
    properties:
      role: ${role.name}
      policy: {$json: {Statement: [{Effect: Allow, Action: "sns:Publish", Resource: "arn:aws:sns:eu-central-1:111111111111:topic"}]}}
  topic: {type: "aws:sns/topic:Topic", properties: {arn: "arn:aws:sns:eu-central-1:111111111111:topic"}}
  schedule:
    type: aws:scheduler/schedule:Schedule
    properties: {target: {arn: "arn:aws:sns:eu-central-1:111111111111:topic", roleArn: "${role.arn}"}}
`

func grantMissing() *policy.Rule {
	return &policy.Rule{
		ID: "iam-grant-missing", Title: "Roles are trusted by, and allow, what uses them", Severity: policy.High,
		Anchors: "nist:AC-3,CM-6",
		Why:     "AWS makes the resource and refuses the call: the schedule, the function or the log stays silent until somebody misses it",
		Fix:     "add the service to the role's assumeRolePolicy, and the action on the target's ARN to its policy",
		Sources: []string{
			"https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html", "https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html",
			"https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html", "https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html",
		},
		Check: func(c *policy.Case) {
			for _, u := range uses(c.Graph()) {
				judgeUse(c.At(u.user), u)
			}
		},
		Proof: policy.Proof{
			Good: goodUse,
			Bad: []string{
				"grant!", "grant.policy.Statement[0].Action=sns:Subscribe", "grant.policy.Statement[0].Resource=arn:aws:sns:eu-central-1:444444444444:other-*",
				"grant.policy.Statement[0].Effect=Deny", "role.assumeRolePolicy.Statement[0].Principal.Service=lambda.amazonaws.com",
				"role.assumeRolePolicy.Statement[0].Effect=Deny",
			},
			Guard: "grant.policy", Absent: policy.Violation, Also: []string{"iam-grant-unused", "ghost-reference"},
		},
	}
}

func judgeUse(c *policy.Case, u use) {
	ref := u.role.Ref(iamRole)
	role := ref.Node()
	if role == nil {
		if ref.How != policy.Outside {
			c.UnclearBecause(u.role.Path(), "which role it takes is not known yet")
		}
		return
	}
	saw := policy.Saw(c.Node, u.role.Path(), "takes "+role.String())
	switch trusts(role, u.service) {
	case no:
		c.At(role).Broken("assumeRolePolicy", u.service+" may not take the role", "a statement that lets "+u.service+" take it", saw)
	case maybe:
		c.UnclearBecause(u.role.Path(), "the trust of "+role.String()+" is not known yet")
	}
	held := grantsOf(c.Graph())[role]
	for _, n := range u.needs {
		switch held.allow(n.action, n.arn) {
		case no:
			c.Broken(u.role.Path(), role.String()+" does not allow "+n.action, n.action+" on what "+n.on.Path()+" names", saw, policy.Saw(n.on.Node(), n.on.Path(), "needs it"))
		case maybe:
			if held.open {
				c.UnclearBecause(u.role.Path(), "whether "+role.String()+" allows what is needed is not known")
				return
			}
		}
	}
}

// trusts says whether the service may take the role; services also act under the name of their region.
func trusts(role *policy.Node, service string) answer {
	document := role.Get("assumeRolePolicy")
	if document.Absent() {
		return maybe
	}
	name, rest, _ := strings.Cut(service, ".")
	return grantedBy(document, func(s iam.Statement) answer {
		return certainly(s.Does("sts:AssumeRole") && (s.Service(service) || s.Service(name+"."+role.Region()+"."+rest)))
	})
}

var usersKey byte

// roleUsers are the resources with a property that is computed from a role, but for its policies.
func roleUsers(g *policy.Graph) map[*policy.Node][]*policy.Node {
	return policy.Memo(g, &usersKey, func(g *policy.Graph) map[*policy.Node][]*policy.Node {
		index := map[*policy.Node][]*policy.Node{}
		parts := []string{iamRolePolicy, iamRoleAttachment, iamPolicyAttachment}
		for _, n := range g.Nodes() {
			if slices.Contains(parts, n.Type) || n.IsComponent() {
				continue
			}
			for property := range n.PropertyDependencies {
				for _, role := range n.Behind(property) {
					if role.Type == iamRole {
						index[role] = append(index[role], n)
					}
				}
			}
		}
		return index
	})
}

var fullyUsedKey byte

// fullyUsed are, for each role whose users do nothing with it but what the program says, the services that they need.
func fullyUsed(g *policy.Graph) map[*policy.Node][]string {
	return policy.Memo(g, &fullyUsedKey, func(g *policy.Graph) map[*policy.Node][]string {
		needed, whole := map[*policy.Node][]string{}, map[*policy.Node]map[*policy.Node]bool{}
		for _, u := range uses(g) {
			role := u.role.Ref(iamRole).Node()
			if role == nil {
				continue
			}
			if whole[role] == nil {
				whole[role] = map[*policy.Node]bool{}
			}
			whole[role][u.user] = u.whole
			for _, n := range u.needs {
				service, _, _ := strings.Cut(n.action, ":")
				needed[role] = append(needed[role], service)
			}
		}
		for role, users := range whole {
			others := slices.ContainsFunc(roleUsers(g)[role], func(n *policy.Node) bool { return !users[n] })
			if others || slices.Contains(slices.Collect(maps.Values(users)), false) {
				delete(needed, role) // Somebody takes it for more than the program says.
			}
		}
		return needed
	})
}

func grantUnused() *policy.Rule {
	return &policy.Rule{
		ID: "iam-grant-unused", Title: "Roles allow nothing that their users do not need", Severity: policy.Medium, Advisory: true,
		Types:   []string{iamRole},
		Anchors: "nist:AC-6",
		Why:     "a permission that nobody needs is there for whoever takes the role over, and nobody notices that it is used",
		Fix:     "take the statement out, or the role when nothing takes it",
		Sources: []string{"https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html"},
		Check: func(c *policy.Case) {
			needed, known := fullyUsed(c.Graph())[c.Node]
			if !known {
				c.Skip("a program decides what it does with the role, or something outside of this one takes it")
				return
			}
			held := grantsOf(c.Graph())[c.Node]
			if held.open {
				c.UnclearBecause("", "its policies are not known yet")
			}
			for _, s := range held.statements {
				for _, action := range s.Actions {
					service, _, _ := strings.Cut(action, ":")
					if s.Allow && !slices.Contains(needed, service) && action != "iam:PassRole" && service != "kms" {
						c.At(s.Value.Node()).Broken(s.Value.Get("Action").Path(), action+" is allowed to "+c.String(), "only actions of "+strings.Join(unique(needed), ", "))
						break
					}
				}
			}
		},
		Proof: policy.Proof{
			Good: goodUse,
			Bad: []string{
				`grant.policy.Statement[1]={Effect: Allow, Action: ["sns:Publish", "s3:GetObject"], Resource: "arn:aws:s3:::other/key"}`,
				`+more={type: "aws:iam/rolePolicy:RolePolicy", properties: {role: "${role.name}", policy: '{"Statement":{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:eu-central-1:444444444444:other"}}'}}`,
			},
			Guard: "grant.policy", Absent: policy.Pass,
			Exempt: "schedule!", Also: []string{"iam-grant-missing"},
		},
	}
}

func unique(texts []string) []string {
	sorted := slices.Clone(texts)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}
