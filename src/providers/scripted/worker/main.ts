// The scripted worker: what `dist/scripted-worker.mjs` runs. Imports as little as it can: its start is part of every measurement.
import { text } from 'node:stream/consumers';
import { findScript } from './find-script.ts';
import { readOptions } from './options.ts';
import { perform } from './perform.ts';
import { openReport, type Report } from './report.ts';

process.exit(await main(process.argv.slice(2)));

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--version')) {
    process.stdout.write(`mo-scripted-worker ${MO_VERSION}\n`);
    return 0;
  }
  const report = openReport();
  try {
    return await work(args, report);
  } catch (cause) {
    // Wrong flags, a script that cannot be read: said in the closing line, as the real CLIs do with a bad request.
    const message = cause instanceof Error ? cause.message : String(cause);
    await report.failed({ class: 'invalid', message });
    return 2;
  }
}

async function work(args: readonly string[], report: Report): Promise<number> {
  const options = readOptions(args);
  process.chdir(options.folder);
  await report.event({ type: 'session', session: options.session, model: options.model });
  const found = await findScript(await text(process.stdin), process.env);
  if (found !== null && 'problem' in found) throw new Error(found.problem);
  return perform(found?.script ?? [], options, report);
}
