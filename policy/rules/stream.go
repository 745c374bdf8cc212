package rules

import (
	"fmt"
	"math"

	"github.com/seed-11444627/holdfast/policy"
)

// What one shard takes and gives in a second.
// https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
const (
	shardWrites     = 1.0    // MB
	shardRecords    = 1000.0 // records
	shardReads      = 2.0    // MB, for all readers that share it
	shardCalls      = 5      // calls of GetRecords; Lambda, Firehose and pipes each make one
	streamConsumers = 20     // registered consumers, each with 2 MB/s of its own
)

const oneSizedStream = `
policy:
  stream-sizing: {ingress: {clicks: {megabytesPerSecond: 2, recordsPerSecond: 3000}}}
resources:
  clicks: {type: "aws:kinesis/stream:Stream", properties: {name: clicks, shardCount: 3}}
  efo: {type: "aws:kinesis/streamConsumer:StreamConsumer", properties: {name: fast, streamArn: "${clicks.arn}"}}
  fn: {type: "aws:lambda/function:Function", properties: {name: enrich, reservedConcurrentExecutions: 6}}
  reader: {type: "aws:lambda/eventSourceMapping:EventSourceMapping", properties: {eventSourceArn: "${clicks.arn}", functionName: "${fn.name}", parallelizationFactor: 2}}
  fast: {type: "aws:lambda/eventSourceMapping:EventSourceMapping", properties: {eventSourceArn: "${efo.arn}", functionName: other}}
  archive: {type: "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream", properties: {kinesisSourceConfiguration: {kinesisStreamArn: "${clicks.arn}"}}}
  pipe: {type: "aws:pipes/pipe:Pipe", properties: {source: "${clicks.arn}"}}
`

const addReaders = `+a={type: "aws:pipes/pipe:Pipe", properties: {source: "${clicks.arn}"}} ; +b={type: "aws:pipes/pipe:Pipe", properties: {source: "${clicks.arn}"}}`

// streamRules are about the size of streams, and about timeouts that must fit each other.
func streamRules() []*policy.Rule {
	return append(timeoutRules(), streamSizeRules()...)
}

func streamSizeRules() []*policy.Rule {
	return []*policy.Rule{
		{
			ID: "stream-sizing", Title: "Data streams have the shards for what is written and read", Severity: policy.Medium,
			Types: []string{kinesisStream}, Anchors: "",
			Why:     "what is more than the shards take is refused, and a producer that does not try again loses it; what is more than they give makes every reader late",
			Fix:     "raise shardCount, or set streamModeDetails.streamMode to ON_DEMAND",
			Sources: []string{"https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html"},
			Settings: []policy.Setting{{
				Name: "ingress", Kind: policy.KindObject, Default: map[string]any{},
				Help: "what is written to each stream at its peak, by name of the resource: {clicks: {megabytesPerSecond: 2, recordsPerSecond: 3000}}",
			}},
			Check: checkStreamSize,
			Proof: policy.Proof{
				Good: oneSizedStream, Bad: []string{"clicks.shardCount=2", "clicks.shardCount=1"}, Guard: "clicks.shardCount", Absent: policy.Violation,
				Exempt: "clicks.streamModeDetails={streamMode: ON_DEMAND}", FixtureOnly: "the product has no streams yet",
			},
		},
		{
			ID: "stream-readers", Title: "Data streams have no more readers than their shards answer", Severity: policy.Medium,
			Types: []string{kinesisStream}, Anchors: "",
			Why:     "a shard answers 5 calls a second: with one reader more all of them are refused now and then and fall behind",
			Fix:     "register an aws.kinesis.StreamConsumer for the readers that must be fast, and point their event source mappings at it",
			Sources: []string{"https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html", "https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html", "https://docs.aws.amazon.com/streams/latest/dev/enhanced-consumers.html"},
			Check:   checkStreamReaders,
			Proof: policy.Proof{
				Good:      oneSizedStream,
				Bad:       []string{addReaders + ` ; +c={type: "aws:pipes/pipe:Pipe", properties: {source: "${clicks.arn}"}}`},
				Unguarded: "the rule counts readers and reads no value", Also: []string{"stream-sizing"}, FixtureOnly: "the product has no streams yet",
			},
		},
		{
			ID: "stream-concurrency", Title: "A function may run as often at once as its stream calls it", Severity: policy.Medium,
			Types: []string{lambdaSourceMapping}, Anchors: "",
			Why:     "Lambda reads each shard parallelizationFactor times at once: with less concurrency some shards wait for ever-changing others, and fall behind until their records expire",
			Fix:     "set reservedConcurrentExecutions of the function to at least shardCount times parallelizationFactor",
			Sources: []string{"https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html", "https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html"},
			Check:   checkStreamConcurrency,
			Proof: policy.Proof{
				Good: oneSizedStream, Bad: []string{"fn.reservedConcurrentExecutions=5", "reader.parallelizationFactor=3", "clicks.shardCount=4"},
				Guard: "fn.reservedConcurrentExecutions", Absent: policy.NotApplicable, Exempt: "reader.eventSourceArn=arn:aws:sqs:eu-central-1:111111111111:q",
				FixtureOnly: "the product has no streams yet",
			},
		},
	}
}

