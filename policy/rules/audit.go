package rules

import "github.com/seed-11444627/holdfast/policy"

const (
	cloudTrailType  = "aws:cloudtrail/trail:Trail"
	recorderType    = "aws:cfg/recorder:Recorder"
	recorderStatus  = "aws:cfg/recorderStatus:RecorderStatus"
	detectorType    = "aws:guardduty/detector:Detector"
	detectorFeature = "aws:guardduty/detectorFeature:DetectorFeature"
	logGroupType    = "aws:cloudwatch/logGroup:LogGroup"
	backupVaultType = "aws:backup/vault:Vault"
	securityHubPage = "https://docs.aws.amazon.com/securityhub/latest/userguide/"
	noTrailsYet     = "the environments have no trails: the organisation has one"
	noRecordersYet  = "the environments have no recorders or detectors: the organisation has them"
)

// What AWS takes when nothing is said.
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
var _ = policy.Default(cloudTrailType, map[string]any{
	"isMultiRegionTrail": false, "enableLogging": true, "includeGlobalServiceEvents": true, "enableLogFileValidation": false,
})

// https://docs.aws.amazon.com/config/latest/APIReference/API_RecordingGroup.html
var _ = policy.Default(recorderType, map[string]any{
	"recordingGroup.allSupported": true, "recordingGroup.includeGlobalResourceTypes": false,
})

// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
var _ = policy.Default(logGroupType, map[string]any{"retentionInDays": 0})

// https://www.pulumi.com/registry/packages/aws/api-docs/guardduty/detector/
var _ = policy.Default(detectorType, map[string]any{"enable": true})

const goodTrail = `
resources:
  bucket: {type: "aws:s3/bucketV2:BucketV2", properties: {bucket: trail}}
  closed:
    type: aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock
    properties: {bucket: "${bucket.id}", blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true}
  logging: {type: "aws:s3/bucketLoggingV2:BucketLoggingV2", properties: {bucket: "${bucket.id}", targetBucket: access, targetPrefix: trail/}}
  trail:
    type: aws:cloudtrail/trail:Trail
    properties:
      isMultiRegionTrail: true
      enableLogging: true
      includeGlobalServiceEvents: true
      enableLogFileValidation: true
      kmsKeyId: "arn:aws:kms:eu-central-1:444444444444:key/1"
      cloudWatchLogsGroupArn: "arn:aws:logs:eu-central-1:444444444444:log-group:trail:*"
      s3BucketName: ${bucket.id}
`

// auditRules are about records and who may read them.
func auditRules() []*policy.Rule {
	return []*policy.Rule{
		trailEverywhere(), trailValidated(), trailEncrypted(), trailToLogs(), trailBucket(),
		recorderAll(), recorderOn(), guardDutyOn(), logRetention(), logOwnKey(), vaultOwnKey(),
	}
}

func trailEverywhere() *policy.Rule {
	return &policy.Rule{
		ID: "trail-multi-region", Title: "Trails record every region, and are on", Severity: policy.High,
		Types:   []string{cloudTrailType},
		Anchors: "fsbp:CloudTrail.1 ckv:67,251 trivy:0014 config:cloudtrail-enabled,multi-region-cloudtrail-enabled nist:AU-2,AU-12",
		Why:     "an intruder works in a region that nobody looks at; what nobody recorded cannot be found out afterwards",
		Fix:     "set isMultiRegionTrail, enableLogging and includeGlobalServiceEvents to true",
		Sources: []string{securityHubPage + "cloudtrail-controls.html"},
		Check:   both(isTrue("isMultiRegionTrail"), isTrue("enableLogging"), isTrue("includeGlobalServiceEvents")),
		Proof: policy.Proof{
			Good: goodTrail,
			Bad:  []string{"trail.isMultiRegionTrail=false", "trail.isMultiRegionTrail!", "trail.enableLogging=false", "trail.includeGlobalServiceEvents=false"},

			Guard: "trail.isMultiRegionTrail", Absent: policy.Violation, FixtureOnly: noTrailsYet,
		},
	}
}

