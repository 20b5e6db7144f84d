import type { FoundProfile } from '../core/found-profile.ts';
import type { Limits } from '../core/limits.ts';
import type { Json } from '../core/json.ts';
import type { NodeSpec } from '../core/node.ts';
import type { Run } from '../core/run.ts';
import type { Route, WorkerRequest } from '../core/worker.ts';
import { fillFromEnvironment } from '../platform/config.ts';
import type { AttemptContext } from './attempt.ts';
import type { Engine } from './engine.ts';

/** What a provider is told about an attempt. */
export function requestOf(
  engine: Engine,
  run: Run,
  { node, route, reserved }: AttemptContext,
  place: {
    folder: string;
    attemptFolder: string;
    schema: Json | null;
    resume: string | null;
    found: FoundProfile | null;
  },
): WorkerRequest {
  return {
    folder: place.folder,
    mode: node.write || node.kind === 'command' ? 'write' : 'read-only',
    model: route?.model ?? null,
    effort: route?.effort ?? null,
    resume: place.resume,
    newSession: engine.newUuid(),
    outputSchema: place.schema,
    attemptFolder: place.attemptFolder,
    profileEnv: { ...profileEnv(engine, run, route), ...place.found?.env, ...itemEnv(node) },
    profileConfig: place.found?.config ?? {},
    maxUsd: reserved.usd,
  };
}

/** `${NAME}` in a profile's environment is filled only now and only for the worker: no secret is kept with the run. */
function profileEnv(engine: Engine, run: Run, route: Route | null): Record<string, string> {
  if (route === null) return {};
  const own = run.spec.settings.providers?.[route.provider];
  const wanted = {
    ...own?.env,
    ...(route.profile === null ? {} : own?.profiles?.[route.profile]?.env),
  };
  return fillFromEnvironment(wanted, engine.env);
}

/** A command is shell text, so that what it works on must not stand in it. */
function itemEnv({ kind, items }: NodeSpec): Record<string, string> {
  if (kind !== 'command' || items === null) return {};
  return { MO_ITEM: items[0] ?? '', MO_ITEMS: items.join('\n') };
}

export function limitsOf(node: NodeSpec): Limits {
  return {
    // A command may be silent for all of its time.
    startupMs: node.kind === 'command' ? node.timeoutMs : Math.min(60_000, node.timeoutMs),
    idleMs: node.kind === 'command' ? node.timeoutMs : node.idleMs,
    totalMs: node.timeoutMs,
    maxOutputBytes: node.maxOutputBytes,
    softOutputBytes: node.softOutputBytes,
    graceMs: { interrupt: 5_000, terminate: 5_000 },
  };
}