// streamReaders are who reads a stream: sharing its shards, or with a share of their own.
type streamReaders struct {
	shared     []*policy.Node
	registered int
}

var streamReadersKey byte

func readersOfStreams(g *policy.Graph) map[*policy.Node]streamReaders {
	return policy.Memo(g, &streamReadersKey, func(g *policy.Graph) map[*policy.Node]streamReaders {
		found := map[*policy.Node]streamReaders{}
		share := func(v policy.Value) {
			if stream := v.Ref(kinesisStream).Node(); stream != nil {
				readers := found[stream]
				readers.shared = append(readers.shared, v.Node())
				found[stream] = readers
			}
		}
		for _, n := range g.ByType(lambdaSourceMapping) {
			share(n.Get("eventSourceArn"))
		}
		for _, n := range g.ByType(firehoseStream) {
			share(n.Get("kinesisSourceConfiguration.kinesisStreamArn"))
		}
		for _, n := range g.ByType(eventPipe) {
			share(n.Get("source"))
		}
		for _, n := range g.ByType(kinesisConsumer) {
			if stream := n.Get("streamArn").Ref(kinesisStream).Node(); stream != nil {
				readers := found[stream]
				readers.registered++
				found[stream] = readers
			}
		}
		return found
	})
}

// shardsFor is how many shards it takes to write megabytes and records a second, and to read them by so many that share.
func shardsFor(megabytes, records float64, shared int) int {
	written := math.Max(megabytes/shardWrites, records/shardRecords)
	read := megabytes * float64(shared) / shardReads
	return int(math.Ceil(math.Max(written, read)))
}

func onDemand(stream *policy.Node) bool {
	return stream.Get("streamModeDetails.streamMode").Is("ON_DEMAND")
}

func checkStreamSize(c *policy.Case) {
	if onDemand(c.Node) {
		c.Skip("AWS sizes it")
		return
	}
	declared, _ := c.ForEnvironment("ingress").(map[string]any)
	peak, ok := declared[c.Name].(map[string]any)
	if !ok {
		peak, ok = declared[c.Get("name").Text()].(map[string]any)
	}
	if !ok {
		c.Skip("the setting ingress says nothing of it")
		return
	}
	megabytes, _ := peak["megabytesPerSecond"].(float64)
	records, _ := peak["recordsPerSecond"].(float64)
	shared := readersOfStreams(c.Graph())[c.Node].shared
	wanted := shardsFor(megabytes, records, len(shared))
	details := []policy.Detail{policy.Because("%v MB and %v records a second at the peak, read by %d who share the shards, take %d shards of 1 MB and 1000 records in and 2 MB out", megabytes, records, len(shared), wanted)}
	for _, reader := range shared {
		details = append(details, policy.Saw(reader, "", "reads the stream"))
	}
	c.AtLeast("shardCount", float64(wanted), details...)
}

func checkStreamReaders(c *policy.Case) {
	readers := readersOfStreams(c.Graph())[c.Node]
	if len(readers.shared) > shardCalls {
		var details []policy.Detail
		for _, reader := range readers.shared {
			details = append(details, policy.Saw(reader, "", "reads the stream"))
		}
		c.Broken("", fmt.Sprintf("%d readers share the shards", len(readers.shared)), fmt.Sprintf("at most %d", shardCalls), details...)
	}
	if readers.registered > streamConsumers {
		c.Broken("", fmt.Sprintf("%d registered consumers", readers.registered), fmt.Sprintf("at most %d", streamConsumers))
	}
}

func checkStreamConcurrency(c *policy.Case) {
	source := c.Get("eventSourceArn")
	stream := source.Ref(kinesisStream, kinesisConsumer).Node()
	if stream != nil && stream.Type == kinesisConsumer {
		stream = stream.Get("streamArn").Ref(kinesisStream).Node()
	}
	fn := functionOf(c.Get("functionName"))
	if stream == nil || fn == nil || onDemand(stream) {
		c.Skip("no stream with a number of shards, or no function, of this stack")
		return
	}
	reserved, factor, shards := fn.Get("reservedConcurrentExecutions"), c.Get("parallelizationFactor"), stream.Get("shardCount")
	if reserved.Unknown() || factor.Unknown() || shards.Unknown() {
		c.UnclearBecause("parallelizationFactor", "the numbers are not known yet")
		return
	}
	if reserved.Number() < 0 {
		c.Skip("the function has no concurrency of its own; see lambda-reserved-concurrency")
		return
	}
	calls := shards.Number() * math.Max(1, factor.Number())
	if reserved.Number() < calls {
		c.Broken(factor.Path(), fmt.Sprintf("%v calls at once, of %s allowed", calls, reserved.Show()), "no more than reservedConcurrentExecutions of the function",
			policy.Saw(stream, shards.Path(), shards.Show()+" shards"), policy.Saw(fn, reserved.Path(), reserved.Show()+" at once"))
	}
}
