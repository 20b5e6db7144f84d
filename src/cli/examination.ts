import type { Examination, ExaminedHost } from '../operations/examine.ts';

export function showExamination({ mo, node, hosts, findings, ok }: Examination): string {
  const count = findings.length;
  return [
    `mo ${mo}, Node ${node}`,
    ...hosts.flatMap(hostLines),
    ...findings
      .filter(({ host }) => host === null)
      .flatMap(({ what, fix }) => [`! ${what}`, `  ${fix}`]),
    ok ? 'Everything is as it should be.' : `${count} ${count === 1 ? 'finding' : 'findings'}.`,
  ].join('\n');
}

function hostLines(host: ExaminedHost): string[] {
  const program = [host.title, host.version, host.binary].filter((word) => word !== null);
  return [
    `${signOf(host)} ${program.join(' ')} · signed in: ${host.signedIn} · mo: ${inWords[host.mo]}${reach(host)}`,
    ...host.findings.flatMap(({ what, fix }) => [`  ! ${what}`, `    ${fix}`]),
  ];
}

function signOf({ findings, mo }: ExaminedHost): string {
  if (findings.length > 0) return '✗';
  return mo === 'no' ? '·' : '✓';
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
