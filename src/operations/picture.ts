import type { Request } from '../core/event.ts';
import type { Progress } from '../core/progress.ts';
import type { NodeStatus } from '../core/run.ts';
import type { Spend } from '../core/spend.ts';
import type { RunState } from '../core/view.ts';
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
  nodes: readonly PictureNode[];
  requests: readonly Request[];
  /** Nodes that the budget holds up while the run waits for a person. */
  held: readonly string[];
  branch: string | null;
  landed: string | null;
};

export type PictureNode = {
  name: string;
  /** The map it is an item of; such nodes are shown with their map. */
  itemOf: string | null;
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
