import type { RegisterCommand } from '../cli-deps.ts';
import { demo } from './demo.ts';
import { doCommand } from './do.ts';
import { list } from './list.ts';
import { resume } from './resume.ts';
import { selftest } from './selftest.ts';
import { serve } from './serve.ts';
import { trust } from './trust.ts';
import { watch } from './watch.ts';

/** The commands only people have, in the order the help shows them. */
export const commands: readonly RegisterCommand[] = [
  doCommand,
  watch,
  resume,
  list,
  demo,
  selftest,
  serve,
  trust,
];
