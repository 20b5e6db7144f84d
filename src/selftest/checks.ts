import type { Check } from './check.ts';
import { addon } from './checks/addon.ts';
import { crash } from './checks/crash.ts';
import { git } from './checks/git.ts';
import { liars } from './checks/liars.ts';
import { node } from './checks/node.ts';
import { processes } from './checks/processes.ts';
import { protocols } from './checks/protocol.ts';
import { redaction } from './checks/redaction.ts';
import { tools } from './checks/tools.ts';
import { workspace } from './checks/workspace.ts';

/** What `mo selftest` looks at, in this order: first what mo stands on, then mo itself. */
export const checks: readonly Check[] = [
  node,
  addon,
  git,
  workspace,
  processes,
  ...protocols,
  tools,
  crash,
  redaction,
  liars,
];
