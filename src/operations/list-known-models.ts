import {
  factsOf,
  knownModels,
  modelDataDate,
  modelSources,
  type ModelFacts,
  type ModelSource,
} from '../core/model-data.ts';
import { dataPart, kindOfRole } from '../core/model-score.ts';
import type { Role } from '../core/names.ts';
import type { OperationContext } from './context.ts';
import { listModels, usualRoles } from './list-models.ts';

export type KnownModel = Pick<ModelFacts, 'model' | 'vendor' | 'tier' | 'price' | 'source'> & {
  /** The vendor has a newer one of the same kind. */
  is_older: boolean;
  /** 0 to 10, by role: what model data says before track record and order. */
  scores: { role: Role; score: number }[];
  /** Tokens. */
  context_window: number | null;
  /** Workers of this project that have it. */
  workers: string[];
};

export type KnownModels = {
  /** The day the facts were looked up. */
  data: string;
  roles: Role[];
  models: KnownModel[];
  /** Where the facts come from. */
  sources: Readonly<Record<ModelSource, string>>;
};

/** Every model mo has facts of, be there a worker that has it or not. */
export async function listKnownModels(
  context: OperationContext,
  role: Role | null,
): Promise<KnownModels> {
  const roles = role === null ? [...usualRoles] : [role];
  const { models: workers } = await listModels(context, role);
  return {
    data: modelDataDate,
    roles,
    models: knownModels.map((facts) => ({
      model: facts.model,
      vendor: facts.vendor,
      tier: facts.tier,
      is_older: facts.isOlder,
      scores: roles.map((one) => ({
        role: one,
        score: dataPart(facts.model, kindOfRole(one)).points,
      })),
      price: facts.price,
      context_window: facts.contextWindow,
      source: facts.source,
      workers: workers.flatMap(({ worker, model }) =>
        factsOf(model)?.model === facts.model ? [worker] : [],
      ),
    })),
    sources: modelSources,
  };
}
