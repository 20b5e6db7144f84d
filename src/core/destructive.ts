/**
 * Whether a shell command looks like one that destroys what it cannot bring back. It raises attention and decides nothing, so it
 * may be wrong both ways: `echo rm -rf /` is flagged, a script that does the same is not.
 */
export function isDestructive(command: string): boolean {
  if (!suspicious.test(command)) return false;
  return command.split(/[;&|\n]+/).some((part) => {
    const words = part.split(/\s+/).map(bare).filter(Boolean);
    return removesRoots(words) || rewritesGit(words) || overwritesDisk(words) || dropsData(part);
  });
}

const suspicious = /\b(?:rm|git|dd|drop|truncate)\b|\bmkfs/i;

/** Without the quotes and brackets a shell would take away, as far as a look at single words can tell. */
function bare(word: string): string {
  return word.replace(/^[("'`{$]*(?=\w|[-/~.*+])|[)"'`}]+$/g, '');
}

function after(words: readonly string[], name: string): readonly string[] | null {
  const at = words.findIndex((word) => word === name || word.endsWith(`/${name}`));
  return at === -1 ? null : words.slice(at + 1);
}

const roots = /^(?:|\/[^/]*|~|HOME\}?|\.|\.\.|\*|\.\*|\.git)$/;

function removesRoots(words: readonly string[]): boolean {
  const given = after(words, 'rm');
  if (given === null) return false;
  const isRecursive = given.some((word) => /^-[a-z]*r|^--recursive$/i.test(word));
  return (
    isRecursive &&
    given.some((word) => !word.startsWith('-') && roots.test(word.replace(/\/?\*?$/, '')))
  );
}

function rewritesGit(words: readonly string[]): boolean {
  const given = after(words, 'git');
  if (given === null) return false;
  const has = (flag: RegExp): boolean => given.some((word) => flag.test(word));
  if (given.includes('push')) return has(/^(?:-[a-z]*f[a-z]*|--force.*|--mirror|--delete|\+\S+)$/);
  if (given.includes('reset')) return has(/^--hard$/);
  if (given.includes('clean')) return has(/^(?:-[a-z]*f[a-z]*|--force)$/i);
  return given.includes('filter-branch') || given.includes('filter-repo');
}

function overwritesDisk(words: readonly string[]): boolean {
  if (words.some((word) => /(?:^|\/)mkfs(?:\.|$)/.test(word))) return true;
  return after(words, 'dd')?.some((word) => word.startsWith('of=/dev/')) ?? false;
}

function dropsData(part: string): boolean {
  return /\bdrop\s+(?:table|database|schema)\b|\btruncate\s+table\b/i.test(part);
}
