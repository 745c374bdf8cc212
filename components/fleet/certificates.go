package fleet

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/acm"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/internal/component"
)

// createOriginCertificate makes the load balancer's certificate, or takes the one brought. Behind CloudFront it is for
// the origin's own name, so that the fleet's name is CloudFront's alone.
func (b *builder) createOriginCertificate() error {
	if b.plan.args.Zone == nil {
		b.certificate = b.plan.args.LoadBalancer.CertificateARN
		return nil
	}
	domain := b.plan.args.Zone.Domain
	if b.plan.cdn() {
		domain = b.plan.origin()
	}
	validated, err := b.createCertificate("origin", domain)
	b.certificate = validated
	return err
}

// createCertificate asks for a certificate, proves by a record in the zone that the domain is ours, and waits for it. Its
// ARN is that of the validation, so that nobody uses the certificate before it is issued.
func (b *builder) createCertificate(part, domain string, options ...pulumi.ResourceOption) (pulumi.StringInput, error) {
	name := b.kids.Child(part, "certificate")
	certificate, err := component.New(b.ctx, b.kids, part+" certificate", name, &acm.CertificateArgs{
		DomainName: pulumi.String(domain), ValidationMethod: pulumi.String("DNS"), KeyAlgorithm: pulumi.String("EC_prime256v1"), Tags: b.kids.Tags(name),
	}, b.transform.Certificate, acm.NewCertificate, options...)
	if err != nil {
		return nil, err
	}
	proof := certificate.DomainValidationOptions.Index(pulumi.Int(0))
	record, err := component.New(b.ctx, b.kids, part+" validation record", b.kids.Child(part, "validation"), &route53.RecordArgs{
		ZoneId: b.plan.args.Zone.ID.ToStringOutput(), AllowOverwrite: pulumi.Bool(true), Ttl: pulumi.Int(60),
		Name: present(proof.ResourceRecordName()), Type: present(proof.ResourceRecordType()),
		Records: pulumi.StringArray{present(proof.ResourceRecordValue())},
	}, b.transform.Record, route53.NewRecord)
	if err != nil {
		return nil, err
	}
	validated, err := component.New(b.ctx, b.kids, part+" certificate validation", b.kids.Child(part, "validated"), &acm.CertificateValidationArgs{
		CertificateArn: certificate.Arn, ValidationRecordFqdns: pulumi.StringArray{record.Fqdn},
	}, b.transform.CertificateValidation, acm.NewCertificateValidation, options...)
	if err != nil {
		return nil, err
	}
	return validated.CertificateArn, nil
}

// present is the text of an output that is there once the resource is.
func present(text pulumi.StringPtrOutput) pulumi.StringOutput { return text.Elem() }

// createAlias points a name at the load balancer or at CloudFront, for IPv4 and, where the target has it, for IPv6.
func (b *builder) createAlias(part, domain string, target, zone pulumi.StringInput, types ...string) error {
	for _, kind := range types {
		_, err := component.New(b.ctx, b.kids, part+" record", b.kids.Child(part, kind), &route53.RecordArgs{
			ZoneId: b.plan.args.Zone.ID.ToStringOutput(), Name: pulumi.String(domain), Type: pulumi.String(kind),
			Aliases: route53.RecordAliasArray{&route53.RecordAliasArgs{Name: target, ZoneId: zone, EvaluateTargetHealth: pulumi.Bool(false)}},
		}, b.transform.Record, route53.NewRecord)
		if err != nil {
			return err
		}
	}
	return nil
}
