#!/bin/bash
set -euo pipefail

readonly BUCKET='artifacts'
readonly KEY='hash/server'
readonly VERSION_ID='3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY'
readonly SHA256='abababababababababababababababababababababababababababababababab'
readonly REGION='eu-central-1'
readonly HEALTH_URL='http://127.0.0.1:80/healthz'
readonly LIMITED='0'

install -D -m 0755 /dev/stdin /usr/local/bin/holdfast-lifecycle <<'HOLDFAST_END'
#!/bin/bash
# Speaks for this instance to its Auto Scaling group.
#   continue  wait until the server answers, then let the instance into service
#   abandon   stop the server and have the instance replaced
#   watch     restart a server that stopped answering; drain and let go when the group takes the instance out
set -euo pipefail

readonly STATE=/run/holdfast
readonly HEALTH='http://127.0.0.1:80/healthz'

say() { printf 'holdfast: %s\n' "$*"; }

metadata() {
  local token
  token=$(curl -sS --fail --retry 5 --max-time 5 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' \
    http://169.254.169.254/latest/api/token)
  curl -sS --fail --retry 5 --max-time 5 -H "X-aws-ec2-metadata-token: $token" \
    "http://169.254.169.254/latest/meta-data/$1"
}

answer() { # hook, result
  local group instance
  group=$(metadata tags/instance/aws:autoscaling:groupName)
  instance=$(metadata instance-id)
  say "hook $1: $2"
  aws autoscaling complete-lifecycle-action --region 'eu-central-1' --auto-scaling-group-name "$group" \
    --lifecycle-hook-name "$1" --instance-id "$instance" --lifecycle-action-result "$2"
}

healthy() {
  [ "$(curl -s -o /dev/null -w '%{http_code}' --max-time 5 "$HEALTH" || true)" = 200 ]
}

wait_healthy() {
  local waited=0
  until healthy; do
    if [ "$waited" -ge 300 ]; then
      say "no 200 from $HEALTH within 300 s"
      return 1
    fi
    sleep 1
    waited=$((waited + 1))
  done
}

let_in() {
  wait_healthy && answer 'launch' CONTINUE
}

abandon() {
  systemctl stop holdfast-server.service || true
  answer 'launch' ABANDON
}

let_go() {
  # The group deregisters the instance first and waits for the load balancer to drain; what is left here are the last
  # log lines.
  sleep '5'
  systemctl stop holdfast-server.service || true
  answer 'terminate' CONTINUE
}

remember() {
  mkdir -p "$STATE"
  printf '%s\n' "$1" >"$STATE/target"
}

# One step of the watch. Each time the group wants the instance elsewhere (out of the warm pool, back into it, or gone)
# it waits for an answer once. After a reboot nobody waits, and the answer is refused: that is no fault.
watch_once() {
  local target
  target=$(metadata autoscaling/target-lifecycle-state) || return 0
  if [ "$target" != "$(cat "$STATE/target" 2>/dev/null || true)" ]; then
    case "$target" in
    Terminated | Warmed:Terminated)
      let_go
      return 1
      ;;
    InService | Warmed:*) let_in || abandon || say 'nobody waits for an answer' ;;
    esac
    remember "$target"
  fi
  restart_if_stuck
}

restart_if_stuck() {
  if healthy; then
    failures=0
    return
  fi
  failures=$((failures + 1))
  if [ "$failures" -ge 3 ]; then
    say 'three checks failed: restarting the server'
    systemctl restart holdfast-server.service || true
    failures=0
  fi
}

watch() {
  failures=0
  while watch_once; do sleep 5; done
}

case "${1:-}" in
continue)
  let_in
  remember "$(metadata autoscaling/target-lifecycle-state)"
  ;;
abandon) abandon ;;
watch) watch ;;
*)
  say 'usage: continue | abandon | watch'
  exit 2
  ;;
esac
HOLDFAST_END

install -D -m 0644 /dev/stdin /etc/systemd/system/holdfast-server.service <<'HOLDFAST_END'
[Unit]
Description=Server of the fleet
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
ExecStart=/opt/holdfast/server
Restart=always
RestartSec=1
StandardOutput=append:/var/log/holdfast/server.log
StandardError=inherit
DynamicUser=yes
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
IPAddressDeny=169.254.169.254/32 fd00:ec2::254/128
UMask=0077
LimitNOFILE=65536

