// Package stacks turns configuration into environments. A Pulumi.<stack>.yaml becomes a typed Config, checked as a whole
// before the first resource; the Config becomes the components of the environment, under explicit providers that accept
// one account and one region each; and the components' postures leave as one output.
package stacks

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

// Deploy is the program: the environment that the stack's configuration describes.
func Deploy(ctx *pulumi.Context) error {
	values, err := valuesFrom(ctx)
	if err != nil {
		return err
	}
	c, err := Parse(ctx.Stack(), values)
	if err != nil {
		return fmt.Errorf("the configuration of stack %s is not usable; nothing was registered:\n%w", ctx.Stack(), err)
	}
	return deploy(ctx, c)
}

// valuesFrom collects the stack's values. A language host passes all of them in the environment, which shows keys that
// nothing reads; otherwise the declared keys are asked for one by one.
func valuesFrom(ctx *pulumi.Context) (Values, error) {
	values := Values{}
	if text := os.Getenv(pulumi.EnvConfig); text != "" {
		var all map[string]string
		if err := json.Unmarshal([]byte(text), &all); err != nil {
			return nil, fmt.Errorf("reading %s: %w", pulumi.EnvConfig, err)
		}
		for key := range all {
			values[key] = Value{}
		}
	}
	for _, key := range Keys() {
		full := Namespace + ":" + key
		if text, ok := ctx.GetConfig(full); ok {
			values[full] = Value{Text: text, Secret: ctx.IsConfigSecret(full)}
		}
	}
	return values, nil
}

// pagerURL is read as a secret, where it is used: it never travels in Config.
func pagerURL(ctx *pulumi.Context) pulumi.StringOutput {
	return config.New(ctx, Namespace).RequireSecret("pagerDutyUrl")
}
