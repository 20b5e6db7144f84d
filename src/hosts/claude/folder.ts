import { join } from 'node:path';
import type { HostPlace } from '../host.ts';

export function claudeFolder(place: HostPlace): string {
  return chosenFolder(place) ?? join(place.home, '.claude');
}

/** Beside the folder, or in it when the user has chosen the folder. */
export function claudeConfigFile(place: HostPlace): string {
  return join(chosenFolder(place) ?? place.home, '.claude.json');
}

function chosenFolder({ env }: HostPlace): string | null {
  const chosen = env['CLAUDE_CONFIG_DIR'] ?? '';
  return chosen === '' ? null : chosen;
}