[Install]
WantedBy=multi-user.target
HOLDFAST_END

install -D -m 0644 /dev/stdin /etc/systemd/system/holdfast-lifecycle.service <<'HOLDFAST_END'
[Unit]
Description=Lifecycle of the instance in its Auto Scaling group
Wants=network-online.target
After=network-online.target holdfast-server.service

[Service]
ExecStart=/usr/local/bin/holdfast-lifecycle watch
Restart=on-failure
RestartSec=5
NoNewPrivileges=yes
ProtectHome=yes
PrivateTmp=yes

[Install]
WantedBy=multi-user.target
HOLDFAST_END

install -D -m 0644 /dev/stdin /etc/logrotate.d/holdfast <<'HOLDFAST_END'
/var/log/holdfast/*.log {
  size 50M
  rotate 3
  copytruncate
  missingok
  notifempty
}
HOLDFAST_END

install -D -m 0644 /dev/stdin /opt/aws/amazon-cloudwatch-agent/etc/holdfast.json <<'HOLDFAST_END'
{
 "agent": {
  "metrics_collection_interval": 60,
  "region": "eu-central-1"
 },
 "logs": {
  "logs_collected": {
   "files": {
    "collect_list": [
     {
      "file_path": "/var/log/cloud-init-output.log",
      "log_group_name": "hash-log-1234567",
      "log_stream_name": "{instance_id}/boot"
     },
     {
      "file_path": "/var/log/holdfast/server.log",
      "log_group_name": "hash-log-1234567",
      "log_stream_name": "{instance_id}/server"
     }
    ]
   }
  }
 },
 "metrics": {
  "aggregation_dimensions": [
   [
    "AutoScalingGroupName"
   ],
   [
    "AutoScalingGroupName",
    "path"
   ]
  ],
  "append_dimensions": {
   "AutoScalingGroupName": "${aws:AutoScalingGroupName}"
  },
  "metrics_collected": {
   "disk": {
    "drop_device": true,
    "measurement": [
     "used_percent"
    ],
    "resources": [
     "/"
    ]
   },
   "mem": {
    "measurement": [
     "mem_used_percent"
    ]
   }
  },
  "namespace": "CWAgent"
 }
}
HOLDFAST_END

finish() {
  local status=$?
  trap - EXIT
  if [ "$status" -ne 0 ]; then
    echo "holdfast: start failed with status $status: the launch is abandoned"
    /usr/local/bin/holdfast-lifecycle abandon
  fi
  exit "$status"
}
trap finish EXIT

download() {
  aws s3api get-object --region "$REGION" --bucket "$BUCKET" --key "$KEY" --version-id "$VERSION_ID" \
    /opt/holdfast/server.download >/dev/null
}

install_server() {
  mkdir -p /opt/holdfast /var/log/holdfast
  local try
  for try in 1 2 3 4 5; do
    if download; then break; fi
    echo "holdfast: download attempt $try failed"
    if [ "$try" -eq 5 ]; then return 1; fi
    sleep "$((try * 2))"
  done
  echo "$SHA256  /opt/holdfast/server.download" | sha256sum --check --strict --status || {
    echo "holdfast: the artifact's SHA-256 is not $SHA256: it is not started"
    rm -f /opt/holdfast/server.download
    return 1
  }
  echo "holdfast: artifact verified version=$VERSION_ID sha256=$SHA256"
  chmod 0755 /opt/holdfast/server.download
  mv /opt/holdfast/server.download /opt/holdfast/server
}

need() { # command, package
  if [ -x "$1" ]; then return; fi
  dnf install -y --quiet "$2"
}

install_server
need /opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl amazon-cloudwatch-agent
if [ "$LIMITED" = 1 ]; then need /usr/sbin/haproxy haproxy; fi

systemctl daemon-reload
systemctl enable --now holdfast-server.service
if [ "$LIMITED" = 1 ]; then systemctl enable --now haproxy.service; fi
/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl -a fetch-config -m ec2 -s \
  -c file:/opt/aws/amazon-cloudwatch-agent/etc/holdfast.json

/usr/local/bin/holdfast-lifecycle continue
systemctl enable --now holdfast-lifecycle.service
echo "holdfast: in service, $HEALTH_URL answers 200"
