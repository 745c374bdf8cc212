package cloudsim

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
)

// ProviderVersion is the version of pulumi-aws that the provider face stands in for.
const ProviderVersion = "6.83.2"

// The environment variables that set up the provider face.
const (
	EnvState   = "CLOUDSIM_STATE"   // The state directory. Required: without it nothing would be kept.
	EnvAccount = "CLOUDSIM_ACCOUNT" // The simulated account. Default: 123456789012.
	EnvSpeed   = "CLOUDSIM_SPEED"   // How much of each duration is really slept: 0.001 is a thousandth. Default: 0, none.
	EnvFaults  = "CLOUDSIM_FAULTS"  // Faults as a JSON list, inline or as a file's path.
)

// provider speaks Pulumi's provider protocol over the model.
type provider struct {
	pulumirpc.UnimplementedResourceProviderServer
	model    *Model
	account  string
	speed    float64
	settings settings
	dying    atomic.Bool
}

// Serve runs the provider face until the engine closes it: it prints the port on the first line of out and answers there.
// A program that needs rows of its own calls it from its own main.
func Serve(out io.Writer, rows ...Row) error {
	p, err := newProvider(os.Getenv, rows)
	if err != nil {
		return err
	}
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{Init: func(srv *grpc.Server) error {
		pulumirpc.RegisterResourceProviderServer(srv, p)
		return nil
	}})
	if err != nil {
		return fmt.Errorf("serving the simulated provider: %w", err)
	}
	if _, err := fmt.Fprintln(out, handle.Port); err != nil {
		return err
	}
	return <-handle.Done
}

func newProvider(getenv func(string) string, rows []Row) (*provider, error) {
	p := &provider{account: getenv(EnvAccount)}
	if p.account == "" {
		p.account = "123456789012"
	}
	if speed := getenv(EnvSpeed); speed != "" {
		var err error
		if p.speed, err = strconv.ParseFloat(speed, 64); err != nil || p.speed < 0 {
			return nil, fmt.Errorf("%s is %q: a number from 0 is wanted", EnvSpeed, speed)
		}
	}
	if getenv(EnvState) == "" {
		return nil, fmt.Errorf("%s is not set: this is the simulated cloud, not AWS, and it needs a directory to keep its state in", EnvState)
	}
	faults, err := ParseFaults(getenv(EnvFaults))
	if err != nil {
		return nil, err
	}
	if p.model, err = Open(getenv(EnvState)); err != nil {
		return nil, err
	}
	p.model.die = p.perish
	for i := range rows {
		p.model.rows[rows[i].Type] = &rows[i]
	}
	return p, p.model.arm(faults)
}

// lastBreath is how long a dying process goes on. No answer leaves any more: answers that have left have the time to
// arrive, and what else is struck meanwhile has taken effect unanswered too, as when a machine is lost under many operations.
const lastBreath = 100 * time.Millisecond

// perish ends the process.
func (p *provider) perish() {
	if !p.dying.Swap(true) {
		time.AfterFunc(lastBreath, func() { os.Exit(3) })
	}
}

// speak lets an answer leave, unless the process is dying.
func (p *provider) speak(ctx context.Context) {
	if p.dying.Load() {
		<-ctx.Done()
	}
}

// join enters the session of this engine run: all its provider processes have the same parent.
func (m *Model) join(session int) error {
	if err := m.begin(); err != nil {
		return err
	}
	defer m.end()
	if m.session == session {
		return nil
	}
	return m.commit(entry{Session: session}, nil)
}

func (p *provider) place(typ string) place {
	at := place{p.account, p.settings.region}
	if row := p.model.row(typ); row != nil && row.Global && at.region == "" {
		at.region = "us-east-1"
	}
	return at
}

func (p *provider) request(urn, id string, inputs, oldInputs resource.PropertyMap, preview bool) opRequest {
	u := resource.URN(urn)
	return opRequest{urn: urn, typ: string(u.Type()), name: u.Name(), id: id, at: p.place(string(u.Type())), inputs: inputs,
		oldInputs: oldInputs, defaultTags: p.settings.tags, preview: preview}
}

// wait really sleeps the operation's duration, scaled.
func (p *provider) wait(ctx context.Context, duration time.Duration) {
	select {
	case <-time.After(time.Duration(p.speed * float64(duration))):
	case <-ctx.Done():
	}
}

func (p *provider) Handshake(context.Context, *pulumirpc.ProviderHandshakeRequest) (*pulumirpc.ProviderHandshakeResponse, error) {
	return &pulumirpc.ProviderHandshakeResponse{AcceptSecrets: true}, nil
}

func (p *provider) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: ProviderVersion}, nil
}

func (p *provider) GetSchema(context.Context, *pulumirpc.GetSchemaRequest) (*pulumirpc.GetSchemaResponse, error) {
	return &pulumirpc.GetSchemaResponse{Schema: `{"name":"aws","version":"` + ProviderVersion + `"}`}, nil
}

