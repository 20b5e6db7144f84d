import { z } from 'zod';

/** What is wrong with a file; `line` counts from 1, null when nobody said. */
const problem = z.object({ line: z.number().int().nullable(), message: z.string() });
export type Problem = z.infer<typeof problem>;

/** What was found out about one file. `problems` is empty when it can be read. */
const outcome = z.union([
  z.object({ problems: z.array(problem) }),
  /** Why not. `isOdd`: for a reason that lies in the file, so that somebody should look at it. */
  z.object({ unchecked: z.string(), isOdd: z.boolean().optional() }),
]);
export type Outcome = z.infer<typeof outcome>;

/** A line on the stdout of a program that reads files one after another. `file` as it was named to it. */
export const answer = z.object({ file: z.string(), outcome });
export type Answer = z.infer<typeof answer>;
