package cloudsim

import "strings"

func init() {
	invokers["aws:ec2/getManagedPrefixList:getManagedPrefixList"] = managedPrefixList
}

// managedPrefixList answers for the lists that AWS manages; of others the model knows nothing. The id is the same for
// the same region and name.
// https://docs.aws.amazon.com/vpc/latest/userguide/working-with-aws-managed-prefix-lists.html
func managedPrefixList(at place, args Props) map[string]any {
	name := args.Text("name")
	if !strings.HasPrefix(name, "com.amazonaws.") {
		return map[string]any{}
	}
	id := "pl-" + stable(at.region+name, 8)
	return map[string]any{
		"id": id, "name": name, "addressFamily": "IPv4", "maxEntries": 55, "ownerId": "AWS", "version": 1, "tags": map[string]any{},
		"arn":     "arn:" + partition(at.region) + ":ec2:" + at.region + ":aws:prefix-list/" + id,
		"entries": []any{map[string]any{"cidr": "198.18.0.0/24", "description": ""}},
	}
}
