import { join } from 'node:path';
import { fieldOf, type Json } from '../../core/json.ts';
import type { HostPlace } from '../host.ts';
import { removeFromJson, setInJson, valueOfJson } from '../json-text.ts';
import { claudeFolder } from './folder.ts';

/** `permissions.allow` in the user's settings. A tool is called by another name when it comes from the plugin. */
export const claudeApprovals = {
  file: (place: HostPlace): string => join(claudeFolder(place), 'settings.json'),
  add: (text: string | null, tools: readonly string[]): string => {
    const present = text === null ? [] : allowed(text);
    const missing = rulesOf(tools).filter((rule) => !present.includes(rule));
    if (missing.length === 0) return text ?? '';
    if (text === null || text.trim() === '') {
      return `${JSON.stringify({ permissions: { allow: missing } }, null, 2)}\n`;
    }
    return setInJson(text, ['permissions', 'allow'], [...present, ...missing]);
  },
  remove: (text: string, tools: readonly string[]): string => {
    const present = allowed(text);
    const rules = rulesOf(tools);
    const left = present.filter((rule) => typeof rule !== 'string' || !rules.includes(rule));
    if (left.length === present.length) return text;
    return left.length === 0
      ? removeFromJson(text, ['permissions', 'allow'])
      : setInJson(text, ['permissions', 'allow'], left);
  },
};

function allowed(text: string): Json[] {
  const rules = fieldOf(fieldOf(valueOfJson(text), 'permissions'), 'allow');
  return Array.isArray(rules) ? rules : [];
}

function rulesOf(tools: readonly string[]): string[] {
  return tools.flatMap((tool) => [`mcp__mo__${tool}`, `mcp__plugin_mo_mo__${tool}`]);
}
