import { randomBytes } from 'node:crypto';
import type { Step } from '../script.ts';

type SecretKind = Extract<Step, { do: 'leak' }>['kind'];

/**
 * A key of the right shape that opens nothing. Put together from pieces, so that no file of this project holds one and no scanner
 * that reads its sources finds one.
 */
export function makeSecret(kind: SecretKind): string {
  switch (kind) {
    case 'anthropic':
      return ['sk', 'ant', 'api03', `${letters(93)}AA`].join('-');
    case 'openai':
      return ['sk', 'proj', `${letters(74)}${['T3', 'Blbk', 'FJ'].join('')}${letters(74)}`].join(
        '-',
      );
    case 'github':
      return ['ghp', letters(36)].join('_');
    case 'aws':
      return ['AK', 'IA', fromAlphabet('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 16)].join('');
    case 'private-key': {
      const lines = Array.from({ length: 12 }, () => letters(64));
      return [frame('BEGIN'), ...lines, frame('END')].join('\n');
    }
  }
}

function frame(word: string): string {
  return ['-----', word, ' RSA PRIVATE', ' KEY-----'].join('');
}

function letters(length: number): string {
  return fromAlphabet('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', length);
}

function fromAlphabet(alphabet: string, length: number): string {
  return [...randomBytes(length)].map((byte) => alphabet.charAt(byte % alphabet.length)).join('');
}
