import type { Provider } from '../core/worker.ts';
import { claude } from './claude/index.ts';
import { codex } from './codex/index.ts';
import { scripted } from './scripted/index.ts';

/** Every worker CLI mo knows, in the order they are preferred when nothing else decides. */
export const providers: readonly Provider[] = [claude, codex, scripted];
