import type { NodeDefaults } from '../core/event.ts';
import type { NodeSpec } from '../core/node.ts';
import type { Role } from '../core/names.ts';

/** A quarter of an hour in all, five minutes without a word, two more tries: what fits most work. */
export const usualDefaults: NodeDefaults = {
  provider: null,
  profile: null,
  model: null,
  effort: null,
  timeoutMs: 15 * 60_000,
  idleMs: 5 * 60_000,
  retries: 2,
  budget: { usd: null, tokens: null },
};

export type NodeFields = Partial<NodeSpec> & { name: string; role: Role; task: string };

/** A complete node from what is special about it. */
export function newNode(fields: NodeFields, defaults: NodeDefaults): NodeSpec {
  return {
    kind: 'agent',
    needs: [],
    write: false,
    scope: null,
    gates: [],
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
    ...defaults,
    ...fields,
  };
}
