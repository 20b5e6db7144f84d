import type { RunSpec } from '../../src/core/event.ts';
import type { NodeSpec } from '../../src/core/node.ts';
import type { Worker } from '../../src/core/routing.ts';

/** A node with everything filled in; a test names only what it is about. */
export function aNode(name: string, over: Partial<NodeSpec> = {}): NodeSpec {
  return {
    name,
    kind: 'agent',
    needs: [],
    role: 'implementation',
    task: `do ${name}`,
    write: false,
    scope: null,
    gates: [],
    provider: null,
    profile: null,
    model: null,
    effort: null,
    timeoutMs: 900_000,
    idleMs: 300_000,
    retries: 2,
    budget: { usd: null, tokens: null },
    maxOutputBytes: null,
    contract: null,
    emit: null,
    resume: null,
    when: null,
    passWhen: null,
    onFail: null,
    map: null,
    itemOf: null,
    items: null,
    ...over,
  };
}

export function aWriter(name: string, over: Partial<NodeSpec> = {}): NodeSpec {
  return aNode(name, {
    write: true,
    scope: { allow: [`${name}/**`], deny: [], maxDiffLines: null },
    ...over,
  });
}

export function aRunSpec(nodes: NodeSpec[], over: Partial<RunSpec> = {}): RunSpec {
  return {
    runId: 'r-1-test',
    name: 'test',
    goal: 'test',
    recipe: null,
    project: '/project',
    base: 'base',
    target: 'main',
    land: 'branch',
    nodes,
    gates: [],
    concurrency: 4,
    budget: { usd: null, tokens: null },
    confirm: 'yes',
    maxCycles: 3,
    inputs: {},
    maxInvalidations: 50,
    maxNodes: 10_000,
    defaults: {
      provider: null,
      profile: null,
      model: null,
      effort: null,
      timeoutMs: 900_000,
      idleMs: 300_000,
      retries: 2,
      budget: { usd: null, tokens: null },
    },
    settings: {},
    ...over,
  };
}

export function aWorker(provider: string, over: Partial<Worker> = {}): Worker {
  return {
    provider,
    vendor: provider,
    abilities: {
      resume: true,
      steer: false,
      structuredOutput: true,
      readOnly: true,
      usage: 'live',
      money: true,
      quota: true,
      sandbox: false,
      commands: true,
    },
    reason: null,
    ...over,
  };
}
