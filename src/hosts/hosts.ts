import { claudeHost } from './claude/index.ts';
import { codexHost } from './codex/index.ts';
import type { Host } from './host.ts';

/** Every program mo can be installed into, in the order people are shown them. */
export const hosts: readonly Host[] = [claudeHost, codexHost];
