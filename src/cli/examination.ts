import type { Examination, ExaminedHost } from '../operations/examine.ts';

export function showExamination({ mo, node, hosts, findings, ok }: Examination): string {
  const count = findings.length + hosts.reduce((sum, host) => sum + host.findings.length, 0);
  return [
    `mo ${mo}, Node ${node}`,
    ...findings.flatMap(findingLines),
    ...hosts.flatMap(hostLines),
    ok ? 'Everything is as it should be.' : `${count} ${count === 1 ? 'finding' : 'findings'}.`,
  ].join('\n');
}

function hostLines(host: ExaminedHost): string[] {
  const isFine = host.findings.length === 0;
  return [
    `${isFine ? '✓' : '✗'} ${host.title} ${host.version ?? ''} ${host.binary ?? ''} · signed in: ${host.signedIn} · mo: ${inWords[host.mo]}${reach(host)}`,
    ...host.findings.flatMap(findingLines),
  ];
}

function reach({ check }: ExaminedHost): string {
  if (check === null) return '';
  return check.state === 'reached'
    ? ` · reached: ${check.what.replace(/^✔ /, '')}`
    : ' · not reached';
}

const inWords = {
  direct: 'server',
  plugin: 'plugin',
  both: 'server and plugin',
  other: 'not installed, and its name is taken',
  no: 'not installed',
};

function findingLines({ what, fix }: Examination['findings'][number]): string[] {
  return [`  ! ${what}`, `    ${fix}`];
}
