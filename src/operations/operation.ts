import type { z } from 'zod';
import type { ExitCode } from '../core/problem.ts';
import type { OperationContext } from './context.ts';
import { inputProblem } from './input-problem.ts';

/** `read` changes nothing, `write` loses nothing, `destroy` can lose something, `start` starts agents. Hosts decide by it whether a call runs. */
export type OperationKind = 'read' | 'write' | 'destroy' | 'start';

export const toolsets = ['core', 'workflow', 'governance'] as const;
type Toolset = (typeof toolsets)[number];

/** What every surface knows about an operation without running it. */
export type OperationCard = {
  /** snake_case: the MCP tool; with blanks for `_`: the command. */
  name: string;
  title: string;
  /** For a model that decides whether to call it: at most 600 characters, with the words a user would say. */
  summary: string;
  kind: OperationKind;
  toolset: Toolset;
  searchHint: string;
  /** Hosts that load tools on demand keep this one loaded. */
  alwaysLoad: boolean;
  /** The input fields that the command line also takes without their flags, in this order. */
  positional: readonly string[];
  /** The command line takes the field `as` from stdin where `given` is `-`. */
  fromStdin: { given: string; as: string } | null;
  input: z.ZodObject;
  /** Advertised only while the answer is data; see `Answer.text`. */
  output: z.ZodObject;
  answersInText: boolean;
};

export type Answer = {
  data: Readonly<Record<string, unknown>>;
  /** What a person reads; its first line stands alone. */
  reading: string;
  /** The whole answer as text where that is what was asked for (logs, reports); else null. */
  text: string | null;
  exitCode: ExitCode;
};

export type Operation = OperationCard & {
  /** Parses, runs and renders. Throws MoError for everything the caller can mend. */
  call: (input: unknown, context: OperationContext) => Promise<Answer>;
};

export type OperationDefinition<I extends z.ZodObject, O extends z.ZodObject> = Omit<
  OperationCard,
  'input' | 'output' | 'alwaysLoad' | 'positional' | 'fromStdin' | 'answersInText'
> & {
  alwaysLoad?: true;
  positional?: Extract<keyof z.output<I>, string> | readonly Extract<keyof z.output<I>, string>[];
  fromStdin?: {
    given: Extract<keyof z.output<I>, string>;
    as: Extract<keyof z.output<I>, string>;
  };
  input: I;
  output: O;
  run: (input: z.output<I>, context: OperationContext) => Promise<z.input<O>>;
  render: (output: z.output<O>) => string;
  text?: (output: z.output<O>) => string;
  /** Default 0. */
  exitCode?: (output: z.output<O>) => ExitCode;
};

export type DefinedOperation<I extends z.ZodObject, O extends z.ZodObject> = Operation & {
  input: I;
  output: O;
  run: (input: z.output<I>, context: OperationContext) => Promise<z.output<O>>;
};

/** One thing a controller can ask, declared once; tool, command, flags and help derive from it. */
export function defineOperation<I extends z.ZodObject, O extends z.ZodObject>(
  definition: OperationDefinition<I, O>,
): DefinedOperation<I, O> {
  const run = async (input: z.output<I>, context: OperationContext): Promise<z.output<O>> =>
    definition.output.parse(await definition.run(input, context));
  return {
    name: definition.name,
    title: definition.title,
    summary: definition.summary,
    kind: definition.kind,
    toolset: definition.toolset,
    searchHint: definition.searchHint,
    alwaysLoad: definition.alwaysLoad ?? false,
    positional: [definition.positional ?? []].flat(),
    fromStdin: definition.fromStdin ?? null,
    input: definition.input,
    output: definition.output,
    answersInText: definition.text !== undefined,
    run,
    call: async (raw, context) => {
      const parsed = definition.input.safeParse(raw ?? {});
      if (!parsed.success) throw inputProblem(definition, parsed.error, context.surface, raw);
      const output = await run(parsed.data, context);
      return {
        data: output,
        reading: definition.render(output),
        text: definition.text?.(output) ?? null,
        exitCode: definition.exitCode?.(output) ?? 0,
      };
    },
  };
}