func trailValidated() *policy.Rule {
	return &policy.Rule{
		ID: "trail-validation", Title: "Trails prove that nobody changed them", Severity: policy.Low, Advisory: true,
		Types:   []string{cloudTrailType},
		Anchors: "nagn:CloudTrailLogFileValidationEnabled fsbp:CloudTrail.4 ckv:36 trivy:0016 config:cloud-trail-log-file-validation-enabled nist:AU-9",
		Why:     "without digests a log file that was changed or removed looks like one that never was",
		Fix:     "set enableLogFileValidation to true",
		Sources: []string{"https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-intro.html"},
		Check:   isTrue("enableLogFileValidation"),
		Proof: policy.Proof{
			Good: goodTrail, Bad: []string{"trail.enableLogFileValidation=false", "trail.enableLogFileValidation!"},
			Guard: "trail.enableLogFileValidation", Absent: policy.Violation, FixtureOnly: noTrailsYet,
		},
	}
}

func trailEncrypted() *policy.Rule {
	return &policy.Rule{
		ID: "trail-own-key", Title: "Trails are encrypted with a key of your own", Severity: policy.Medium,
		Types:   []string{cloudTrailType},
		Anchors: "nagn:CloudTrailEncryptionEnabled fsbp:CloudTrail.2 ckv:35 trivy:0015 config:cloud-trail-encryption-enabled nist:AU-9,SC-28",
		Why:     "a trail names every resource, address and identity of the account; with a key of your own reading the bucket is not enough to read it",
		Fix:     "set kmsKeyId to a key whose policy lets cloudtrail.amazonaws.com encrypt",
		Sources: []string{securityHubPage + "cloudtrail-controls.html"},
		Check:   isSet("kmsKeyId", "a key of your own"),
		Proof: policy.Proof{
			Good: goodTrail, Bad: []string{"trail.kmsKeyId!", `trail.kmsKeyId=""`},
			Unguarded: "a key that is only known later is a key", FixtureOnly: noTrailsYet,
		},
	}
}

func trailToLogs() *policy.Rule {
	return &policy.Rule{
		ID: "trail-cw-logs", Title: "Trails go to CloudWatch Logs as well", Severity: policy.Low, Advisory: true,
		Types:   []string{cloudTrailType},
		Anchors: "nagn:CloudTrailCloudWatchLogsEnabled fsbp:CloudTrail.5 ckv2:10 trivy:0162 config:cloud-trail-cloud-watch-logs-enabled nist:AU-6",
		Why:     "alarms can watch a log group; files in a bucket are read when somebody thinks of it",
		Fix:     "set cloudWatchLogsGroupArn and cloudWatchLogsRoleArn",
		Sources: []string{securityHubPage + "cloudtrail-controls.html"},
		Check:   isSet("cloudWatchLogsGroupArn", "the ARN of a log group"),
		Proof: policy.Proof{
			Good: goodTrail, Bad: []string{"trail.cloudWatchLogsGroupArn!"},
			Unguarded: "a log group that is only known later is one", FixtureOnly: noTrailsYet,
		},
	}
}

// publicBlocks are what keeps a bucket closed, whatever its policy and access lists say.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
var publicBlocks = []string{"blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"}

// checkClosed wants all public access to a bucket to be blocked.
func checkClosed(c *policy.Case, bucket *policy.Node, saw policy.Detail) {
	blocks, sure := bucketsOf(c.Graph()).parts(bucket, blockPart)
	if len(blocks) == 0 && !sure {
		c.UnclearBecause("", "it is not known yet whether a public access block belongs to "+bucket.String())
		return
	}
	if len(blocks) == 0 {
		c.At(bucket).Broken("", "no public access block", "a BucketPublicAccessBlock with all four settings true", saw)
	}
	for _, block := range blocks {
		for _, path := range publicBlocks {
			c.At(block).True(path, saw)
		}
	}
}

func trailBucket() *policy.Rule {
	return &policy.Rule{
		ID: "trail-bucket-private", Title: "The bucket of a trail is closed, and its readers are recorded", Severity: policy.Critical,
		Types:   []string{cloudTrailType},
		Anchors: "trivy:0161,0163 fsbp:CloudTrail.6,CloudTrail.7 nist:AU-9",
		Why:     "the trail tells a stranger everything that an intruder needs, and an intruder who reads it leaves no trace without access logs",
		Fix:     "give the bucket a BucketPublicAccessBlock with all four settings true, and a BucketLoggingV2",
		Sources: []string{securityHubPage + "cloudtrail-controls.html"},
		Check: func(c *policy.Case) {
			name := c.Get("s3BucketName")
			bucket := name.Ref(buckets...).Node()
			if bucket == nil {
				c.UnclearBecause(name.Path(), "the bucket is not of this program")
				return
			}
			saw := policy.Saw(c.Node, "s3BucketName", "the trail is kept in the bucket")
			checkClosed(c, bucket, saw)
			targets, sure := bucketsOf(c.Graph()).values(bucket, loggingPart)
			if len(targets) == 0 && sure {
				c.At(bucket).Broken("", "no access log", "a BucketLoggingV2 of it", saw)
			}
		},
		Proof: policy.Proof{
			Good: goodTrail,
			Bad: []string{
				"closed!", "logging!", "closed.blockPublicPolicy=false", "closed.restrictPublicBuckets=false", "closed.ignorePublicAcls=false", "closed.blockPublicAcls!",
			},
			Guard: "closed.blockPublicAcls", Absent: policy.Violation, FixtureOnly: noTrailsYet,
			Also: []string{"s3-block-public-access", "s3-access-logs", "log-path"},
		},
	}
}

