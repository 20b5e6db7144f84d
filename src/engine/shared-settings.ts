import { join } from 'node:path';
import { z } from 'zod';
import type { Verdict } from '../core/gate.ts';
import type { Repository } from '../git/repository.ts';
import { changedSettings, readSharedSettings } from '../git/shared-settings.ts';
import { readText, writeWhole } from '../platform/files.ts';
import { sha256 } from './receipt.ts';

const kept = z.array(z.tuple([z.string(), z.string()]));

/** Notes what makes git run or hide something before a worker starts; digests only, because such settings hold credentials. */
export async function keepSharedSettings(
  attemptFolder: string,
  repository: Repository,
): Promise<void> {
  const settings = await readSharedSettings(repository);
  const digests = [...settings].map(([name, value]) => [name, sha256(value)]);
  await writeWhole(join(attemptFolder, 'git-settings-before.json'), JSON.stringify(digests), 0o600);
}

/** A hook or a setting planted in the user's git folder would run in the user's name; null when nothing changed there. */
export async function judgeSharedSettings(
  attemptFolder: string,
  repository: Repository,
): Promise<Verdict | null> {
  const text = await readText(join(attemptFolder, 'git-settings-before.json'));
  if (text === null) return null;
  const settings = await readSharedSettings(repository);
  const before = new Map(kept.parse(JSON.parse(text)));
  const after = new Map([...settings].map(([name, value]) => [name, sha256(value)]));
  const changed = changedSettings(before, after);
  if (changed.length === 0) return null;
  return {
    gate: 'scope',
    name: 'git settings',
    pass: false,
    findings: changed.map((name) => ({
      severity: 'critical',
      title: `The repository's own git settings changed: ${name}`,
      file: null,
      line: null,
      evidence:
        'It lies in the git folder all worktrees share. Look at it and put it back: what a worker plants there runs when you use git.',
    })),
    evidence: null,
    durationMs: 0,
  };
}
