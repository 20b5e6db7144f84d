import { z } from 'zod';

/** Where a run goes by itself once it is verified. */
export const landWish = z.enum(['branch', 'merge', 'pr', 'none']);
export type LandWish = z.infer<typeof landWish>;

/** What may be asked of a run that is over. `pr`: a pull request. `rollback`: takes back what `merge` or `pr` has done. */
export const landHow = z.enum(['branch', 'merge', 'pr', 'discard', 'rollback']);
export type LandHow = z.infer<typeof landHow>;

export const landedPlace = z.object({
  how: landHow,
  target: z.string().nullable(),
  commit: z.string().nullable(),
  /** Of the pull request. */
  url: z.string().nullable().default(null),
});

/** A branch of the user on its way from one commit to another: durable before it moves. */
export type Move = { target: string; from: string; to: string };

/** What a landing brought into a branch of the user. */
export type Merge = {
  target: string;
  /** Where the branch was before; null where an older mo did not write it down. */
  from: string | null;
  to: string;
  isTakenBack: boolean;
};