func (p *provider) Attach(context.Context, *pulumirpc.PluginAttach) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

func (p *provider) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

func (p *provider) CheckConfig(_ context.Context, in *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	return &pulumirpc.CheckResponse{Inputs: in.GetNews()}, nil
}

func (p *provider) DiffConfig(_ context.Context, in *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	old, news, err := both(in.GetOldInputs(), in.GetNews())
	if err != nil {
		return nil, err
	}
	return diffResponse(&Row{}, old, news), nil
}

// Configure takes the region and the default tags, and refuses an account that the program does not allow.
func (p *provider) Configure(_ context.Context, in *pulumirpc.ConfigureRequest) (*pulumirpc.ConfigureResponse, error) {
	args, err := properties(in.GetArgs())
	if err != nil {
		return nil, err
	}
	p.settings = settingsFrom(args)
	if p.settings.region == "" && !containsUnknown(args["region"]) {
		return nil, fmt.Errorf("invalid AWS Region: the provider argument region is missing; the simulated cloud reads no other source")
	}
	if p.settings.region != "" && Zones(p.settings.region) == nil {
		return nil, fmt.Errorf("invalid AWS Region: %s", p.settings.region)
	}
	if len(p.settings.allowed) > 0 && !slices.Contains(p.settings.allowed, p.account) || slices.Contains(p.settings.forbidden, p.account) {
		return nil, fmt.Errorf("AWS account ID not allowed: %s", p.account)
	}
	return &pulumirpc.ConfigureResponse{AcceptSecrets: true, SupportsPreview: true}, p.model.join(os.Getppid())
}

func (p *provider) Check(_ context.Context, in *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	old, news, err := both(in.GetOlds(), in.GetNews())
	if err != nil {
		return nil, err
	}
	inputs, failures := p.model.check(p.request(in.GetUrn(), "", news, old, true))
	out := &pulumirpc.CheckResponse{}
	for _, failure := range failures {
		out.Failures = append(out.Failures, &pulumirpc.CheckFailure{Property: failure.Property, Reason: failure.Reason})
	}
	if out.Inputs, err = object(inputs); err != nil {
		return nil, err
	}
	return out, nil
}

func (p *provider) Diff(_ context.Context, in *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	old, news, err := both(in.GetOldInputs(), in.GetNews())
	if err != nil {
		return nil, err
	}
	row, err := p.model.rowOrError(string(resource.URN(in.GetUrn()).Type()))
	if err != nil {
		return nil, err
	}
	response := diffResponse(row, old, news)
	if row.Taggable && response.GetChanges() == pulumirpc.DiffResponse_DIFF_NONE {
		return p.tagDiff(in, news, response)
	}
	return response, nil
}

// tagDiff finds a change of the provider's default tags, which no input shows.
func (p *provider) tagDiff(in *pulumirpc.DiffRequest, news resource.PropertyMap, response *pulumirpc.DiffResponse) (*pulumirpc.DiffResponse, error) {
	outputs, err := properties(in.GetOlds())
	if err != nil {
		return nil, err
	}
	all := tagsAll(&Call{Props: Props{news}, tags: p.settings.tags})
	if same(outputs["tagsAll"], all) {
		return response, nil
	}
	response.Changes, response.HasDetailedDiff = pulumirpc.DiffResponse_DIFF_SOME, true
	response.Diffs = []string{"tagsAll"}
	response.DetailedDiff = map[string]*pulumirpc.PropertyDiff{"tagsAll": {Kind: pulumirpc.PropertyDiff_UPDATE}}
	return response, nil
}

var kinds = map[ChangeKind][2]pulumirpc.PropertyDiff_Kind{
	Added:   {pulumirpc.PropertyDiff_ADD, pulumirpc.PropertyDiff_ADD_REPLACE},
	Removed: {pulumirpc.PropertyDiff_DELETE, pulumirpc.PropertyDiff_DELETE_REPLACE},
	Changed: {pulumirpc.PropertyDiff_UPDATE, pulumirpc.PropertyDiff_UPDATE_REPLACE},
}

func diffResponse(row *Row, old, news resource.PropertyMap) *pulumirpc.DiffResponse {
	out := &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_NONE, HasDetailedDiff: true,
		DetailedDiff: map[string]*pulumirpc.PropertyDiff{}}
	for _, change := range differences(row, old, news) {
		out.Changes = pulumirpc.DiffResponse_DIFF_SOME
		top, _, _ := strings.Cut(withoutIndices(change.Path), ".")
		kind := kinds[change.Kind][0]
		if change.Replace {
			kind = kinds[change.Kind][1]
			out.Replaces = appendOnce(out.GetReplaces(), top)
		}
		out.Diffs = appendOnce(out.GetDiffs(), top)
		out.DetailedDiff[change.Path] = &pulumirpc.PropertyDiff{Kind: kind, InputDiff: true}
	}
	out.DeleteBeforeReplace = len(out.GetReplaces()) > 0 && row.deleteFirst(old, news)
	return out
}

