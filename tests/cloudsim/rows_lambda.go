package cloudsim

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	functionDoc   = "https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html"
	lambdaLimits  = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"
	permissionDoc = "https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html"
	invokeDoc     = "https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html"
)

func init() {
	register(lambdaFunction, lambdaPermission, eventInvoke, lambdaAlias)
}

var lambdaFunction = Row{
	Type:     functionType,
	Noun:     "function",
	Doc:      functionDoc,
	ID:       Format("{name}"),
	ARN:      Format("arn:{partition}:lambda:{region}:{account}:function:{name}"),
	AutoName: &AutoName{Max: 64},
	Defaults: map[string]any{"memorySize": 128, "packageType": "Zip", "publish": false, "reservedConcurrentExecutions": -1,
		"skipDestroy": false, "timeout": 3},
	Computed: map[string]Compute{
		"architectures": Value([]string{"x86_64"}),
		"codeSha256":    func(c *Call) any { return c.Hex("code"+c.Text("sourceCodeHash"), 44) },
		"invokeArn":     Format("arn:{partition}:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations"),
		"lastModified":  Value("2026-01-01T00:00:00.000+0000"),
		"qualifiedArn":  func(c *Call) any { return c.ARN + ":" + functionVersion(c) },
		"qualifiedInvokeArn": func(c *Call) any {
			return c.Format("arn:{partition}:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}:") + functionVersion(c) + "/invocations"
		},
		"sourceCodeSize": Value(1024),
		"version":        func(c *Call) any { return functionVersion(c) },
	},
	Refresh:  []string{"codeSha256", "version", "qualifiedArn", "qualifiedInvokeArn"},
	Required: []string{"role"},
	Replace:  []string{"name", "packageType"},
	Taggable: true,
	Refs: append([]Ref{
		{Path: "role", To: []string{roleType}, By: []string{"arn"}, Weak: true, Code: "InvalidParameterValueException"},
		{Path: "vpcConfig.subnetIds", To: []string{vpcSubnetType}, Code: "InvalidParameterValueException"},
		{Path: "vpcConfig.securityGroupIds", To: []string{sgType}, Code: "InvalidParameterValueException"},
		{Path: "deadLetterConfig.targetArn", To: []string{topicType, queueType}, By: []string{"arn"}, Weak: true, Code: "InvalidParameterValueException"},
		{Path: "loggingConfig.logGroup", To: []string{"aws:cloudwatch/logGroup:LogGroup"}, By: []string{"name"}, Weak: true, Code: "InvalidParameterValueException"},
	}, weak(keyRefs("kmsKeyArn", "InvalidParameterValueException"))...),
	Unique: []Unique{{Paths: []string{"name"}, Code: "ResourceConflictException"}},
	Limits: []Limit{
		{"name", Matches(`^[a-zA-Z0-9-_]{1,64}$`, "1 to 64 letters, digits, hyphens and underscores"), functionDoc},
		{"description", Length(0, 256), functionDoc},
		{"memorySize", Between(128, 10240), lambdaLimits},
		{"timeout", Between(1, 900), lambdaLimits},
		{"ephemeralStorage.size", Between(512, 10240), lambdaLimits},
		{"layers", Items(0, 5), lambdaLimits},
		{"packageType", OneOf("Zip", "Image"), functionDoc},
		{"architectures", OneOf("x86_64", "arm64"), functionDoc},
		{"tracingConfig.mode", OneOf("Active", "PassThrough"), functionDoc},
		{"runtime", Satisfies(runtime), "https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html"},
	},
	Check:    checkFunction,
	NotFound: "ResourceNotFoundException",
	Durations: Durations{Create: 8 * time.Second, Update: 6 * time.Second, Delete: time.Second,
		Source: estimate("the provider waits for the state Active, and repeats while IAM propagates the role")},
}

func functionVersion(c *Call) string {
	switch {
	case !c.Bool("publish"):
		return "$LATEST"
	case c.Old == nil:
		return "1"
	}
	return fmt.Sprint(c.Old.Out().Int("version") + 1)
}

// runtimes that may still be created; those that are gone are refused.
// https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
var runtimes = []string{"nodejs20.x", "nodejs22.x", "nodejs24.x", "python3.10", "python3.11", "python3.12", "python3.13", "python3.14",
	"java8.al2", "java11", "java17", "java21", "java25", "dotnet8", "dotnet9", "dotnet10", "ruby3.2", "ruby3.3", "ruby3.4", "provided.al2", "provided.al2023"}

