import { fieldOf, type Json } from './json.ts';

/** The shell commands a recipe file names itself, in the order of the file: what it would run unless somebody has read it. */
export function recipeCommands(file: Json): string[] {
  const nodes = Object.values(recordOf(fieldOf(file, 'nodes')));
  const places = [
    file,
    fieldOf(file, 'defaults'),
    ...nodes.flatMap((node) => [node, fieldOf(node, 'node')]),
  ];
  const named = places.flatMap((place) => [
    ...commandsIn(fieldOf(place, 'run'), file),
    ...commandsIn(fieldOf(place, 'gates'), file),
  ]);
  return [...new Set(named)];
}

/** `${inputs.checks}` where it stands alone: the name of the input. */
export function wholeInput(text: string): string | null {
  return /^\s*\$\{\s*inputs\.([a-z_][a-z0-9_]*)\s*\}\s*$/.exec(text)?.[1] ?? null;
}

function commandsIn(value: Json | undefined, file: Json): string[] {
  if (Array.isArray(value)) return value.flatMap((one) => commandsIn(one, file));
  if (typeof value !== 'string') {
    const command = fieldOf(value, 'command');
    return typeof command === 'string' ? [command] : [];
  }
  const input = wholeInput(value);
  if (input === null) return [value];
  const usual = fieldOf(fieldOf(fieldOf(file, 'inputs'), input), 'default');
  return [usual].flat().filter((one) => typeof one === 'string');
}

function recordOf(value: Json | undefined): Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}
