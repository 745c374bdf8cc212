package rules

import "strings"

// arnParts are the parts of an ARN.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
type arnParts struct{ partition, service, region, account, resource string }

// partsOfARN reads an ARN; all parts of anything else are empty.
func partsOfARN(text string) arnParts {
	parts := strings.SplitN(text, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" {
		return arnParts{}
	}
	return arnParts{partition: parts[1], service: parts[2], region: parts[3], account: parts[4], resource: parts[5]}
}
