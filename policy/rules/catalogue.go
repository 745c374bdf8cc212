// Package rules is the catalogue: what must hold of every stack, from the consensus of the field and from our own domain.
package rules

import (
	"sort"

	"github.com/seed-11444627/holdfast/policy"
)

// groups are the catalogue's parts, each in the file of its name.
var groups = []func() []*policy.Rule{
	computeRules, networkRules, loadBalancerRules, // compute.go, network.go, load_balancer.go
	databaseRules, tableRules, bucketRules, warehouseRules, // database.go, table.go, bucket.go, warehouse.go
	functionRules, messagingRules, apiRules, containerRules, // function.go, messaging.go, api.go, container.go
	edgeRules, keyRules, identityRules, auditRules, // edge.go, key.go, identity.go, audit.go
	kubernetesRules,                            // kubernetes.go
	spaceRules, reachabilityRules, streamRules, // space.go, reachability.go, stream.go
	recoveryRules, capacityRules, redundancyRules, alarmRules, failurePathRules, // recovery.go, capacity.go, redundancy.go, alarm.go, failure_path.go
	retentionRules, protectionRules, backupRules, costRules, tagRules, // retention.go, protection.go, backup.go, cost.go, tag.go
	serviceRules, artifactRules, accountRules, secretRules, grantRules, // service.go, artifact.go, account.go, secret.go, grant.go
	hygieneRules, changeRules, // hygiene.go, change.go
}

// All are the rules of the catalogue, sorted by id.
func All() []*policy.Rule {
	var all []*policy.Rule
	for _, group := range groups {
		all = append(all, group()...)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].ID < all[j].ID })
	return all
}
