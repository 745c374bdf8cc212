package rules

import "strings"

// taggableList are the types of pulumi-aws 6.83.2 that take tags as a map, by module, as its SDK declares them.
const taggableList = `
accessanalyzer: analyzer
acm: certificate
acmpca: certificateAuthority
alb: listener listenerRule loadBalancer targetGroup
amp: ruleGroupNamespace scraper workspace
amplify: app branch
apigateway: apiKey clientCertificate domainName domainNameAccessAssociation restApi stage usagePlan vpcLink
apigatewayv2: api domainName stage vpcLink
appautoscaling: target
appconfig: application configurationProfile deployment deploymentStrategy environment eventIntegration extension
appfabric: appAuthorization appBundle ingestion ingestionDestination
appflow: flow
appintegrations: dataIntegration
applicationinsights: application
appmesh: gatewayRoute mesh route virtualGateway virtualNode virtualRouter virtualService
apprunner: autoScalingConfigurationVersion connection observabilityConfiguration service vpcConnector vpcIngressConnection
appstream: fleet imageBuilder stack
appsync: graphQLApi
athena: capacityReservation dataCatalog workgroup
auditmanager: assessment control framework
backup: framework logicallyAirGappedVault plan reportPlan restoreTestingPlan vault
batch: computeEnvironment jobDefinition jobQueue schedulingPolicy
bcmdata: export
bedrock: agentAgent agentAgentAlias agentKnowledgeBase agentPrompt customModel guardrail inferenceProfile provisionedModelThroughput
budgets: budget budgetAction
cfg: aggregateAuthorization configurationAggregator rule
chatbot: slackChannelConfiguration teamsChannelConfiguration
chime: sdkvoiceSipMediaApplication sdkvoiceVoiceProfileDomain voiceConnector
chimesdkmediapipelines: mediaInsightsPipelineConfiguration
cleanrooms: collaboration configuredTable membership
cloud9: environmentEC2
cloudformation: stack stackSet
cloudfront: distribution vpcOrigin
cloudhsmv2: cluster
cloudtrail: eventDataStore trail
cloudwatch: compositeAlarm contributorInsightRule contributorManagedInsightRule eventBus eventRule internetMonitor logAnomalyDetector logDelivery
  logDeliveryDestination logDeliverySource logDestination logGroup metricAlarm metricStream
codeartifact: domain repository
codebuild: fleet project reportGroup
codecommit: repository
codeconnections: connection host
codedeploy: application deploymentGroup
codeguruprofiler: profilingGroup
codegurureviewer: repositoryAssociation
codepipeline: customActionType pipeline webhook
codestarconnections: connection
codestarnotifications: notificationRule
cognito: identityPool userPool
comprehend: documentClassifier entityRecognizer
connect: contactFlow contactFlowModule hoursOfOperation instance phoneNumber queue quickConnect routingProfile securityProfile user userHierarchyGroup
  vocabulary
controltower: landingZone
costexplorer: anomalyMonitor anomalySubscription costCategory
cur: reportDefinition
customerprofiles: domain
dataexchange: dataSet revision revisionAssets
datapipeline: pipeline
datasync: agent efsLocation fsxOpenZfsFileSystem locationAzureBlob locationFsxLustre locationFsxOntapFileSystem locationFsxWindows locationHdfs
  locationObjectStorage locationSmb nfsLocation s3Location task
datazone: domain
dax: cluster
detective: graph
devicefarm: devicePool instanceProfile networkProfile project testGridProject
directconnect: connection hostedPrivateVirtualInterfaceAccepter hostedPublicVirtualInterfaceAccepter hostedTransitVirtualInterfaceAcceptor
  linkAggregationGroup privateVirtualInterface publicVirtualInterface transitVirtualInterface
directoryservice: directory serviceRegion
dlm: lifecyclePolicy
dms: certificate endpoint eventSubscription replicationConfig replicationInstance replicationSubnetGroup replicationTask s3Endpoint
docdb: cluster clusterInstance clusterParameterGroup elasticCluster eventSubscription subnetGroup
drs: replicationConfigurationTemplate
dsql: cluster
dynamodb: table tableReplica
ebs: snapshot snapshotCopy snapshotImport volume
ec2: ami amiCopy amiFromInstance capacityBlockReservation capacityReservation carrierGateway customerGateway dedicatedHost defaultNetworkAcl
  defaultRouteTable defaultSecurityGroup defaultSubnet defaultVpc defaultVpcDhcpOptions egressOnlyInternetGateway eip fleet flowLog instance
  internetGateway keyPair launchTemplate localGatewayRouteTableVpcAssociation managedPrefixList natGateway networkAcl networkInsightsAnalysis
  networkInsightsPath networkInterface placementGroup routeTable securityGroup spotFleetRequest spotInstanceRequest subnet trafficMirrorFilter
  trafficMirrorSession trafficMirrorTarget vpc vpcBlockPublicAccessExclusion vpcDhcpOptions vpcEndpoint vpcEndpointService vpcIpam vpcIpamPool
  vpcIpamResourceDiscovery vpcIpamResourceDiscoveryAssociation vpcIpamScope vpcPeeringConnection vpcPeeringConnectionAccepter vpnConnection vpnGateway
ec2clientvpn: endpoint
ec2transitgateway: connect connectPeer instanceConnectEndpoint multicastDomain peeringAttachment peeringAttachmentAccepter policyTable routeTable
  transitGateway vpcAttachment vpcAttachmentAccepter
ecr: repository
ecrpublic: repository
ecs: capacityProvider cluster service taskDefinition taskSet
efs: accessPoint fileSystem
eks: accessEntry addon cluster fargateProfile identityProviderConfig nodeGroup podIdentityAssociation
elasticache: cluster parameterGroup replicationGroup reservedCacheNode serverlessCache subnetGroup user userGroup
elasticbeanstalk: application applicationVersion environment
elasticsearch: domain
elb: loadBalancer
emr: cluster studio
emrcontainers: jobTemplate virtualCluster
emrserverless: application
evidently: feature launch project segment
finspace: kxCluster kxDatabase kxDataview kxEnvironment kxScalingGroup kxUser kxVolume
fis: experimentTemplate
fms: policy resourceSet
fsx: backup dataRepositoryAssociation fileCache lustreFileSystem ontapFileSystem ontapStorageVirtualMachine ontapVolume openZfsFileSystem
  openZfsSnapshot openZfsVolume windowsFileSystem
gamelift: alias build fleet gameServerGroup gameSessionQueue matchmakingConfiguration matchmakingRuleSet script
glacier: vault
globalaccelerator: accelerator crossAccountAttachment customRoutingAccelerator
glue: catalogDatabase connection crawler dataQualityRuleset devEndpoint job mLTransform registry schema trigger workflow
grafana: workspace
guardduty: detector filter iPSet malwareProtectionPlan threatIntelSet
iam: instanceProfile openIdConnectProvider policy role samlProvider serverCertificate serviceLinkedRole user virtualMfaDevice
imagebuilder: component containerRecipe distributionConfiguration image imagePipeline imageRecipe infrastructureConfiguration lifecyclePolicy workflow
inspector: assessmentTemplate resourceGroup
inspector2: filter
iot: authorizer billingGroup caCertificate domainConfiguration policy provisioningTemplate roleAlias thingGroup thingType topicRule
ivs: channel playbackKeyPair recordingConfiguration
ivschat: loggingConfiguration room
kendra: dataSource faq index querySuggestionsBlockList thesaurus
keyspaces: keyspace table
kinesis: analyticsApplication firehoseDeliveryStream stream videoStream
kinesisanalyticsv2: application
kms: externalKey key replicaExternalKey replicaKey
lambda: codeSigningConfig eventSourceMapping function
lb: listener listenerRule loadBalancer targetGroup trustStore
lex: v2modelsBot
licensemanager: licenseConfiguration
lightsail: bucket certificate containerService database disk distribution instance keyPair lb
location: geofenceCollection map placeIndex routeCalculation tracker
m2: application environment
macie: customDataIdentifier findingsFilter
macie2: classificationJob member
mediaconvert: queue
medialive: channel input inputSecurityGroup multiplex
mediapackage: channel
mediapackagev2: channelGroup
mediastore: container
memorydb: acl cluster multiRegionCluster parameterGroup snapshot subnetGroup user
mq: broker configuration
msk: cluster replicator serverlessCluster vpcConnection
mskconnect: connector customPlugin workerConfiguration
mwaa: environment
neptune: cluster clusterEndpoint clusterInstance clusterParameterGroup eventSubscription parameterGroup subnetGroup
neptunegraph: graph
networkfirewall: firewall firewallPolicy ruleGroup tlsInspectionConfiguration
networkmanager: connectAttachment connectPeer connection coreNetwork device dxGatewayAttachment globalNetwork link site siteToSiteVpnAttachment
  transitGatewayPeering transitGatewayRouteTableAttachment vpcAttachment
networkmonitor: monitor probe
notifications: contactsEmailContact notificationConfiguration
oam: link sink
opensearch: domain serverlessCollection
opensearchingest: pipeline
opsworks: customLayer ecsClusterLayer gangliaLayer haproxyLayer javaAppLayer memcachedLayer mysqlLayer nodejsAppLayer phpAppLayer railsAppLayer stack
  staticWebLayer
organizations: account organizationalUnit policy resourcePolicy
paymentcryptography: key
pinpoint: app emailTemplate smsvoicev2ConfigurationSet smsvoicev2OptOutList smsvoicev2PhoneNumber
pipes: pipe
qbusiness: application
qldb: ledger stream
quicksight: analysis dashboard dataSet dataSource folder namespace template theme vpcConnection
ram: resourceShare
rbin: rule
rds: cluster clusterEndpoint clusterInstance clusterParameterGroup clusterSnapshot clusterSnapshotCopy customDbEngineVersion eventSubscription
  globalCluster instance integration optionGroup parameterGroup proxy proxyEndpoint reservedInstance shardGroup snapshot snapshotCopy subnetGroup
redshift: cluster clusterSnapshot eventSubscription hsmClientCertificate hsmConfiguration integration parameterGroup snapshotCopyGrant
  snapshotSchedule subnetGroup usageLimit
redshiftserverless: namespace workgroup
rekognition: collection project streamProcessor
resiliencehub: resiliencyPolicy
resourceexplorer: index view
resourcegroups: group
rolesanywhere: profile trustAnchor
route53: healthCheck profilesAssociation profilesProfile resolverEndpoint resolverFirewallDomainList resolverFirewallRuleGroup
  resolverFirewallRuleGroupAssociation resolverQueryLogConfig resolverRule zone
route53domains: domain registeredDomain
route53recoveryreadiness: cell readinessCheck recoveryGroup resourceSet
rum: appMonitor
s3: bucket bucketObject bucketObjectv2 bucketV2 objectCopy
s3control: accessGrant accessGrantsInstance accessGrantsLocation bucket storageLensConfiguration
sagemaker: app appImageConfig codeRepository dataQualityJobDefinition deviceFleet domain endpoint endpointConfiguration featureGroup flowDefinition
  hub humanTaskUI image mlflowTrackingServer model modelPackageGroup monitoringSchedule notebookInstance notebookInstanceLifecycleConfiguration
  pipeline project space studioLifecycleConfig userProfile workteam
scheduler: scheduleGroup
schemas: discoverer registry schema
secretsmanager: secret
securityhub: automationRule
securitylake: dataLake subscriber
serverlessrepository: cloudFormationStack
servicecatalog: appregistryApplication appregistryAttributeGroup portfolio product provisionedProduct
servicediscovery: httpNamespace privateDnsNamespace publicDnsNamespace service
sesv2: configurationSet contactList dedicatedIpPool emailIdentity
sfn: activity stateMachine
shield: protection protectionGroup
signer: signingProfile
sns: topic
sqs: queue
ssm: activation association contactsRotation document maintenanceWindow parameter patchBaseline quicksetupConfigurationManager
ssmcontacts: contact
ssmincidents: replicationSet responsePlan
ssoadmin: application permissionSet trustedTokenIssuer
storagegateway: cachesIscsiVolume fileSystemAssociation gateway nfsFileShare smbFileShare storedIscsiVolume tapePool
swf: domain
synthetics: canary group
timestreaminfluxdb: dbInstance
timestreamquery: scheduledQuery
timestreamwrite: database table
transcribe: languageModel medicalVocabulary vocabulary vocabularyFilter
transfer: agreement certificate connector profile server user workflow
verifiedaccess: endpoint group instance trustProvider
verifiedpermissions: policyStore
vpc: routeServer routeServerEndpoint routeServerPeer securityGroupEgressRule securityGroupIngressRule
vpclattice: accessLogSubscription listener listenerRule resourceConfiguration resourceGateway service serviceNetwork serviceNetworkResourceAssociation
  serviceNetworkServiceAssociation serviceNetworkVpcAssociation targetGroup
waf: rateBasedRule rule ruleGroup webAcl
wafregional: rateBasedRule rule ruleGroup webAcl
wafv2: ipSet regexPatternSet ruleGroup webAcl
workspaces: connectionAlias directory ipGroup webBrowserSettings webDataProtectionSettings webIpAccessSettings webNetworkSettings
  webUserAccessLoggingSettings webUserSettings workspace
workspacesweb: browserSettings dataProtectionSettings ipAccessSettings networkSettings userAccessLoggingSettings userSettings
xray: group samplingRule
`

// taggable are the modules and names of the types: ec2/vpc.
var taggable = func() map[string]bool {
	types := map[string]bool{}
	module := ""
	for word := range strings.FieldsSeq(taggableList) {
		if name, isModule := strings.CutSuffix(word, ":"); isModule {
			module = name
			continue
		}
		types[module+"/"+word] = true
	}
	return types
}()

// isTaggable says that a resource of the type takes tags as a map.
func isTaggable(token string) bool { return taggable[shortType(token)] }
