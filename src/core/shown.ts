import { z } from 'zod';
import type { Abilities, Lack } from './worker.ts';

/** What a CLI can be found not to have by trying it; without `start` it has nothing. */
export const ability = z.enum([
  'start',
  'structuredOutput',
  'readOnly',
  'resume',
  'usage',
  'commands',
]);
export type Ability = z.infer<typeof ability>;

/** What one installed version of a worker CLI has shown when it was tried, by the name of the trial. */
export const shown = z.object({
  provider: z.string(),
  version: z.string(),
  /** The program itself: another one of the same version has shown nothing. */
  file: z.string(),
  size: z.number(),
  modifiedAt: z.number(),
  /** ms since 1970. */
  at: z.number(),
  trials: z.record(
    z.string(),
    z.object({ ok: z.boolean(), ability: ability.nullable(), said: z.string() }),
  ),
});
export type Shown = z.infer<typeof shown>;

export function lacksOf({ trials, version }: Pick<Shown, 'trials' | 'version'>): Lack[] {
  return Object.values(trials).flatMap((one) =>
    one.ok || one.ability === null ? [] : [{ ability: one.ability, version, said: one.said }],
  );
}

/** What a provider declares, without what its CLI was shown not to have. */
export function abilitiesWithout(declared: Abilities, lacks: readonly Lack[]): Abilities {
  const names = new Set<string>(lacks.map((lack) => lack.ability));
  const has = (name: Ability): boolean => !names.has(name);
  return {
    ...declared,
    structuredOutput: declared.structuredOutput && has('structuredOutput'),
    readOnly: declared.readOnly && has('readOnly'),
    resume: declared.resume && has('resume'),
    commands: declared.commands && has('commands'),
    usage: has('usage') ? declared.usage : 'none',
    money: declared.money && has('usage'),
  };
}

/** `resume`: the session it is to go on with. `isBudgeted`: a ceiling rests on what it tells it uses. */
type Asking = { write: boolean; resume?: string | null; isBudgeted: boolean };

/** What a CLI that lacks something is not used for, or what is not known of it. */
export function lackText(name: string): string {
  return withoutAbility[name] ?? `is not used for ${name}`;
}

const withoutAbility: Readonly<Record<string, string>> = {
  start: 'did not start, so it gets no node',
  structuredOutput: 'is asked for its handoffs in words',
  readOnly: 'gets no node that only reads',
  resume: 'goes on with no session',
  commands: 'gets no node that writes',
  usage: 'gets no node under a budget, and what it uses elsewhere is not known',
};

/** Why a CLI that lacks something cannot have this node, or null: nobody else would notice what it does not tell, or keep it from what it does. */
export function refusalFor(lacks: readonly Lack[], node: Asking): string | null {
  for (const { ability: name, version } of lacks) {
    const reason = reasonsAgainst[name]?.(node) ?? null;
    if (reason !== null) return `version ${version} was tried and ${reason} (mo selftest --hosts)`;
  }
  return null;
}

const reasonsAgainst: Readonly<Record<string, (node: Asking) => string | null>> = {
  start: () => 'did not start',
  usage: ({ isBudgeted }) =>
    isBudgeted ? 'does not tell what it uses, so its budget would not hold' : null,
  readOnly: ({ write }) => (write ? null : 'cannot be kept from writing'),
  resume: ({ resume = null }) => (resume === null ? null : 'does not go on with a session'),
  commands: ({ write }) =>
    write ? 'does not show what it runs, so its gates could not check what it says' : null,
};

/** What differs between two times, one sentence each; empty when there is nothing new. Trials of only one of them are not compared. */
export function drift(before: Shown, after: Shown): string[] {
  return Object.entries(after.trials).flatMap(([name, { ok }]) => {
    const known = before.trials[name];
    if (known === undefined || known.ok === ok) return [];
    const [then, now] = ok ? ['failed', 'passes'] : ['passed', 'fails'];
    return [
      `${after.provider} ${name}: ${then} with ${before.version}, ${now} with ${after.version}`,
    ];
  });
}
