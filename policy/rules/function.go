package rules

import "github.com/seed-11444627/holdfast/policy"

const (
	lambdaFunction      = "aws:lambda/function:Function"
	lambdaPermission    = "aws:lambda/permission:Permission"
	lambdaURL           = "aws:lambda/functionUrl:FunctionUrl"
	lambdaSourceMapping = "aws:lambda/eventSourceMapping:EventSourceMapping"
	lambdaInvokeConfig  = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
	lambdaAlias         = "aws:lambda/alias:Alias"
	kinesisStream       = "aws:kinesis/stream:Stream"
	kinesisConsumer     = "aws:kinesis/streamConsumer:StreamConsumer"
	firehoseStream      = "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"
)

// https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
var _ = policy.Default(lambdaFunction, map[string]any{
	"timeout": 3, "memorySize": 128, "packageType": "Zip", "reservedConcurrentExecutions": -1,
})

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateStream.html
var _ = policy.Default(kinesisStream, map[string]any{"retentionPeriod": 24, "encryptionType": "NONE"})

// supportedRuntimes are those that functions may still be created with.
// https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
var supportedRuntimes = []any{
	"nodejs20.x", "nodejs22.x", "nodejs24.x", "python3.10", "python3.11", "python3.12", "python3.13", "python3.14",
	"java8.al2", "java11", "java17", "java21", "java25", "dotnet8", "dotnet9", "dotnet10", "ruby3.2", "ruby3.3", "ruby3.4",
	"provided.al2", "provided.al2023",
}

// functionRules are about Lambda functions and data streams.
func functionRules() []*policy.Rule {
	rules := functionAccessRules()
	rules = append(rules, functionSettingRules()...)
	rules = append(rules, functionOperationRules()...)
	return append(rules, dataStreamRules()...)
}

func functionSettingRules() []*policy.Rule {
	return []*policy.Rule{
		lambdaRuntimeSupported(),
		lambdaSized(),
		lambdaReservedConcurrency(),
		lambdaTracing(),
		lambdaCodeSigned(),
	}
}

func lambdaRuntimeSupported() *policy.Rule {
	return &policy.Rule{
		ID: "lambda-runtime-supported", Title: "Functions use a runtime that is still supported", Severity: policy.Medium, Advisory: true,
		Types: []string{lambdaFunction}, Anchors: "nag:L1 fsbp:Lambda.2 ckv:363 nist:SI-2",
		Why:     "a runtime that is no longer supported gets no security patches, and after some months the function cannot be changed any more; it advises only, because AWS changes the list every few months",
		Fix:     "set runtime to a supported version of the language, such as python3.13, nodejs22.x or provided.al2023",
		Sources: []string{"https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html"},
		Settings: []policy.Setting{{
			Name: "supported", Kind: policy.KindList, Default: supportedRuntimes, Help: "the runtimes that a function may have",
		}},
		Check: func(c *policy.Case) {
			if c.Get("packageType").Is("Image") {
				c.Skip("the image has its own runtime")
				return
			}
			supported := c.Texts("supported")
			c.Require(c.Get("runtime"), "a supported runtime", func(v policy.Value) bool { return v.In(supported...) })
		},
		Proof: policy.Proof{
			Good:  oneFunction,
			Bad:   []string{"fn.runtime=python3.7", "fn.runtime=go1.x", "fn.runtime=nodejs"},
			Guard: "fn.runtime", Absent: policy.Violation, Exempt: "fn.packageType=Image",
		},
	}
}

func lambdaSized() *policy.Rule {
	return &policy.Rule{
		ID: "lambda-sized", Title: "Functions have a timeout and a memory of their own", Severity: policy.Medium, Advisory: true,
		Types: []string{lambdaFunction}, Anchors: "nagv:LambdaDefaultMemorySize,LambdaDefaultTimeout sr:ES1005,ES1006",
		Why: "3 seconds and 128 MB are AWS's defaults and fit few workloads: the first slow dependency makes every invocation time out; " +
			"a function that was sized to just these values cannot be told from one that was not sized",
		Fix:     "set timeout to the slowest run that is still useful, and memorySize to what a load test showed",
		Sources: []string{"https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html", "https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html"},
		Check: func(c *policy.Case) {
			c.Require(c.Get("timeout"), "a timeout other than AWS's default of 3 seconds", func(v policy.Value) bool { return v.Number() != 3 })
			c.Require(c.Get("memorySize"), "a memory other than AWS's default of 128 MB", func(v policy.Value) bool { return v.Number() != 128 })
		},
		Proof: policy.Proof{
			Good: oneFunction, Bad: []string{"fn.timeout!", "fn.memorySize!", "fn.timeout=3", "fn.memorySize=128"},
			Guard: "fn.timeout", Absent: policy.Violation,
		},
	}
}