func runtime(value string) string {
	if slices.Contains(runtimes, value) {
		return ""
	}
	return fmt.Sprintf("The runtime parameter of %s is no longer supported for creating or updating AWS Lambda functions, or is unknown", value)
}

func checkFunction(c *Call) error {
	problems := []error{TrustedBy(c, "role", "lambda.amazonaws.com", "InvalidParameterValueException"), functionCode(c), functionEnvironment(c)}
	if c.Has("deadLetterConfig.targetArn") {
		problems = append(problems, RoleMay(c, "role", "InvalidParameterValueException", deadLetterAction(c)))
	}
	if c.Has("vpcConfig.subnetIds") {
		problems = append(problems, RoleMay(c, "role", "InvalidParameterValueException", "ec2:CreateNetworkInterface"))
	}
	return errors.Join(problems...)
}

func deadLetterAction(c *Call) string {
	if strings.Contains(c.Text("deadLetterConfig.targetArn"), ":sns:") {
		return "sns:Publish"
	}
	return "sqs:SendMessage"
}

func functionCode(c *Call) error {
	given := 0
	for _, path := range []string{"code", "s3Bucket", "imageUri"} {
		if c.Has(path) {
			given++
		}
	}
	if given != 1 {
		return c.Reject("ValidationException", "one of code, s3Bucket (with s3Key) and imageUri must be given, %d are", given)
	}
	if image := c.Text("packageType") == "Image"; image != c.Has("imageUri") {
		return c.RejectAt("packageType", "InvalidParameterValueException", "imageUri goes with the package type Image")
	}
	if c.Text("packageType") == "Zip" && (!c.Has("handler") || !c.Has("runtime")) {
		return c.Reject("InvalidParameterValueException", "Runtime and Handler are mandatory parameters for functions created with deployment packages.")
	}
	if c.Has("s3Bucket") != c.Has("s3Key") {
		return c.RejectAt("s3Key", "InvalidParameterValueException", "s3Bucket and s3Key go together")
	}
	return nil
}

// functionEnvironment: 4 KB for all variables together, and none of Lambda's own names.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
func functionEnvironment(c *Call) error {
	size := 0
	for _, name := range c.Keys("environment.variables") {
		size += len(name) + len(c.Text("environment.variables."+name))
		if strings.HasPrefix(name, "AWS_LAMBDA_") || name == "AWS_REGION" || name == "AWS_DEFAULT_REGION" || name == "AWS_ACCESS_KEY_ID" ||
			name == "AWS_SECRET_ACCESS_KEY" || name == "AWS_SESSION_TOKEN" || name == "_HANDLER" || name == "LAMBDA_TASK_ROOT" {
			return c.RejectAt("environment", "InvalidParameterValueException",
				"Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for "+
					"modification. Reserved keys used in this request: %s", name)
		}
	}
	if size > 4096 {
		return c.RejectAt("environment", "InvalidParameterValueException",
			"Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. (%d bytes)", size)
	}
	return nil
}

var lambdaPermission = Row{
	Type:     permissionType,
	Noun:     "permission",
	Doc:      permissionDoc,
	ID:       func(c *Call) any { return statementID(c) },
	Computed: map[string]Compute{"statementId": func(c *Call) any { return statementID(c) }},
	Required: []string{"action", "function", "principal"},
	Replace: []string{"action", "function", "principal", "eventSourceToken", "functionUrlAuthType", "principalOrgId", "qualifier", "sourceAccount",
		"sourceArn", "statementId", "statementIdPrefix"},
	Refs: []Ref{{Path: "function", To: []string{functionType}, By: []string{"name", "arn", "qualifiedArn"}, Weak: true}},
	Limits: []Limit{
		{"action", Matches(`^(lambda:[*]|lambda:[a-zA-Z]+|[*])$`, "an action of Lambda"), permissionDoc},
		{"statementId", Matches(`^[a-zA-Z0-9-_]{1,100}$`, "1 to 100 letters, digits, hyphens and underscores"), permissionDoc},
		{"principal", Satisfies(mayInvoke), permissionDoc},
	},
	Check:     permissionNarrow,
	Durations: immediate,
}

