import type { z } from 'zod';
import type { NodeSpec } from '../core/node.ts';
import { MoError } from '../core/problem.ts';
import type { Route } from '../core/worker.ts';
import { wishedWorker } from '../core/worker-name.ts';
import { chooseRoute } from './choose-route.ts';
import type { OperationContext } from './context.ts';
import { findRun } from './find-run.ts';
import { startRun } from './new-run.ts';
import { newNode, usualDefaults } from '../workflow/new-node.ts';
import type { runInput } from './run.ts';

type RunInput = z.output<typeof runInput>;

/** A run of one node; its answer names who gets it before the worker has spoken. */
export async function startWorker(
  input: RunInput,
  context: OperationContext,
): Promise<{
  run_id: string;
  existed: boolean;
  route: Route;
  reasons: string[];
  cursor: string;
  next: string;
}> {
  const node = await nodeOf(input, context);
  const { choice, reasons } = await chooseRoute(node, context);
  const started = await startRun(context, {
    name: input.role,
    goal: input.task,
    recipe: null,
    nodes: [node],
    land: input.write ? 'branch' : 'none',
    gates: input.write ? commandsOf(node) : [],
    concurrency: 1,
    budget: node.budget,
    confirm: 'yes',
    maxCycles: 1,
    defaults: usualDefaults,
    clientKey: input.client_key ?? null,
  });
  return {
    run_id: started.runId,
    existed: started.existed,
    route: choice,
    reasons: [...reasons],
    cursor: started.cursor,
    next: `poll {run_id: "${started.runId}", since: "${started.cursor}"}`,
  };
}

async function nodeOf(input: RunInput, context: OperationContext): Promise<NodeSpec> {
  const session = input.resume === undefined ? null : await sessionOf(input.resume, context);
  const wished = wishedWorker(input);
  if (session !== null) checkSameWorker(input.resume ?? '', wished, session.route);
  if (input.scope !== undefined && !input.write) throw scopeOfReader();
  const { settings } = await context.settings();
  // Its worker can mend what the project's own commands refuse; after the node nobody could.
  const ofProject = input.write ? (settings.gates?.commands ?? []) : [];
  const commands = [...new Set([...(input.gates ?? []), ...ofProject])];
  return newNode(
    {
      name: input.role,
      role: input.role,
      task:
        input.context === undefined ? input.task : `${input.task}\n\nContext:\n${input.context}`,
      write: input.write,
      scope: scopeOf(input),
      gates: commands.map((command) => ({ gate: 'command', command, timeoutMs: null })),
      provider: session?.route.provider ?? wished.provider,
      profile: session?.route.profile ?? wished.profile,
      model: input.model ?? null,
      effort: input.effort ?? null,
      timeoutMs: Math.ceil(input.timeout_s * 1000),
      idleMs: Math.ceil(input.idle_timeout_s * 1000),
      retries: settings.retries?.max ?? usualDefaults.retries,
      budget: { usd: input.budget?.usd ?? null, tokens: input.budget?.tokens ?? null },
      maxOutputBytes: input.output?.max_bytes ?? null,
      softOutputBytes: input.output?.soft_bytes ?? null,
      finalOnly: input.output?.final_only ?? false,
      resume: session?.session ?? null,
    },
    usualDefaults,
  );
}

function commandsOf({ gates }: NodeSpec): string[] {
  return gates.flatMap((gate) => (gate.gate === 'command' ? [gate.command] : []));
}

function scopeOf(input: RunInput): NodeSpec['scope'] {
  if (!input.write) return null;
  if (input.scope === undefined) return 'any';
  return {
    allow: input.scope.allow ?? ['**'],
    deny: input.scope.deny ?? [],
    maxDiffLines: input.scope.max_diff_lines ?? null,
  };
}

function scopeOfReader(): MoError {
  return new MoError({
    code: 'bad-input',
    what: 'scope says what may be changed, and without write nothing may be.',
    fix: 'Give write: true, or leave scope out.',
  });
}

/** Nobody else can go on in a session. */
function checkSameWorker(
  resume: string,
  { provider, profile }: ReturnType<typeof wishedWorker>,
  route: Route,
): void {
  const isOther = provider !== null && provider !== route.provider;
  if (!isOther && (profile === null || profile === route.profile)) return;
  const who = route.profile === null ? route.provider : `${route.provider}:${route.profile}`;
  throw new MoError({
    code: 'bad-input',
    what: `${resume} is a session of ${who}, and nobody else can go on with it.`,
    fix: 'Leave provider and profile out, or leave resume out to start a new session.',
  });
}

/** The session of the last attempt of `r-7/implementation`, with the route it belongs to. */
async function sessionOf(
  text: string,
  context: OperationContext,
): Promise<{ session: string; route: Route }> {
  const [run = '', node = null] = text.split('/');
  const { store, runId } = await findRun(context, run);
  const found = store
    .attempts(runId)
    .filter((attempt) => node === null || attempt.node === node)
    .findLast((attempt) => attempt.session !== null && attempt.route !== null);
  if (found === undefined || found.session === null || found.route === null) {
    throw new MoError({
      code: 'nothing-to-show',
      what: `${text} has no session to go on with.`,
      fix: 'Leave resume out to start a new one.',
    });
  }
  return { session: found.session, route: found.route };
}