func lambdaReservedConcurrency() *policy.Rule {
	return &policy.Rule{
		ID: "lambda-reserved-concurrency", Title: "Functions have a share of the account's concurrency of their own", Severity: policy.Medium, ProdOnly: true,
		Types: []string{lambdaFunction}, Anchors: "nagn:LambdaConcurrency ckv:115 config:lambda-concurrency-check guard:lambda-concurrency-check",
		Why:     "all functions of an account and region share one limit: without a share of its own, one function that runs wild throttles this one, or this one all others; 0 stops it altogether",
		Fix:     "set reservedConcurrentExecutions to the highest concurrency that the function and what it calls can bear",
		Sources: []string{"https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html"},
		Check:   func(c *policy.Case) { c.AtLeast("reservedConcurrentExecutions", 1) },
		Proof: policy.Proof{
			Good: oneFunction, Bad: []string{"fn.reservedConcurrentExecutions!", "fn.reservedConcurrentExecutions=0", "fn.reservedConcurrentExecutions=-1"},
			Guard: "fn.reservedConcurrentExecutions", Absent: policy.Violation,
		},
	}
}

func lambdaTracing() *policy.Rule {
	return &policy.Rule{
		ID: "lambda-tracing", Title: "Functions are traced", Severity: policy.Low, Advisory: true,
		Types: []string{lambdaFunction}, Anchors: "nagv:LambdaTracing ckv:50 trivy:0066 sr:WS1000 cp:aws-lambda-function-enable-tracing-config,aws-lambda-function-configure-tracing-config",
		Why:     "without traces nobody sees which of the services behind a function made a slow request slow",
		Fix:     "set tracingConfig.mode to Active",
		Sources: []string{"https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html"},
		Check:   isOneOf("tracingConfig.mode", "Active"),
		Proof: policy.Proof{
			Good: oneFunction, Bad: []string{"fn.tracingConfig.mode=PassThrough"}, Guard: "fn.tracingConfig.mode", Absent: policy.Violation,
		},
	}
}

func lambdaCodeSigned() *policy.Rule {
	return &policy.Rule{
		ID: "lambda-code-signed", Title: "Functions only run code that was signed", Severity: policy.Low, Advisory: true,
		Types: []string{lambdaFunction}, Anchors: "ckv:272 nist:SI-7",
		Why:     "whoever can upload an archive can run it with the function's rights; a signature limits that to what the build made",
		Fix:     "set codeSigningConfigArn to a configuration that enforces the signatures of your build",
		Sources: []string{"https://docs.aws.amazon.com/lambda/latest/dg/configuration-codesigning.html"},
		Check: func(c *policy.Case) {
			if c.Get("packageType").Is("Image") {
				c.Skip("images cannot be signed for Lambda")
				return
			}
			c.Set("codeSigningConfigArn", "a code signing configuration")
		},
		Proof: policy.Proof{
			Good: oneFunction, Bad: []string{"fn.codeSigningConfigArn!", `fn.codeSigningConfigArn=""`}, Exempt: "fn.packageType=Image",
			Unguarded: "a configuration that is only known later counts: it will be there",
		},
	}
}

// oneFunction is a function with every setting that the rules of one property ask for.
const oneFunction = `
resources:
  fn:
    type: aws:lambda/function:Function
    properties:
      name: enrich
      runtime: python3.13
      timeout: 20
      memorySize: 512
      reservedConcurrentExecutions: 20
      tracingConfig: {mode: Active}
      codeSigningConfigArn: arn:aws:lambda:eu-central-1:111111111111:code-signing-config:csc-0f6c334abcdea4d8b
`

func dataStreamRules() []*policy.Rule {
	return []*policy.Rule{
		kinesisEncrypted(),
		kinesisOwnKey(),
		kinesisRetention(),
		firehoseEncrypted(),
	}
}

func kinesisEncrypted() *policy.Rule {
	return &policy.Rule{
		ID: "kinesis-encrypted", Title: "Data streams are encrypted at rest", Severity: policy.High,
		Types: []string{kinesisStream}, Anchors: "nag:KDS1 fsbp:Kinesis.1 ckv:43 trivy:0064 nist:SC-28",
		Why:     "records lie on disks for as long as the stream keeps them, and are readable there without a key",
		Fix:     "set encryptionType to KMS, and kmsKeyId to a key of your own",
		Sources: []string{"https://docs.aws.amazon.com/streams/latest/dev/server-side-encryption.html"},
		Check:   isOneOf("encryptionType", "KMS"),
		Proof: policy.Proof{
			Good: oneStream, Bad: []string{"stream.encryptionType=NONE"}, Guard: "stream.encryptionType", Absent: policy.Violation,
			Also: []string{"kinesis-own-key"},
		},
	}
}

