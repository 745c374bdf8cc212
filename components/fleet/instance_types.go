package fleet

import (
	"regexp"
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/components/fielderror"
)

// typePattern takes an instance type apart: family, generation, attributes, size.
// https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html
var typePattern = regexp.MustCompile(`^([a-z]+?)-?([0-9]+)([a-z]*)(-[a-z0-9]+)?\.([a-z0-9-]+)$`)

// xen are the families whose virtual machines are not built on the Nitro System; they lack, for example, the encryption
// of traffic between instances. https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-nitro-instances.html
var xen = []string{
	"a1", "c1", "c3", "c4", "cc2", "cg1", "cr1", "d2", "f1", "g2", "g3", "g3s", "h1", "hs1", "i2", "i3", "m1", "m2", "m3", "m4",
	"p2", "p3", "r3", "r4", "t1", "t2", "x1", "x1e",
}

// checkType refuses what cannot run an x86-64 executable on Nitro: Graviton types have a g first among their attributes
// (c7g, im4gn), and mac types run macOS.
func checkType(problems *fielderror.Errors, field, name string) {
	parts := typePattern.FindStringSubmatch(name)
	if parts == nil {
		problems.Add(field, name, "an instance type such as c7i.large", "use "+defaultType)
		return
	}
	family, attributes := parts[1]+parts[2]+parts[3], parts[3]
	arm := strings.HasPrefix(attributes, "g") || family == "a1"
	problems.Require(!arm, field, name, "an x86-64 type: the server is an x86-64 executable, and "+family+" has Graviton processors", "use "+defaultType)
	problems.Require(parts[1] != "mac", field, name, "a type that runs Linux", "use "+defaultType)
	problems.Require(!slices.Contains(xen, family), field, name, "a type built on the Nitro System", "use "+defaultType)
}
