import { expect, test } from 'vitest';
import { readAddress } from '../../src/git/address.ts';

test.for([
  ['https://github.com/acme/shop.git', 'github.com', 'acme/shop', false],
  ['https://me:token@GitHub.com/acme/shop', 'github.com', 'acme/shop', false],
  [
    'https://git.example.org:8443/team/web/shop.git/',
    'git.example.org',
    'team/web/shop.git',
    false,
  ],
  ['ssh://git@ssh.github.com:443/acme/shop.git', 'ssh.github.com', 'acme/shop', true],
  ['git@gitlab.com:group/sub/shop.git', 'gitlab.com', 'group/sub/shop', true],
  ['work:acme/shop', 'work', 'acme/shop', true],
] as const)('%s', ([text, host, path, isSsh]) => {
  expect(readAddress(text)).toEqual({ host, path: path.replace(/\.git$/, ''), isSsh });
});

test.for([
  '/srv/git/shop.git',
  '../shop',
  './a:b',
  'C:\\shop',
  'file:///srv/git/shop.git',
  'ext::sh -c whoami',
  '-oProxyCommand=whoami:x/y',
  'https://github.com/',
  '',
])('%s is on no other machine that mo knows', (text) => {
  expect(readAddress(text)).toBeNull();
});
