/** Why a node was left out, by whom its `node.skipped` names. */
export function whySkipped(by: string): string {
  switch (by) {
    case 'when':
      return 'its when is not true';
    case 'person':
      return 'a person left it out';
    default:
      return `${by}, which had added it, is done again`;
  }
}
