package rules

import (
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

func checkLetterDelivery(c *policy.Case, l deadLetter) {
	target := l.target()
	if target == nil || target.Type != sqsQueue {
		return // dead-letter-exists says so; topics and functions are judged by their own rules.
	}
	switch {
	case l.service != "":
		checkServiceDelivers(c, l, target)
	case l.user.Type == sqsQueue:
		checkRedriveAllowed(c, l, target)
	default:
		checkRoleDelivers(c, l, target)
	}
}

// checkServiceDelivers wants the policies of the queue and of its key to let the service in.
func checkServiceDelivers(c *policy.Case, l deadLetter, target *policy.Node) {
	sender := publisher{l.service, l.source}
	if sender.source == nil {
		sender.source = &policy.Node{} // Of another stack: its ARN is not known here.
	}
	document := resourcePolicies(c.Graph())[target]
	saw := []policy.Detail{policy.Saw(target, "", "takes the dead letters"), policy.Saw(document.Node(), document.Path(), "is its policy")}
	switch admits(document, sender, target.Get("arn").Text(), false, "sqs:SendMessage") {
	case maybe:
		c.UnclearBecause(l.at.Path(), "the policy of the dead-letter queue has parts that are not known yet")
	case no:
		c.Broken(l.at.Path(), "the queue's policy does not let "+l.service+" send for this source", "sqs:SendMessage allowed to it", saw...)
	case yes:
	}
	name := target.Get("kmsMasterKeyId")
	if strings.HasSuffix(name.Text(), "alias/aws/sqs") {
		c.Broken(l.at.Path(), "the dead-letter queue has the key that AWS manages", "a key of your own: no other service may use the one of SQS", policy.Saw(target, name.Path(), "names the key"))
		return
	}
	key := keyNamed(name)
	if key == nil {
		return // Without a key there is nothing to be allowed; one of another stack cannot be read here.
	}
	judgeLetterKey(c, l, key, sender)
}

func judgeLetterKey(c *policy.Case, l deadLetter, key *policy.Node, sender publisher) {
	switch keyAdmits(key, sender) {
	case maybe:
		c.UnclearBecause(l.at.Path(), "the policy of the queue's key has parts that are not known yet")
	case no:
		c.Broken(l.at.Path(), "the policy of the queue's key does not let "+sender.service+" use it", "kms:Decrypt and kms:GenerateDataKey* allowed to it", policy.Saw(key, "policy", "encrypts the dead letters"))
	case yes:
	}
}

// checkRedriveAllowed wants the dead-letter queue to take from the source: it takes from all unless it says otherwise.
func checkRedriveAllowed(c *policy.Case, l deadLetter, target *policy.Node) {
	const holderType = "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy"
	allowed := target.Get("redriveAllowPolicy").JSON()
	if holders := referringBy(target.Graph(), holderType, "queueUrl", sqsQueue).to[target]; len(holders) > 0 {
		allowed = holders[len(holders)-1].Get("redriveAllowPolicy").JSON()
	}
	permission := allowed.Get("redrivePermission")
	switch {
	case permission.Unknown():
		c.UnclearBecause(l.at.Path(), "which queues the dead-letter queue takes from is not known yet")
	case permission.Is("denyAll"), permission.Is("byQueue") && !listHas(allowed.Get("sourceQueueArns"), l.user.Get("arn").Text()):
		c.Broken(l.at.Path(), "the dead-letter queue does not take from this one", "this queue among sourceQueueArns of its redriveAllowPolicy", policy.Saw(allowed.Node(), "redriveAllowPolicy", "refuses"))
	}
}

// checkRoleDelivers wants the role that sends to be allowed to.
func checkRoleDelivers(c *policy.Case, l deadLetter, target *policy.Node) {
	role := l.role.Ref(iamRole).Node()
	if role == nil {
		c.UnclearBecause(l.at.Path(), "the role that sends is not one resource of this stack")
		return
	}
	switch grantsOf(c.Graph())[role].allow("sqs:SendMessage", target.Get("arn").Text()) {
	case maybe:
		c.UnclearBecause(l.at.Path(), "the role has policies that cannot be read here")
	case no:
		c.Broken(l.at.Path(), "the role that sends may not", "sqs:SendMessage on the dead-letter queue allowed to it",
			policy.Saw(role, "", "sends the dead letters"), policy.Saw(target, "", "takes them"))
	case yes:
	}
}