func statementID(c *Call) string {
	if c.Text("statementId") != "" {
		return c.Text("statementId")
	}
	return "terraform-" + c.Hex("statement", 26)
}

func mayInvoke(value string) string {
	if value == "*" || numeric.MatchString(value) && len(value) == 12 || strings.HasPrefix(value, "arn:") || strings.Contains(value, ".amazonaws.com") {
		return ""
	}
	return fmt.Sprintf("The provided principal was invalid: %q", value)
}

// permissionNarrow refuses a source ARN in another account than the one named.
func permissionNarrow(c *Call) error {
	fields := strings.SplitN(c.Text("sourceArn"), ":", 6)
	if len(fields) == 6 && fields[4] != "" && c.Text("sourceAccount") != "" && fields[4] != c.Text("sourceAccount") {
		return c.RejectAt("sourceAccount", "InvalidParameterValueException", "the source ARN is of account %s, the source account is %s", fields[4], c.Text("sourceAccount"))
	}
	return nil
}

var eventInvoke = Row{
	Type:     "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
	Noun:     "event invoke configuration",
	Doc:      invokeDoc,
	ID:       func(c *Call) any { return strings.TrimSuffix(c.Text("functionName")+":"+c.Text("qualifier"), ":") },
	Defaults: map[string]any{"maximumRetryAttempts": 2},
	Required: []string{"functionName"},
	Replace:  []string{"functionName", "qualifier"},
	Refs: []Ref{
		{Path: "functionName", To: []string{functionType}, By: []string{"name", "arn"}, Weak: true},
		{Path: "destinationConfig.onFailure.destination", To: []string{topicType, queueType, functionType}, By: []string{"arn"}, Except: notATarget, Weak: true, Code: "InvalidParameterValueException"},
		{Path: "destinationConfig.onSuccess.destination", To: []string{topicType, queueType, functionType}, By: []string{"arn"}, Except: notATarget, Weak: true, Code: "InvalidParameterValueException"},
	},
	Limits: []Limit{
		{"maximumEventAgeInSeconds", Between(60, 21600), invokeDoc},
		{"maximumRetryAttempts", Between(0, 2), invokeDoc},
	},
	Check:     destinationsAllowed,
	Durations: immediate,
}

// destinationsAllowed: Lambda checks the function's role when a destination is set.
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
func destinationsAllowed(c *Call) error {
	function := c.Ref("functionName")
	if function == nil {
		return nil
	}
	role := c.everywhere(roleType, function.Out().Text("role"))
	if role == nil {
		return nil
	}
	for _, path := range []string{"destinationConfig.onFailure.destination", "destinationConfig.onSuccess.destination"} {
		documents, opaque := c.policiesOf(role)
		action := map[bool]string{true: "sns:Publish", false: "sqs:SendMessage"}[strings.Contains(c.Text(path), ":sns:")]
		if target := c.Ref(path); target != nil && target.Type != functionType && !opaque && !grants(documents, action, target.ARN) {
			return c.RejectAt(path, "InvalidParameterValueException", "The provided execution role does not have permissions to call %s on %s", action, target.ARN)
		}
	}
	return nil
}

var lambdaAlias = Row{
	Type:     "aws:lambda/alias:Alias",
	Noun:     "alias",
	Doc:      "https://docs.aws.amazon.com/lambda/latest/api/API_CreateAlias.html",
	ID:       func(c *Call) any { return aliasARN(c) },
	ARN:      func(c *Call) any { return aliasARN(c) },
	AutoName: &AutoName{Max: 128},
	Computed: map[string]Compute{"invokeArn": func(c *Call) any {
		return c.Format("arn:{partition}:apigateway:{region}:lambda:path/2015-03-31/functions/") + aliasARN(c) + "/invocations"
	}},
	Required:  []string{"functionName", "functionVersion"},
	Replace:   []string{"name", "functionName"},
	Refs:      []Ref{{Path: "functionName", To: []string{functionType}, By: []string{"name", "arn"}, Weak: true}},
	Unique:    []Unique{{Paths: []string{"functionName", "name"}, Code: "ResourceConflictException"}},
	Durations: immediate,
}

func aliasARN(c *Call) string {
	function := c.Text("functionName")
	if !strings.HasPrefix(function, "arn:") {
		function = c.Format("arn:{partition}:lambda:{region}:{account}:function:") + function
	}
	return function + ":" + c.Format("{name}")
}
