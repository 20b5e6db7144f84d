export type RawChange = {
  /** `A`, `M`, `D`, `T`, `R`, as git names them. */
  status: string;
  path: string;
  oldPath: string | null;
  oldMode: string;
  newMode: string;
  oldObject: string;
  newObject: string;
};

/** Reads the records of `--raw -z`. `rest` is what follows them, such as those of `--numstat`. */
export function rawChanges(fields: readonly string[]): { changes: RawChange[]; rest: string[] } {
  const changes: RawChange[] = [];
  let at = 0;
  for (;;) {
    const head = fields[at];
    if (head === undefined || !head.startsWith(':')) return { changes, rest: fields.slice(at) };
    const [oldMode = '', newMode = '', oldObject = '', newObject = '', score = ''] = head
      .slice(1)
      .split(' ');
    const status = score.slice(0, 1);
    const hasTwoPaths = status === 'R' || status === 'C';
    const first = fields[at + 1] ?? '';
    changes.push({
      status,
      path: hasTwoPaths ? (fields[at + 2] ?? '') : first,
      oldPath: hasTwoPaths ? first : null,
      oldMode,
      newMode,
      oldObject,
      newObject,
    });
    at += hasTwoPaths ? 3 : 2;
  }
}
