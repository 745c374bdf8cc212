// Package cloudsim is a simulated AWS: a model of the resources that Holdfast and its users deploy, judged as AWS would
// judge them. It is a simulation. It answers from a table, knows what the table knows, and never talks to AWS.
//
// It has two faces over one model.
//
// For unit tests, New makes a cloud in memory and Run runs a Pulumi program against it. The Recorder that comes back has
// every resource as it was registered (parents, aliases, providers, dependencies, inputs with secrets and unknowns) and as
// the cloud answered it. Preview leaves unknown what the cloud would fill in, Fail and Faults let operations go wrong, and
// Timeline tells how long the deployment takes and how short it could be.
//
// For tests on the real Pulumi engine, cmd/pulumi-resource-aws is a provider plugin over the same model. Its state is a
// directory that several provider processes share, so that update, refresh, drift and destroy work as they do on AWS. Open
// looks into that directory from a test.
//
// What a type knows is one Row: ids and ARNs, names, computed outputs, references, limits, durations. A type without a row
// is refused. The README beside this file says what is modelled, what is not, and how to add a row.
package cloudsim
