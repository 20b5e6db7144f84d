import { availableParallelism, totalmem } from 'node:os';
import type { Check } from '../check.ts';

/** That this runs at all means that Node is new enough: `bin.ts` lets no older one in. */
export const node: Check = {
  name: 'node',
  title: 'Node',
  of: 'environment',
  limitMs: 5_000,
  needs: [],
  run: async () =>
    `${process.versions.node} on ${process.platform} ${process.arch}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GB`,
};
