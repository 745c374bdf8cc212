package cloudsim

const (
	secretDoc  = "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html"
	secretType = "aws:secretsmanager/secret:Secret"
)

func init() { register(secret, secretVersion) }

var secret = Row{
	Type:     secretType,
	Noun:     "secret",
	Doc:      secretDoc,
	ID:       func(c *Call) any { return secretARN(c) },
	ARN:      func(c *Call) any { return secretARN(c) },
	AutoName: &AutoName{Max: 512},
	Defaults: map[string]any{"recoveryWindowInDays": 30, "forceOverwriteReplicaSecret": false},
	Computed: map[string]Compute{"policy": Value(""), "replicas": Value([]string{})},
	Replace:  []string{"name", "namePrefix"},
	Taggable: true,
	Refs:     keyRefs("kmsKeyId", "InvalidParameterException"),
	Unique:   []Unique{{Paths: []string{"name"}, Code: "ResourceExistsException"}},
	Limits: []Limit{
		{"name", Matches(`^[A-Za-z0-9/_+=.@-]{1,512}$`, "1 to 512 letters, digits and / _ + = . @ -"), secretDoc},
		{"description", Length(0, 2048), secretDoc},
		{"recoveryWindowInDays", Satisfies(recoveryWindow), "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html"},
	},
	Check:     func(c *Call) error { return ValidPolicy(c, "policy") },
	NotFound:  "ResourceNotFoundException",
	Durations: immediate,
}

// secretARN ends in six random characters, so that a policy on a deleted secret does not hold for its successor.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
func secretARN(c *Call) string {
	return c.Format("arn:{partition}:secretsmanager:{region}:{account}:secret:{name}-") + c.Capitals("secret", 6)
}

func recoveryWindow(value string) string {
	switch value {
	case "0", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20", "21", "22", "23", "24", "25", "26", "27", "28", "29", "30":
		return ""
	}
	return "must be 0 or from 7 to 30 days, is " + value
}

var secretVersion = Row{
	Type: "aws:secretsmanager/secretVersion:SecretVersion",
	Noun: "secret version",
	Doc:  "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html",
	ID:   named("{secretId}|terraform-{hex26}", "secretId"),
	ARN:  sameAs("secretId"),
	Computed: map[string]Compute{
		"versionId":     Format("terraform-{hex26}"),
		"versionStages": Value([]string{"AWSCURRENT"}),
	},
	Required: []string{"secretId"},
	Replace:  []string{"secretId", "secretString", "secretBinary"},
	Refs:     []Ref{{Path: "secretId", To: []string{secretType}, By: []string{"id", "name"}, Weak: true}},
	Limits:   []Limit{{"secretString", Length(0, 65536), "https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html"}},
	Check: func(c *Call) error {
		if c.Has("secretString") == c.Has("secretBinary") {
			return c.Reject("InvalidParameterException", "exactly one of secretString and secretBinary must be given")
		}
		return nil
	},
	Durations: immediate,
}