func kinesisOwnKey() *policy.Rule {
	return &policy.Rule{
		ID: "kinesis-own-key", Title: "Data streams are encrypted with a key of the owner's", Severity: policy.Low, Advisory: true,
		Types: []string{kinesisStream}, Anchors: "nag:KDS3 ckv:185 nist:SC-12",
		Why:     "the key that AWS manages has no policy of yours: it cannot be shared with another account, restricted or switched off",
		Fix:     "set kmsKeyId to a key of your own instead of alias/aws/kinesis",
		Sources: []string{"https://docs.aws.amazon.com/streams/latest/dev/what-is-sse.html"},
		Check: func(c *policy.Case) {
			c.Require(c.Get("kmsKeyId"), "a key of your own", func(v policy.Value) bool { return !v.Empty() && !v.Is("alias/aws/kinesis") })
		},
		Proof: policy.Proof{
			Good: oneStream, Bad: []string{"stream.kmsKeyId=alias/aws/kinesis", "stream.kmsKeyId!"}, Guard: "stream.kmsKeyId", Absent: policy.Violation,
		},
	}
}

func kinesisRetention() *policy.Rule {
	return &policy.Rule{
		ID: "kinesis-retention", Title: "Data streams keep records long enough to repair their readers", Severity: policy.Medium, ProdOnly: true,
		Types: []string{kinesisStream}, Anchors: "fsbp:Kinesis.3 config:kinesis-stream-backup-retention-check",
		Why:     "a reader that is broken over a long weekend loses what the stream dropped meanwhile; nothing brings it back",
		Fix:     "set retentionPeriod to 168",
		Sources: []string{"https://docs.aws.amazon.com/streams/latest/dev/kinesis-extended-retention.html", "https://docs.aws.amazon.com/securityhub/latest/userguide/kinesis-controls.html"},
		Settings: []policy.Setting{{
			Name: "hours", Kind: policy.KindNumber, Default: 168, Bounded: true, Minimum: 24, Maximum: 8760, Help: "how many hours a stream keeps records at least",
		}},
		Check: func(c *policy.Case) {
			hours, _ := c.Number("hours")
			c.AtLeast("retentionPeriod", hours)
		},
		Proof: policy.Proof{
			Good: oneStream, Bad: []string{"stream.retentionPeriod=24", "stream.retentionPeriod=167"}, Guard: "stream.retentionPeriod", Absent: policy.Violation,
		},
	}
}

func firehoseEncrypted() *policy.Rule {
	return &policy.Rule{
		ID: "firehose-encrypted", Title: "Delivery streams are encrypted at rest", Severity: policy.Medium,
		Types: []string{firehoseStream}, Anchors: "nag:KDF1 fsbp:DataFirehose.1 ckv:240,241 nist:SC-28",
		Why:     "records lie on disks until they are delivered, a day when the destination is down, and are readable there without a key",
		Fix:     "set serverSideEncryption.enabled to true, keyType to CUSTOMER_MANAGED_CMK and keyArn to a key of your own",
		Sources: []string{"https://docs.aws.amazon.com/firehose/latest/dev/encryption.html"},
		Check: func(c *policy.Case) {
			if !c.Get("kinesisSourceConfiguration").Empty() || !c.Get("mskSourceConfiguration").Empty() {
				c.Skip("the stream that it reads is what is encrypted")
				return
			}
			c.True("serverSideEncryption.enabled")
		},
		Proof: policy.Proof{
			Good: `
resources:
  archive:
    type: aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream
    properties: {destination: extended_s3, serverSideEncryption: {enabled: true, keyType: CUSTOMER_MANAGED_CMK, keyArn: "arn:aws:kms:eu-central-1:111111111111:key/k"}}
`,
			Bad:   []string{"archive.serverSideEncryption.enabled=false", "archive.serverSideEncryption!"},
			Guard: "archive.serverSideEncryption.enabled", Absent: policy.Violation,
			Exempt: `archive.kinesisSourceConfiguration={kinesisStreamArn: "arn:aws:kinesis:eu-central-1:111111111111:stream/s"}`,
		},
	}
}

const oneStream = `
resources:
  stream:
    type: aws:kinesis/stream:Stream
    properties: {name: clicks, shardCount: 2, retentionPeriod: 168, encryptionType: KMS, kmsKeyId: "arn:aws:kms:eu-central-1:111111111111:key/k"}
`
