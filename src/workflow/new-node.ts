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

/** A complete node from what is special about it. Written out key by key: objects of one shape, where thousands are made. */
export function newNode(fields: NodeFields, defaults: NodeDefaults): NodeSpec {
  const { provider, profile, model, effort } = defaults;
  return {
    name: fields.name,
    kind: fields.kind ?? 'agent',
    role: fields.role,
    task: fields.task,
    needs: fields.needs ?? [],
    when: fields.when ?? null,
    write: fields.write ?? false,
    scope: fields.scope ?? null,
    gates: fields.gates ?? [],
    provider: fields.provider === undefined ? provider : fields.provider,
    profile: fields.profile === undefined ? profile : fields.profile,
    model: fields.model === undefined ? model : fields.model,
    effort: fields.effort === undefined ? effort : fields.effort,
    timeoutMs: fields.timeoutMs ?? defaults.timeoutMs,
    idleMs: fields.idleMs ?? defaults.idleMs,
    retries: fields.retries ?? defaults.retries,
    budget: fields.budget ?? defaults.budget,
    maxOutputBytes: fields.maxOutputBytes ?? null,
    softOutputBytes: fields.softOutputBytes ?? null,
    finalOnly: fields.finalOnly ?? false,
    contract: fields.contract ?? null,
    emit: fields.emit ?? null,
    resume: fields.resume ?? null,
    passWhen: fields.passWhen ?? null,
    onFail: fields.onFail ?? null,
    map: fields.map ?? null,
    itemOf: fields.itemOf ?? null,
    items: fields.items ?? null,
    part: fields.part ?? null,
  };
}
