import { health } from './health.ts';
import { handoff } from './handoff.ts';
import { land } from './land.ts';
import type { Operation } from './operation.ts';
import { output } from './output.ts';
import { poll } from './poll.ts';
import { project } from './project.ts';
import { projectApply } from './project-apply.ts';
import { prompts } from './prompts.ts';
import { route } from './route.ts';
import { run } from './run.ts';
import { send } from './send.ts';
import { stop } from './stop.ts';
import { usage } from './usage.ts';
import { verify } from './verify.ts';
import { workflowCheck } from './workflow-check.ts';
import { workflowControl } from './workflow-control.ts';
import { workflowRun } from './workflow-run.ts';

/** Everything a controller can ask, in the order hosts are shown it. The order is part of the contract: hosts cache it. */
export const operations: readonly Operation[] = [
  health,
  route,
  run,
  poll,
  output,
  send,
  stop,
  verify,
  land,
  usage,
  workflowCheck,
  workflowRun,
  workflowControl,
  handoff,
  prompts,
  project,
  projectApply,
];
