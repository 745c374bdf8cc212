#!/bin/bash
# Installs the CloudWatch agent where the image lacks it, and starts it with the fleet's configuration. Its unit tries
# again until it succeeds, and no server waits for it: a repository that is down must not keep servers out of service.
set -euo pipefail

readonly CTL=/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl

if [ ! -x "$CTL" ]; then dnf install -y --quiet amazon-cloudwatch-agent; fi
"$CTL" -a fetch-config -m ec2 -s -c file:/opt/aws/amazon-cloudwatch-agent/etc/holdfast.json
