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
