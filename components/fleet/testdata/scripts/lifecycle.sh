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
