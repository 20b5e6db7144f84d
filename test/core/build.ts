import type { RunSpec } from '../../src/core/event.ts';
import type { ItemSpec, MapSpec, NodeSpec } from '../../src/core/node.ts';
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
    softOutputBytes: null,
    finalOnly: false,
    contract: null,
    emit: null,
    resume: null,
    when: null,
    passWhen: null,
    onFail: null,
    map: null,
    itemOf: null,
    items: null,
    part: null,
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

/** Over the texts of `over`, read-only unless the item says otherwise. */
export function aMap(
  name: string,
  { item, ...map }: Partial<Omit<MapSpec, 'item'>> & { item?: Partial<ItemSpec> } = {},
  over: Partial<NodeSpec> = {},
): NodeSpec {
  const node = aNode(name);
  return aNode(name, {
    kind: 'map',
    map: {
      over: '["a", "b"]',
      as: 'item',
      batch: 1,
      concurrency: 2,
      limit: null,
      sample: null,
      ...map,
      item: {
        kind: 'agent',
        role: node.role,
        task: 'do ${item}',
        write: node.write,
        scope: node.scope,
        gates: node.gates,
        provider: node.provider,
        profile: node.profile,
        model: node.model,
        effort: node.effort,
        timeoutMs: node.timeoutMs,
        idleMs: node.idleMs,
        retries: node.retries,
        budget: node.budget,
        maxOutputBytes: node.maxOutputBytes,
        softOutputBytes: node.softOutputBytes,
        finalOnly: node.finalOnly,
        contract: node.contract,
        ...item,
      },
    },
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
    reuse: 'never',
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