const goodRecorder = `
resources:
  recorder: {type: "aws:cfg/recorder:Recorder", properties: {name: main, recordingGroup: {allSupported: true, includeGlobalResourceTypes: true}}}
  status: {type: "aws:cfg/recorderStatus:RecorderStatus", properties: {name: "${recorder.name}", isEnabled: true}}
`

func recorderAll() *policy.Rule {
	return &policy.Rule{
		ID: "config-recorder-all", Title: "AWS Config records every type of resource", Severity: policy.Medium,
		Types:   []string{recorderType},
		Anchors: "fsbp:Config.1 ckv:121 ckv2:45,48 trivy:0019 config:config-enabled nist:CM-8",
		Why:     "the type that is left out is the one whose change nobody can date",
		Fix:     "set recordingGroup.allSupported and, in one region, includeGlobalResourceTypes to true",
		Sources: []string{securityHubPage + "config-controls.html"},
		Check:   both(isTrue("recordingGroup.allSupported"), isTrue("recordingGroup.includeGlobalResourceTypes")),
		Proof: policy.Proof{
			Good:  goodRecorder,
			Bad:   []string{"recorder.recordingGroup.allSupported=false", "recorder.recordingGroup.includeGlobalResourceTypes=false", "recorder.recordingGroup!"},
			Guard: "recorder.recordingGroup.allSupported", Absent: policy.Pass, FixtureOnly: noRecordersYet,
		},
	}
}

var recorderIndex byte

func recorderOn() *policy.Rule {
	return &policy.Rule{
		ID: "config-recorder-on", Title: "Recorders of AWS Config are started", Severity: policy.Medium,
		Types:   []string{recorderType},
		Anchors: "fsbp:Config.1 ckv2:45 config:config-enabled nist:CM-8",
		Why:     "a recorder is made stopped: until its status is enabled it records nothing",
		Fix:     "add a RecorderStatus with the recorder's name and isEnabled true",
		Sources: []string{"https://docs.aws.amazon.com/config/latest/developerguide/stop-start-recorder.html"},
		Check: func(c *policy.Case) {
			started := policy.Memo(c.Graph(), &recorderIndex, func(g *policy.Graph) map[*policy.Node]*policy.Node {
				index := map[*policy.Node]*policy.Node{}
				for _, n := range g.ByType(recorderStatus) {
					for _, recorder := range n.Get("name").Ref(recorderType).Nodes {
						index[recorder] = n
					}
				}
				return index
			})
			status := started[c.Node]
			if status == nil {
				c.Broken("", "no status", "a RecorderStatus that is enabled")
				return
			}
			c.At(status).True("isEnabled", policy.Saw(c.Node, "", "the recorder"))
		},
		Proof: policy.Proof{
			Good: goodRecorder, Bad: []string{"status!", "status.isEnabled=false"},
			Guard: "status.isEnabled", Absent: policy.Violation, FixtureOnly: noRecordersYet,
		},
	}
}

func guardDutyOn() *policy.Rule {
	return &policy.Rule{
		ID: "guardduty-on", Title: "GuardDuty is on, with its features", Severity: policy.High,
		Types:   []string{detectorType, detectorFeature},
		Anchors: "fsbp:GuardDuty.1,GuardDuty.5,GuardDuty.6,GuardDuty.7,GuardDuty.8,GuardDuty.9,GuardDuty.10 ckv:238 ckv2:3 config:guardduty-enabled-centralized nist:SI-4",
		Why:     "a detector that is suspended reports no stolen credentials, no miner and no call to a known bad address",
		Fix:     "set enable to true, and status of each DetectorFeature to ENABLED",
		Sources: []string{securityHubPage + "guardduty-controls.html"},
		Check: func(c *policy.Case) {
			if c.Type == detectorFeature {
				c.OneOf("status", "ENABLED")
				return
			}
			c.True("enable")
		},
		Proof: policy.Proof{
			Good: `
resources:
  detector: {type: "aws:guardduty/detector:Detector", properties: {enable: true}}
  feature: {type: "aws:guardduty/detectorFeature:DetectorFeature", properties: {detectorId: "${detector.id}", name: S3_DATA_EVENTS, status: ENABLED}}
`,
			Bad: []string{"detector.enable=false", "feature.status=DISABLED"}, Guard: "detector.enable", Absent: policy.Pass, FixtureOnly: noRecordersYet,
		},
	}
}

