import type { Command } from 'commander';
import type { Environment } from '../platform/environment.ts';
import type { OperationContext } from '../operations/context.ts';
import type { Terminal } from './terminal.ts';

/** What the composition root gives to the command line. */
export type CliDeps = {
  version: string;
  terminal: Terminal;
  /** Shows where an error came from. */
  isDebugging?: boolean;
  /** The context of one command. Throws MoError where the folder does not exist. */
  contextOf: (call: {
    folder: string | null;
    signal: AbortSignal;
    progress: (text: string) => void;
    /** Set beside the environment of this process, for owners and workers too. */
    extraEnv?: Environment;
  }) => Promise<OperationContext>;
  /** Serves MCP until the host goes away. */
  serve: (wish: ServeWish) => Promise<void>;
};

export type ServeWish = {
  folder: string | null;
  toolsets: readonly string[];
  readOnly: boolean;
  exclude: readonly string[];
};

/** What a command is registered with. */
export type CommandHost = {
  /** The dependencies as the global flags of this call want them. */
  shell: (command: Command) => CliDeps;
  outcome: { exitCode: number };
};

export type RegisterCommand = (program: Command, host: CommandHost) => void;
