import type { Json } from '../core/json.ts';
import type { Environment } from '../platform/environment.ts';
import type { PluginTraces } from './plugin-traces.ts';

export const hostNames = ['claude', 'codex'] as const;
export type HostName = (typeof hostNames)[number];
export type Scope = 'user' | 'project';
export type Mode = 'direct' | 'plugin';

/** What a host knows of a server: the table of its name in the host's configuration. */
export type Entry = Readonly<Record<string, Json>>;

/** How a host starts mo. */
export type ServerCommand = { command: string; args: readonly string[] };

/** Where an installation happens. */
export type HostPlace = {
  env: Environment;
  home: string;
  /** Root of the project, for scope `project`. */
  project: string;
  /** Where mo keeps what it has put into hosts. */
  data: string;
  /** Where mo itself is: its package, with `dist`, `skill` and `plugin`. */
  package: string;
  /** The Node that runs mo. */
  node: string;
  version: string;
  /** The time, as it stands in the names of backups. */
  stamp: string;
  signal: AbortSignal;
};

/** The host's program and where it is asked. */
export type HostCall = { place: HostPlace; binary: readonly string[] };

/** `waiting`: the host will start it when a person has said yes. */
export type HostCheck = { state: 'reached' | 'waiting' | 'lost'; what: string };

/** One program mo is installed into: where its files are, how it is told of mo, and how it is asked whether that worked. */
export type Host = {
  name: HostName;
  title: string;
  binary: string;
  /** What a person types to start the skill. */
  call: (mode: Mode) => string;
  /** What is there wherever the host has ever run. */
  signs: (place: HostPlace) => readonly string[];
  files: (place: HostPlace, scope: Scope) => HostFiles;
  /** Whether others get the entry file with the project, so that it may name nothing of this machine. */
  isEntryShared: (scope: Scope) => boolean;
  /** What a file of this host says. Throws `TextError`. */
  read: (text: string) => Json;
  /** mo's entry in the text of the entry file. Throws `TextError`. */
  readEntry: (text: string) => Entry | null;
  /** The text with the entry; what mo does not set in an entry that is there stays. Throws `TextError`. */
  setEntry: (text: string | null, entry: Entry) => string;
  removeEntry: (text: string) => string;
  /** What mo wants to stand in its entry, laid over what the user has there. */
  entryFor: (server: ServerCommand, present: Entry | null, approve: readonly string[]) => Entry;
  /** The host's own way to write its entry, where it is to be used for this file. null: the text is edited. */
  ownWay: (scope: Scope, text: string | null) => OwnWay | null;
  /** Where tools are approved when not in the entry; null: in the entry. */
  approvals: (mode: Mode) => Approvals | null;
  /** Starts the server the way the host does. */
  check: (call: HostCall, how: { scope: Scope; mode: Mode }) => Promise<HostCheck>;
  /** What a person types to take out a server named mo. */
  removal: (scope: Scope) => string;
  plugin: PluginWay;
};

type HostFiles = {
  entry: string;
  skill: string;
  /** The file with what the user tells every session. */
  memory: string;
};

/** Rejects with `HostRefusal`. */
type OwnWay = {
  /** As a person would say it. */
  name: string;
  set: (call: HostCall, entry: Entry, present: Entry | null) => Promise<void>;
  remove: (call: HostCall) => Promise<void>;
};

type Approvals = {
  file: (place: HostPlace) => string;
  add: (text: string | null, tools: readonly string[]) => string;
  remove: (text: string, tools: readonly string[]) => string;
};

type PluginWay = {
  /** The file of the host that its plugin commands change. */
  file: (place: HostPlace) => string;
  traces: (place: HostPlace) => PluginTraces;
  install: (call: HostCall, marketplace: string) => Promise<void>;
  uninstall: (call: HostCall) => Promise<void>;
  /** Takes out what an installation that was cut off may have left. */
  clear: (call: HostCall) => Promise<void>;
  /** Ids of plugins named mo that are on, in the text of that file. */
  named: (text: string) => string[];
  /** Ids of mo's plugins that are on, from whatever marketplace: `mo@mo-local`, `mo@mo-mcp`. */
  installed: (call: HostCall) => Promise<string[]>;
  /** What a person types to take one out. */
  removal: (id: string) => string;
};

/** The host's program was asked and did not do it. `isUnable`: it does not know how, so another way may be tried. */
export class HostRefusal extends Error {
  readonly isUnable: boolean;

  constructor(what: string, isUnable: boolean) {
    super(what);
    this.name = 'HostRefusal';
    this.isUnable = isUnable;
  }
}

/** The name of mo's server, skill folder, plugin and marketplace. */
export const serverName = 'mo';
export const skillName = 'orchestrate';
export const marketplaceName = 'mo-local';
export const pluginId = `${serverName}@${marketplaceName}`;
