package component_test

import (
	"errors"
	"runtime"
	"sync"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/components/internal/component"
	"github.com/seed-11444627/holdfast/tests/cloudsim"
)

const topicType = "aws:sns/topic:Topic"

type box struct{ pulumi.ResourceState }

// within runs a program that has one component.
func within(t *testing.T, program func(ctx *pulumi.Context, kids component.Children) error) (*cloudsim.Recorder, error) {
	t.Helper()
	return cloudsim.New().Run(func(ctx *pulumi.Context) error {
		kids, err := component.Register(ctx, "holdfast:index:Box", "box", pulumi.Map{"peak": pulumi.Int(5)}, &box{}, map[string]string{"owner": "platform"})
		if err != nil {
			return err
		}
		return program(ctx, kids)
	})
}

func TestTheComponentStaysTheParentWhateverATransformSays(t *testing.T) {
	t.Parallel()
	rec, err := within(t, func(ctx *pulumi.Context, kids component.Children) error {
		var other box
		if err := ctx.RegisterComponentResourceV2("holdfast:index:Box", "other", pulumi.Map{}, &other); err != nil {
			return err
		}
		name := kids.Child("topic")
		_, err := component.New(ctx, kids, "topic", name, &sns.TopicArgs{Tags: kids.Tags(name)},
			func(args *sns.TopicArgs, options *[]pulumi.ResourceOption) {
				args.DisplayName = pulumi.String("changed last")
				*options = append(*options, pulumi.Parent(&other), pulumi.Protect(true))
			}, sns.NewTopic)
		return err
	})
	require.NoError(t, err)
	topic, found := rec.Named(topicType, "box-topic")
	require.True(t, found)
	require.Contains(t, topic.Parent, "holdfast:index:Box::box")
	require.True(t, topic.Protect)
	require.Equal(t, "changed last", topic.In().Text("displayName"))
	require.Equal(t, "platform", topic.In().Text("tags.owner"))
	require.Equal(t, "box-topic", topic.In().Text("tags.Name"))
}

func TestTheDeclaredIntentIsRecorded(t *testing.T) {
	t.Parallel()
	rec, err := within(t, func(*pulumi.Context, component.Children) error { return nil })
	require.NoError(t, err)
	made, found := rec.Named("holdfast:index:Box", "box")
	require.True(t, found)
	require.InDelta(t, 5, made.Inputs["peak"].NumberValue(), 0)
}

func TestAFailedChildSaysWhatWasBeingMadeAndWhere(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	_, err := within(t, func(ctx *pulumi.Context, kids component.Children) error {
		_, err := component.New(ctx, kids, "topic", kids.Child("topic"), &sns.TopicArgs{}, nil,
			func(*pulumi.Context, string, *sns.TopicArgs, ...pulumi.ResourceOption) (*sns.Topic, error) {
				return nil, refused
			})
		return component.Fail("Box", "box", err)
	})
	require.ErrorContains(t, err, `Box "box": creating topic: refused`)
}

// depths counts the frames of the stack that each registration brings.
type depths struct {
	mu     sync.Mutex
	frames map[string]int
}

func (d *depths) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.frames[args.Name] = len(args.RegisterRPC.GetStackTrace().GetFrames())
	return args.Name, args.Inputs, nil
}

func (*depths) Call(pulumi.MockCallArgs) (resource.PropertyMap, error) {
	return resource.PropertyMap{}, nil
}

func TestTheStateHoldsTheProgramsStackOnceForAComponentAndNotAgainForItsChildren(t *testing.T) {
	t.Parallel()
	seen := &depths{frames: map[string]int{}}
	require.NoError(t, pulumi.RunErr(func(ctx *pulumi.Context) error {
		kids, err := component.Register(ctx, "holdfast:index:Box", "box", pulumi.Map{}, &box{}, nil)
		if err != nil {
			return err
		}
		_, err = component.New(ctx, kids, "topic", kids.Child("topic"), &sns.TopicArgs{}, nil, sns.NewTopic)
		return err
	}, pulumi.WithMocks("project", "stack", seen)))
	require.Greater(t, seen.frames["box"], 5)
	require.LessOrEqual(t, seen.frames["box-topic"], 3)
}

func TestARegistrationThatNeverReturnsIsAnError(t *testing.T) {
	t.Parallel()
	_, err := within(t, func(ctx *pulumi.Context, kids component.Children) error {
		_, err := component.New(ctx, kids, "topic", kids.Child("topic"), &sns.TopicArgs{}, nil,
			func(*pulumi.Context, string, *sns.TopicArgs, ...pulumi.ResourceOption) (*sns.Topic, error) {
				runtime.Goexit()
				return &sns.Topic{}, nil
			})
		return err
	})
	require.ErrorContains(t, err, "creating topic: the registration ended before it returned")
}
