// Package component is how every component of the library registers itself and its children.
package component

import (
	"errors"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/internal/names"
	"github.com/seed-11444627/holdfast/components/internal/tags"
)

// Children makes the names, tags and options of one component's children.
type Children struct {
	names.Namer
	component string
	parent    pulumi.Resource
	tags      map[string]string
}

// Register registers the component under its type token with its declared intent, which state keeps and policies read,
// and returns the maker of its children. intent must not hold an unmarked secret.
func Register(ctx *pulumi.Context, token, name string, intent pulumi.Map, c pulumi.ComponentResource,
	tagMap map[string]string, opts ...pulumi.ResourceOption,
) (Children, error) {
	if err := ctx.RegisterComponentResourceV2(token, name, intent, c, opts...); err != nil {
		return Children{}, err
	}
	return Children{Namer: names.For(name), component: name, parent: c, tags: tagMap}, nil
}

// Tags are the tags of the child with the given logical name.
func (c Children) Tags(child string) pulumi.StringMap { return tags.Merge(c.component, child, c.tags) }

// TagPairs are the same as sorted key, value pairs, for an Auto Scaling group's list of tags.
func (c Children) TagPairs(child string) [][2]string { return tags.Plain(c.component, child, c.tags) }

// Parent is the component itself.
func (c Children) Parent() pulumi.Resource { return c.parent }

// Options are the options of a child: what is given, and the component as parent, last, so that nothing can replace it.
func (c Children) Options(extra ...pulumi.ResourceOption) []pulumi.ResourceOption {
	return append(slices.Clone(extra), pulumi.Parent(c.parent))
}

// New creates one child: it runs the caller's transform last on the arguments and options, restores the component as
// parent, and says on failure what was being created.
//
//	vpc, err := component.New(ctx, kids, "vpc", kids.Child("vpc"), args, t.Vpc, ec2.NewVpc, pulumi.Protect(true))
func New[A any, R any](ctx *pulumi.Context, c Children, what, name string, args A,
	transform func(A, *[]pulumi.ResourceOption),
	create func(*pulumi.Context, string, A, ...pulumi.ResourceOption) (R, error), extra ...pulumi.ResourceOption,
) (R, error) {
	options := slices.Clone(extra)
	if transform != nil {
		transform(args, &options)
	}
	made, err := apart(func() (R, error) { return create(ctx, name, args, c.Options(options...)...) })
	if err != nil {
		return made, fmt.Errorf("creating %s: %w", what, err)
	}
	return made, nil
}

// apart registers on a stack of its own and waits for it. The SDK sends the stack of every registration to the engine,
// which keeps it in the state and, during an update, writes the state at every step: of a deployed fleet's state 41 % was
// stacks, alike for all children. The component itself is registered on the program's stack, and children name it as their
// parent, so the state still says which line of the program made them.
func apart[R any](register func() (R, error)) (made R, err error) {
	ended := make(chan struct{})
	err = errEndedEarly
	go func() {
		defer close(ended)
		made, err = register()
	}()
	<-ended
	return made, err
}

// errEndedEarly is a registration that a transformation has left without returning.
var errEndedEarly = errors.New("the registration ended before it returned")

// Fail adds the component's type and name, once, to an error on its way out of the constructor.
func Fail(kind, name string, err error) error {
	return fmt.Errorf("%s %q: %w", kind, name, err)
}
