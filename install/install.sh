#!/bin/sh
# Puts mo into Claude Code and Codex. What is given behind it goes to `mo install`: sh install.sh --dry-run
set -eu
command -v npx >/dev/null 2>&1 || {
  echo "mo needs Node 20.19 or newer with npm: https://nodejs.org" >&2
  exit 5
}
exec npx -y "mo-mcp@${MO_VERSION:-latest}" install "$@"