func logRetention() *policy.Rule {
	return &policy.Rule{
		ID: "log-retention", Title: "Log groups end", Severity: policy.Medium,
		Types:   []string{logGroupType},
		Anchors: "nagn:CloudWatchLogGroupRetentionPeriod ckv:66,338 fsbp:CloudWatch.16 config:cw-loggroup-retention-period-check nist:AU-11",
		Why:     "a log group keeps everything for ever unless it is told otherwise: the bill grows, and so does what a leak would show",
		Fix:     "set retentionInDays to what the environment needs",
		Sources: []string{"https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html"},
		Check: func(c *policy.Case) {
			c.Require(c.Get("retentionInDays"), "a number of days", func(v policy.Value) bool { return v.IsNumber() && v.Number() > 0 })
		},
		Proof: policy.Proof{
			Good: `
resources:
  log: {type: "aws:cloudwatch/logGroup:LogGroup", properties: {retentionInDays: 365, kmsKeyId: "arn:aws:kms:eu-central-1:444444444444:key/1"}}
`,
			Bad:   []string{"log.retentionInDays=0", "log.retentionInDays!"},
			Guard: "log.retentionInDays", Absent: policy.Violation, Also: []string{"retention-tiers", "lambda-log-retention", "log-path"},
		},
	}
}

func logOwnKey() *policy.Rule {
	return &policy.Rule{
		ID: "log-own-key", Title: "Log groups are encrypted with a key of your own", Severity: policy.Low, Advisory: true,
		Types:   []string{logGroupType},
		Anchors: "nagn:CloudWatchLogGroupEncrypted ckv:158 trivy:0017 config:cloudwatch-log-group-encrypted guard:CLOUDWATCH_LOG_GROUP_ENCRYPTED nist:SC-28",
		Why:     "with AWS's own key whoever may read the group reads it; with yours the key must allow it too",
		Fix:     "set kmsKeyId to a key whose policy lets logs.<region>.amazonaws.com use it for the group",
		Sources: []string{"https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html"},
		Check:   isSet("kmsKeyId", "a key of your own"),
		Proof: policy.Proof{
			Good: `
resources:
  log: {type: "aws:cloudwatch/logGroup:LogGroup", properties: {retentionInDays: 365, kmsKeyId: "arn:aws:kms:eu-central-1:444444444444:key/1"}}
`,
			Bad: []string{"log.kmsKeyId!", `log.kmsKeyId=""`}, Unguarded: "a key that is only known later is a key",
		},
	}
}

func vaultOwnKey() *policy.Rule {
	return &policy.Rule{
		ID: "backup-vault-own-key", Title: "Backup vaults are encrypted with a key of your own", Severity: policy.Medium,
		Types:   []string{backupVaultType},
		Anchors: "fsbp:Backup.1 ckv:166 config:backup-recovery-point-encrypted nist:CP-9,SC-28",
		Why:     "backups under the key aws/backup cannot be copied to another account, so the account that is lost takes them with it",
		Fix:     "set kmsKeyArn to a key of your own",
		Sources: []string{"https://docs.aws.amazon.com/aws-backup/latest/devguide/encryption.html"},
		Check: func(c *policy.Case) {
			key := c.Get("kmsKeyArn")
			if !c.Set("kmsKeyArn", "a key of your own") || key.Unknown() {
				return
			}
			if key.Is("alias/aws/backup") {
				c.Fail(key, "a key of your own")
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  vault: {type: "aws:backup/vault:Vault", properties: {kmsKeyArn: "arn:aws:kms:eu-central-1:444444444444:key/1"}}
`,
			Bad: []string{"vault.kmsKeyArn!", "vault.kmsKeyArn=alias/aws/backup"}, Unguarded: "a key that is only known later is a key",
			FixtureOnly: "the environments have no backup vaults",
		},
	}
}
