#!/bin/bash
# Speaks for this instance to its Auto Scaling group.
#   continue  wait until the server answers, then let the instance into service
#   abandon   stop the server and have the instance replaced
#   watch     restart a server that stopped answering; drain and let go when the group takes the instance out
set -euo pipefail

readonly STATE=/run/holdfast
readonly HEALTH=@HEALTH_URL@

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
    if said=$(aws autoscaling complete-lifecycle-action --region '@REGION@' --auto-scaling-group-name "$group" \
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
    if [ "$waited" -ge @BOOT_TIMEOUT@ ]; then
      say "no 200 from $HEALTH within @BOOT_TIMEOUT@ s"
      return 1
    fi
    sleep 1
    waited=$((waited + 1))
  done
}

let_in() {
  wait_healthy && answer '@LAUNCH_HOOK@' CONTINUE
}

abandon() {
  systemctl stop holdfast-server.service || true
  answer '@LAUNCH_HOOK@' ABANDON
}

# Whether the target state changes before or after the load balancer has drained is not documented, so the whole drain is
# waited for here, and the answer is repeated until the group waits for it.
let_go() {
  local try
  sleep '@DRAIN_SECONDS@'
  systemctl stop holdfast-server.service || true
  for try in 1 2 3 4 5 6 7 8 9 10 11 12; do
    if answer '@TERMINATE_HOOK@' CONTINUE; then return; fi
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
  answer '@LAUNCH_HOOK@' "$result" || status=$?
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
    say 'three checks failed: restarting @UNITS@'
    systemctl restart @UNITS@ || true
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
