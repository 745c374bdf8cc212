package rules

import (
	"github.com/seed-11444627/holdfast/policy/host"
	"github.com/seed-11444627/holdfast/policy/pages"
)

// Version is the version of the catalogue; policy/pack/PulumiPolicy.yaml has the same.
const Version = "0.1.0"

// Pack is the catalogue as a policy pack.
func Pack() host.Pack {
	return host.Pack{
		Name: "holdfast", Version: Version, Rules: All(),
		Description: "Rules that prove what a runbook promises, and the consensus of the field.",
		Commands:    map[string]host.Command{"docs": pages.Command(Consensus()), "parity": parity()},
		Docs:        "https://github.com/seed-11444627/holdfast/blob/main/docs/policy/rules",
	}
}