func appendOnce(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

func (p *provider) Create(ctx context.Context, in *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error) {
	inputs, err := properties(in.GetProperties())
	if err != nil {
		return nil, err
	}
	r, err := p.model.create(p.request(in.GetUrn(), "", inputs, nil, in.GetPreview()))
	if err != nil {
		p.speak(ctx)
		return nil, err
	}
	out := &pulumirpc.CreateResponse{}
	if out.Properties, err = outputs(r); err != nil || in.GetPreview() {
		return out, err
	}
	out.Id = r.ID
	p.wait(ctx, p.model.row(r.Type).Durations.Create)
	p.speak(ctx)
	return out, p.model.answered(r)
}

func (p *provider) Read(_ context.Context, in *pulumirpc.ReadRequest) (*pulumirpc.ReadResponse, error) {
	r, err := p.model.read(p.request(in.GetUrn(), in.GetId(), nil, nil, false))
	if err != nil || r == nil {
		return &pulumirpc.ReadResponse{}, err
	}
	old, err := properties(in.GetInputs())
	if err != nil {
		return nil, err
	}
	out := &pulumirpc.ReadResponse{Id: r.ID}
	if out.Properties, err = outputs(r); err != nil {
		return nil, err
	}
	out.Inputs, err = object(readInputs(p.model.row(r.Type), r, old))
	return out, err
}

// readInputs are the inputs as they would have to be to make what is there: the old ones with what has changed since, so
// that a default which the program never wrote does not turn up as drift.
func readInputs(row *Row, r *Resource, old resource.PropertyMap) resource.PropertyMap {
	inputs := resource.PropertyMap{}
	for k, v := range r.Inputs {
		fallback, isDefault := row.Defaults[string(k)]
		if isDefault && !old.HasValue(k) && same(v, propertyOf(fallback)) {
			continue
		}
		inputs[k] = v
	}
	if noted, ok := old[defaultsKey]; ok {
		inputs[defaultsKey] = noted
	}
	return inputs
}

func (p *provider) Update(ctx context.Context, in *pulumirpc.UpdateRequest) (*pulumirpc.UpdateResponse, error) {
	inputs, err := properties(in.GetNews())
	if err != nil {
		return nil, err
	}
	r, err := p.model.update(p.request(in.GetUrn(), in.GetId(), inputs, nil, in.GetPreview()))
	if err != nil {
		p.speak(ctx)
		return nil, err
	}
	out := &pulumirpc.UpdateResponse{}
	if out.Properties, err = outputs(r); err != nil || in.GetPreview() {
		return out, err
	}
	p.wait(ctx, p.model.row(r.Type).Durations.Update)
	p.speak(ctx)
	return out, nil
}

func (p *provider) Delete(ctx context.Context, in *pulumirpc.DeleteRequest) (*emptypb.Empty, error) {
	req := p.request(in.GetUrn(), in.GetId(), nil, nil, false)
	if err := p.model.destroy(req); err != nil {
		p.speak(ctx)
		return nil, err
	}
	p.wait(ctx, p.model.row(req.typ).Durations.Delete)
	p.speak(ctx)
	return &emptypb.Empty{}, nil
}

func (p *provider) Invoke(_ context.Context, in *pulumirpc.InvokeRequest) (*pulumirpc.InvokeResponse, error) {
	args, err := properties(in.GetArgs())
	if err != nil {
		return nil, err
	}
	result, err := p.model.invoke(in.GetTok(), p.place(""), args)
	if err != nil {
		return nil, err
	}
	out := &pulumirpc.InvokeResponse{}
	out.Return, err = object(result)
	return out, err
}

func properties(object *structpb.Struct) (resource.PropertyMap, error) {
	if object == nil {
		return resource.PropertyMap{}, nil
	}
	return plugin.UnmarshalProperties(object, keepAll)
}

// outputs are what the engine keeps. As with the real provider, whose resources are Terraform's, the id is one of them; of a
// resource that is only planned it is not known yet.
func outputs(r *Resource) (*structpb.Struct, error) {
	all := r.Outputs.Copy()
	all["id"] = resource.MakeComputed(resource.NewProperty(""))
	if r.ID != "" {
		all["id"] = resource.NewProperty(r.ID)
	}
	return object(all)
}

func object(properties resource.PropertyMap) (*structpb.Struct, error) {
	return plugin.MarshalProperties(properties, keepAll)
}

func both(old, news *structpb.Struct) (resource.PropertyMap, resource.PropertyMap, error) {
	a, err := properties(old)
	if err != nil {
		return nil, nil, err
	}
	b, err := properties(news)
	return a, b, err
}
