# Puts mo into Claude Code and Codex. What is given behind it goes to `mo install`: ./install.ps1 --dry-run
$ErrorActionPreference = 'Stop'
if (-not (Get-Command npx -ErrorAction SilentlyContinue)) {
  [Console]::Error.WriteLine('mo needs Node 20.19 or newer with npm: https://nodejs.org')
  exit 5
}
$version = if ($env:MO_VERSION) { $env:MO_VERSION } else { 'latest' }
npx -y "mo-mcp@$version" install @args
exit $LASTEXITCODE
