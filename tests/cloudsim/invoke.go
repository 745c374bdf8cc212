package cloudsim

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// zones are the Availability Zones per region, by the letters that end their names, and the prefix of their zone ids.
// Accounts see a subset in the older regions; these are the zones that new accounts have.
// https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-availability-zones.html
var zones = map[string]struct{ letters, id string }{
	"af-south-1":     {"abc", "afs1"},
	"ap-east-1":      {"abc", "ape1"},
	"ap-northeast-1": {"acd", "apne1"},
	"ap-northeast-2": {"abcd", "apne2"},
	"ap-northeast-3": {"abc", "apne3"},
	"ap-south-1":     {"abc", "aps1"},
	"ap-south-2":     {"abc", "aps2"},
	"ap-southeast-1": {"abc", "apse1"},
	"ap-southeast-2": {"abc", "apse2"},
	"ap-southeast-3": {"abc", "apse3"},
	"ap-southeast-4": {"abc", "apse4"},
	"ca-central-1":   {"abd", "cac1"},
	"ca-west-1":      {"abc", "caw1"},
	"eu-central-1":   {"abc", "euc1"},
	"eu-central-2":   {"abc", "euc2"},
	"eu-north-1":     {"abc", "eun1"},
	"eu-south-1":     {"abc", "eus1"},
	"eu-south-2":     {"abc", "eus2"},
	"eu-west-1":      {"abc", "euw1"},
	"eu-west-2":      {"abc", "euw2"},
	"eu-west-3":      {"abc", "euw3"},
	"il-central-1":   {"abc", "ilc1"},
	"me-central-1":   {"abc", "mec1"},
	"me-south-1":     {"abc", "mes1"},
	"sa-east-1":      {"abc", "sae1"},
	"us-east-1":      {"abcdef", "use1"},
	"us-east-2":      {"abc", "use2"},
	"us-gov-east-1":  {"abc", "usge1"},
	"us-gov-west-1":  {"abc", "usgw1"},
	"us-west-1":      {"ac", "usw1"},
	"us-west-2":      {"abcd", "usw2"},
}

// Zones lists the Availability Zones of a region, nil for a region that the simulated cloud does not know.
func Zones(region string) []string {
	var names []string
	for _, letter := range zones[region].letters {
		names = append(names, region+string(letter))
	}
	return names
}

// zoneID is the account-independent id of a zone: "euw1-az2".
func zoneID(zone string) string {
	region := strings.TrimRight(zone, "abcdefghijklmnopqrstuvwxyz")
	i := slices.Index(Zones(region), zone)
	if i < 0 {
		return ""
	}
	return fmt.Sprintf("%s-az%d", zones[region].id, i+1)
}

type invoker func(at place, args Props) map[string]any

var invokers = map[string]invoker{
	"aws:index/getAvailabilityZones:getAvailabilityZones": func(at place, _ Props) map[string]any {
		names := Zones(at.region)
		ids := make([]string, 0, len(names))
		for _, name := range names {
			ids = append(ids, zoneID(name))
		}
		return map[string]any{"id": at.region, "names": names, "zoneIds": ids, "groupNames": []string{at.region}}
	},
	// The prefix lists that AWS keeps itself, such as that of CloudFront's origin-facing servers: one per region and service.
	// https://docs.aws.amazon.com/vpc/latest/userguide/working-with-aws-managed-prefix-lists.html
	"aws:ec2/getManagedPrefixList:getManagedPrefixList": func(at place, args Props) map[string]any {
		name := args.Text("name")
		id := "pl-" + stable(at.region+name, 8)
		return map[string]any{"id": id, "name": name, "ownerId": "AWS", "addressFamily": "IPv4", "maxEntries": 55, "version": 1,
			"arn": fmt.Sprintf("arn:%s:ec2:%s:aws:prefix-list/%s", partition(at.region), at.region, id), "entries": []any{}}
	},
	"aws:index/getCallerIdentity:getCallerIdentity": func(at place, _ Props) map[string]any {
		return map[string]any{"id": at.account, "accountId": at.account, "userId": "AROASIMULATEDCLOUDROLE:simulation",
			"arn": fmt.Sprintf("arn:%s:sts::%s:assumed-role/simulation/simulation", partition(at.region), at.account)}
	},
	"aws:index/getRegion:getRegion": func(at place, args Props) map[string]any {
		name := at.region
		if args.Text("name") != "" {
			name = args.Text("name")
		}
		return map[string]any{"id": name, "name": name, "description": name, "endpoint": "ec2." + name + "." + dnsSuffix(name)}
	},
	"aws:index/getPartition:getPartition": func(at place, _ Props) map[string]any {
		suffix := dnsSuffix(at.region)
		labels := strings.Split(suffix, ".")
		slices.Reverse(labels)
		return map[string]any{"id": partition(at.region), "partition": partition(at.region), "dnsSuffix": suffix,
			"reverseDnsPrefix": strings.Join(labels, ".")}
	},
}

// invoke answers a function call of the program. Functions that are not in the table are refused.
func (m *Model) invoke(token string, at place, args resource.PropertyMap) (resource.PropertyMap, error) {
	answer, ok := invokers[token]
	if !ok {
		known := make([]string, 0, len(invokers))
		for name := range invokers {
			known = append(known, name)
		}
		sort.Strings(known)
		return nil, fmt.Errorf("the simulated cloud has no answer for the function %s: add it to invokers in tests/cloudsim/invoke.go; "+
			"it knows %s", token, strings.Join(known, ", "))
	}
	result := resource.PropertyMap{}
	for k, v := range answer(at, Props{args}) {
		result[resource.PropertyKey(k)] = propertyOf(v)
	}
	return result, nil
}
