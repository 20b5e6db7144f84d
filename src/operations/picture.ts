import type { Request } from '../core/event.ts';
import type { Progress } from '../core/progress.ts';
import type { NodeStatus } from '../core/run.ts';
import type { Spend } from '../core/spend.ts';
import type { RunState, RunView } from '../core/view.ts';
import type { MapCount } from './map-text.ts';
import type { Route } from '../core/worker.ts';

/** One moment of a run as a person watches it. */
export type Picture = {
  runId: string;
  goal: string;
  state: RunState;
  reason: string | null;
  /** ms since 1970. */
  startedAt: number;
  endedAt: number | null;
  spend: Spend;
  progress: readonly Progress[];
  /** Of all nodes. */
  counts: RunView['counts'];
  total: number;
  /** Items are counted with their map. */
  nodes: readonly PictureNode[];
  maps: readonly MapCount[];
  requests: readonly Request[];
  /** Nodes that the budget holds up while the run waits for a person. */
  held: readonly string[];
  branch: string | null;
  landed: string | null;
  /** The workflow file, where it was changed since the run began. */
  sourceChanged: string | null;
};

export type PictureNode = {
  name: string;
  status: NodeStatus;
  attempt: number;
  /** `claude:fast opus`, or null while nothing is chosen. */
  route: string | null;
  startedAt: number | null;
  endedAt: number | null;
  spend: Spend;
  /** What its worker does right now. */
  action: string | null;
  message: string | null;
  flags: readonly string[];
};

/** What a person says for the state of a run; the word itself is data. */
export function stateText(state: RunState): string {
  return state === 'needs' ? 'waits for you' : state;
}

/** Said as long as it can still be taken for what the run does. */
export function sourceChangedText(file: string): string {
  return `${file} was changed since the run began; the run goes on with what it began with`;
}

/** `claude:fast opus`: whom an attempt was given to and, once known, the model that answers. */
export function routeText(
  route: Pick<Route, 'provider' | 'profile' | 'model'> | null,
  actualModel: string | null,
): string | null {
  if (route === null) return null;
  const who = route.profile === null ? route.provider : `${route.provider}:${route.profile}`;
  const model = actualModel ?? route.model;
  return model === null || model === route.provider ? who : `${who} ${model}`;
}
