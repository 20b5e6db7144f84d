import type { RegisterCommand } from '../cli-deps.ts';
import { bulk } from './bulk.ts';
import { demo } from './demo.ts';
import { doCommand } from './do.ts';
import { doctor } from './doctor.ts';
import { install } from './install.ts';
import { list } from './list.ts';
import { models } from './models.ts';
import { resume } from './resume.ts';
import { selftest } from './selftest.ts';
import { serve } from './serve.ts';
import { trust } from './trust.ts';
import { uninstall } from './uninstall.ts';
import { update } from './update.ts';
import { watch } from './watch.ts';

/** The commands only people have, in the order the help shows them. */
export const commands: readonly RegisterCommand[] = [
  doCommand,
  bulk,
  watch,
  resume,
  list,
  models,
  demo,
  selftest,
  install,
  uninstall,
  doctor,
  update,
  serve,
  trust,
];
