#!/bin/bash
set -euo pipefail

readonly BUCKET='artifacts'
readonly KEY='hash/server'
readonly VERSION_ID='3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY'
readonly SHA256='abababababababababababababababababababababababababababababababab'
readonly REGION='eu-central-1'
readonly HEALTH_URL='http://127.0.0.1:8080/healthz'
readonly LIMITED='1'

install -D -m 0755 /dev/stdin /usr/local/bin/holdfast-lifecycle <<'HOLDFAST_END'
#!/bin/bash
# Speaks for this instance to its Auto Scaling group.
#   continue  wait until the server answers, then let the instance into service
#   abandon   stop the server and have the instance replaced
#   watch     restart a server that stopped answering; drain and let go when the group takes the instance out
set -euo pipefail

readonly STATE=/run/holdfast
readonly HEALTH='http://127.0.0.1:8080/healthz'

say() { printf 'holdfast: %s\n' "$*"; }

metadata() {
  local token
  token=$(curl -sS --fail --retry 5 --max-time 5 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' \
    http://169.254.169.254/latest/api/token)
  curl -sS --fail --retry 5 --max-time 5 -H "X-aws-ec2-metadata-token: $token" \
    "http://169.254.169.254/latest/meta-data/$1"
}

# Status 2 says that nobody waits: after a reboot, for example. A call that is throttled for longer than the client tries
# by itself is repeated, because an answer that is lost costs the instance.
answer() { # hook, result
  local group instance said try
  group=$(metadata tags/instance/aws:autoscaling:groupName)
  instance=$(metadata instance-id)
  say "hook $1: $2"
  for try in 1 2 3 4 5; do
    if said=$(aws autoscaling complete-lifecycle-action --region 'eu-central-1' --auto-scaling-group-name "$group" \
      --lifecycle-hook-name "$1" --instance-id "$instance" --lifecycle-action-result "$2" 2>&1); then return 0; fi
    say "answer $try was not taken: $said"
    case "$said" in *'No active Lifecycle Action'*) return 2 ;; esac
    sleep "$try"
  done
  return 1
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

# Whether the target state changes before or after the load balancer has drained is not documented, so the whole drain is
# waited for here, and the answer is repeated until the group waits for it.
let_go() {
  local try
  sleep '35'
  systemctl stop holdfast-server.service || true
  for try in 1 2 3 4 5 6 7 8 9 10 11 12; do
    if answer 'terminate' CONTINUE; then return; fi
    say "waiting to be let go, $try"
    sleep 5
  done
}

# Out of the warm pool or into it: the group waits for an answer once. One that was not taken is no answer.
arrive() {
  local result=CONTINUE status=0
  if ! wait_healthy; then
    result=ABANDON
    systemctl stop holdfast-server.service || true
  fi
  answer 'launch' "$result" || status=$?
  [ "$status" -ne 1 ]
}

remember() {
  mkdir -p "$STATE"
  printf '%s\n' "$1" >"$STATE/target"
}

# One step of the watch: what the group wants of the instance, and whether the server still answers.
watch_once() {
  local target
  target=$(metadata autoscaling/target-lifecycle-state) || return 0
  if [ "$target" != "$(cat "$STATE/target" 2>/dev/null || true)" ]; then
    case "$target" in
    Terminated | Warmed:Terminated)
      let_go
      return 1
      ;;
    InService | Warmed:*) arrive || return 0 ;;
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
    say 'three checks failed: restarting holdfast-server.service haproxy.service'
    systemctl restart holdfast-server.service haproxy.service || true
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

install -D -m 0644 /dev/stdin /etc/systemd/system/logrotate.timer.d/holdfast.conf <<'HOLDFAST_END'
[Timer]
OnCalendar=
OnCalendar=hourly
AccuracySec=1m
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

install -D -m 0755 /dev/stdin /usr/local/bin/holdfast-agent <<'HOLDFAST_END'
#!/bin/bash
# Installs the CloudWatch agent where the image lacks it, and starts it with the fleet's configuration. Its unit tries
# again until it succeeds, and no server waits for it: a repository that is down must not keep servers out of service.
set -euo pipefail

readonly CTL=/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl

if [ ! -x "$CTL" ]; then dnf install -y --quiet amazon-cloudwatch-agent; fi
"$CTL" -a fetch-config -m ec2 -s -c file:/opt/aws/amazon-cloudwatch-agent/etc/holdfast.json
HOLDFAST_END

install -D -m 0644 /dev/stdin /etc/systemd/system/holdfast-agent.service <<'HOLDFAST_END'
[Unit]
Description=Starts the CloudWatch agent with the configuration of the fleet
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/bin/holdfast-agent
Restart=on-failure
RestartSec=60
TimeoutStartSec=300

[Install]
WantedBy=multi-user.target
HOLDFAST_END

install -D -m 0644 /dev/stdin /etc/haproxy/haproxy.cfg <<'HOLDFAST_END'
global
  user haproxy
  group haproxy
  maxconn 4096
  log /dev/log local0

defaults
  mode http
  log global
  option httplog
  option dontlognull
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  timeout http-request 10s
  timeout queue 5s

frontend served
  bind :8080
  monitor-uri /healthz
  acl server_down nbsrv(server) lt 1
  monitor fail if server_down
  http-response set-header X-Artifact-SHA256 abababababababababababababababababababababababababababababababab
  default_backend server

backend server
  option httpchk
  http-check send meth GET uri /healthz
  http-check expect status 200
  default-server inter 2s fall 3 rise 1
  server local 127.0.0.1:80 check maxconn 5
HOLDFAST_END

install -D -m 0644 /dev/stdin /etc/systemd/system/haproxy.service.d/holdfast.conf <<'HOLDFAST_END'
[Unit]
StartLimitIntervalSec=0

[Service]
Restart=always
RestartSec=1
NoNewPrivileges=yes
ProtectSystem=full
ProtectHome=yes
PrivateTmp=yes
IPAddressDeny=169.254.169.254/32 fd00:ec2::254/128
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

attempt() { # what, command and its arguments: five times, with longer and longer pauses
  local what=$1 try
  shift
  for try in 1 2 3 4 5; do
    if "$@"; then return; fi
    echo "holdfast: $what attempt $try failed"
    sleep "$((try * 2))"
  done
  return 1
}

download() {
  aws s3api get-object --region "$REGION" --bucket "$BUCKET" --key "$KEY" --version-id "$VERSION_ID" \
    /opt/holdfast/server.download >/dev/null
}

install_server() {
  mkdir -p /opt/holdfast /var/log/holdfast
  attempt download download || return 1
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
  attempt "package $2" dnf install -y --quiet "$2"
}

systemctl daemon-reload
systemctl restart logrotate.timer
systemctl enable --now --no-block holdfast-agent.service

install_server
if [ "$LIMITED" = 1 ]; then need /usr/sbin/haproxy haproxy; fi

systemctl enable --now holdfast-server.service
if [ "$LIMITED" = 1 ]; then systemctl enable --now haproxy.service; fi

/usr/local/bin/holdfast-lifecycle continue
systemctl enable --now holdfast-lifecycle.service
echo "holdfast: in service, $HEALTH_URL answers 200"
