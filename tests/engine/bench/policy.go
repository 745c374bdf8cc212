package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/seed-11444627/holdfast/tests/offline/harness"
)

// policy compares the engine's preview of a thousand resources with and without the policy pack, both through the Automation
// API, and times how soon the pack answers. The resources are those of prod over and over, without components.
func (b *bench) policy() error {
	const resources = 1000
	title(fmt.Sprintf("The policy pack: a preview of %d resources on the engine, with and without it", resources))
	deployed, err := b.open("prod", nil, false)
	if err != nil {
		return err
	}
	if _, err := deployed.Up(b.ctx); err != nil {
		return err
	}
	same, err := flatten(deployed.Options().StateFile())
	if err != nil {
		return err
	}
	advising, err := b.packAt("advisory")
	if err != nil {
		return err
	}
	idle, err := b.packAt("disabled")
	if err != nil {
		return err
	}
	var judged, called, bare []time.Duration
	created := 0
	for range b.rounds {
		if bare, created, err = b.flatPreview(bare, same, resources, harness.Policy{}); err != nil {
			return err
		}
		if called, _, err = b.flatPreview(called, same, resources, idle); err != nil {
			return err
		}
		if judged, _, err = b.flatPreview(judged, same, resources, advising); err != nil {
			return err
		}
	}
	line("resources that the preview creates", fmt.Sprint(created), "")
	line("preview without the pack", median(bare).Round(time.Millisecond).String(), "")
	line("preview with the pack and no rule, for the engine's calls alone", median(called).Round(time.Millisecond).String(), "")
	line("preview with the pack", median(judged).Round(time.Millisecond).String(), "")
	line("with the pack against without", fmt.Sprintf("%.2f", ratio(median(judged), median(bare))), "at most 1.25; 30 policies in Node: 2.33")
	line("with the pack against the pack and no rule", fmt.Sprintf("%.2f", ratio(median(judged), median(called))), "")
	return b.packStart()
}

// packAt is the pack with every rule at one level; none may stop the preview, because copies of an environment break rules
// that the environment keeps.
func (b *bench) packAt(level string) (harness.Policy, error) {
	settings := filepath.Join(b.dir, level+".json")
	err := os.WriteFile(settings, []byte(`{"all": "`+level+`"}`), 0o600)
	return harness.Policy{Pack: b.layout.Pack(), Settings: settings, EngineOnly: true}, err
}

func (b *bench) flatPreview(times []time.Duration, same *flat, count int, pack harness.Policy) ([]time.Duration, int, error) {
	dir, err := b.fresh("policy")
	if err != nil {
		return nil, 0, err
	}
	stack, err := harness.Open(b.ctx, harness.Options{
		Layout: b.layout, CLI: b.cli, Stack: "prod", Dir: dir, Program: same.times(count), Policy: pack,
	})
	if err != nil {
		return nil, 0, err
	}
	took, result, err := b.measure(stack.Preview)
	return append(times, took), result.Counts["create"], err
}

// packStart times the prebuilt pack from its start to its answer to the engine's first call.
func (b *bench) packStart() error {
	engine, err := (&net.ListenConfig{}).Listen(b.ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	healthy := grpc.NewServer()
	grpc_health_v1.RegisterHealthServer(healthy, health.NewServer())
	go func() { _ = healthy.Serve(engine) }()
	defer healthy.Stop()
	var ports, answers []time.Duration
	for range 2 * b.rounds {
		port, answer, err := b.handshake(engine.Addr().String())
		if err != nil {
			return err
		}
		ports, answers = append(ports, port), append(answers, answer)
	}
	line("prebuilt pack, from its start to its port", median(ports).Round(100*time.Microsecond).String(), "")
	line("prebuilt pack, from its start to its first answer", median(answers).Round(100*time.Microsecond).String(), "at most 100ms")
	return nil
}

func (b *bench) handshake(engine string) (port, answer time.Duration, err error) {
	ctx, stop := context.WithCancel(b.ctx)
	defer stop()
	pack := exec.CommandContext(ctx, b.layout.Pack(), engine)
	out, err := pack.StdoutPipe()
	if err != nil {
		return 0, 0, err
	}
	begun := time.Now()
	if err := pack.Start(); err != nil {
		return 0, 0, err
	}
	defer func() {
		stop()
		_ = pack.Wait() // It was stopped.
	}()
	text, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return 0, 0, fmt.Errorf("waiting for the port of the policy pack: %w", err)
	}
	port = time.Since(begun)
	connection, err := grpc.NewClient("127.0.0.1:"+strings.TrimSpace(text), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return 0, 0, err
	}
	defer connection.Close()
	_, err = pulumirpc.NewAnalyzerClient(connection).Handshake(ctx, &pulumirpc.AnalyzerHandshakeRequest{EngineAddress: engine})
	return port, time.Since(begun), err
}
