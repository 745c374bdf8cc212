package rules

import "github.com/seed-11444627/holdfast/policy"

const kmsAlias = "aws:kms/alias:Alias"

// keyNamed is the key that a property names by id, ARN or alias.
func keyNamed(name policy.Value) *policy.Node {
	if key := name.Ref(kmsKey).Node(); key != nil {
		return key
	}
	if alias := name.Ref(kmsAlias).Node(); alias != nil {
		return alias.Get("targetKeyId").Ref(kmsKey).Node()
	}
	return nil
}

// policyOfKey is the policy in force: that of a resource of its own, otherwise the key's.
func policyOfKey(key *policy.Node) policy.Value {
	if holders := referringBy(key.Graph(), kmsKeyPolicy, "keyId", kmsKey).to[key]; len(holders) > 0 {
		return holders[len(holders)-1].Get("policy")
	}
	return key.Get("policy")
}

// keyAdmits says whether a key lets a service use it for what it sends. A request of EventBridge to KMS does not say for which
// rule or account it is made.
func keyAdmits(key *policy.Node, p publisher) answer {
	return admits(policyOfKey(key), p, "", p.service == "events.amazonaws.com", "kms:Decrypt", "kms:GenerateDataKey")
}
