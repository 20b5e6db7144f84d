import type { Picture } from '../operations/picture.ts';
import { isOver } from '../core/view.ts';
import { takePicture, waitForChange } from '../operations/take-picture.ts';
import { changeLines, stillLine } from './change-lines.ts';
import type { CommandCall } from './command-call.ts';
import { renderView } from './live-view.ts';

/** Silence longer than this is broken by a line that says what goes on. */
const firstStillMs = 2_000;
const stillMs = 30_000;
const frameMs = 1_000;
/** Sixteen workers that end twenty times a second need no more frames than an eye sees. */
const breathMs = 50;

/** Shows a run until it is over, waits for a person, or the person leaves; answers with its last moment. */
export async function follow(
  call: CommandCall,
  run: string,
  until: (picture: Picture) => boolean = isSettled,
): Promise<Picture> {
  return call.terminal.isLive ? followLive(call, run, until) : followInLines(call, run, until);
}

/** A paused run goes on until those who may finish have finished. */
export function isSettled(picture: Picture): boolean {
  const { running = 0, gating = 0 } = picture.counts;
  if (picture.state === 'paused') return running + gating === 0;
  return isOver(picture.state) || picture.state === 'needs';
}

async function followLive(
  call: CommandCall,
  run: string,
  until: (picture: Picture) => boolean,
): Promise<Picture> {
  const { createLogUpdate } = await import('log-update');
  const screen = createLogUpdate(process.stderr, { showCursor: false });
  try {
    for (;;) {
      const picture = await takePicture(call.context, run);
      screen(renderView(picture, call.context.clock.now(), sizeOf(call)).join('\n'));
      if (until(picture) || call.interrupted.aborted) return picture;
      // A frame a second: elapsed times count up while nothing happens.
      await waitForChange(call.context, picture.runId, frameMs);
      await call.context.clock.sleep(breathMs, call.interrupted);
    }
  } finally {
    screen.done();
  }
}

async function followInLines(
  call: CommandCall,
  run: string,
  until: (picture: Picture) => boolean,
): Promise<Picture> {
  const { clock } = call.context;
  let before: Picture | null = null;
  let saidAt = clock.monotonic();
  let patienceMs = firstStillMs;
  for (;;) {
    const picture = await takePicture(call.context, run);
    const lines = changeLines(before, picture, clock.now());
    before = picture;
    if (lines.length > 0) {
      call.terminal.err(lines.join('\n'));
      saidAt = clock.monotonic();
    }
    if (until(picture) || call.interrupted.aborted) return picture;
    const leftMs = saidAt + patienceMs - clock.monotonic();
    if (leftMs <= 0) {
      call.terminal.err(stillLine(picture, clock.now()));
      saidAt = clock.monotonic();
      patienceMs = stillMs;
    } else {
      await waitForChange(call.context, picture.runId, leftMs);
    }
  }
}

function sizeOf(call: CommandCall): { width: number; height: number; color: boolean } {
  const { terminal } = call;
  return { width: terminal.width() - 1, height: terminal.height(), color: terminal.hasColor };
}
