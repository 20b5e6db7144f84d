import { readdir, readFile, readlink } from 'node:fs/promises';

/** Pids of processes that work below a folder or carry the marker of a run, from /proc. */
export async function processesIn(folder: string, marker = folder): Promise<number[]> {
  const found: number[] = [];
  for (const entry of await readdir('/proc')) {
    if (!/^[0-9]+$/.test(entry) || Number(entry) === process.pid) continue;
    try {
      const cwd = await readlink(`/proc/${entry}/cwd`);
      const environ = await readFile(`/proc/${entry}/environ`, 'utf8');
      if (cwd.startsWith(folder) || environ.includes(`MO_ATTEMPT=${marker}`))
        found.push(Number(entry));
    } catch {
      // Gone meanwhile, or somebody else's.
    }
  }
  return found;
}
