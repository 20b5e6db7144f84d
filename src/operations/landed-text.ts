import type { RunView } from '../core/view.ts';

/** `merge main at 803df3d9c6`, `pr main at 803df3d9c6 https://…`. */
export function landedText(landed: NonNullable<RunView['landed']>): string {
  const { how, target, commit, url } = landed;
  const parts = [how, target, commit === null ? null : `at ${commit.slice(0, 10)}`, url];
  return parts.filter((part) => part !== null).join(' ');
}
