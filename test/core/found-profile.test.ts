import { expect, test } from 'vitest';
import { secretsOf, withFoundProfiles, type FoundProfile } from '../../src/core/found-profile.ts';
import { routeNode, type RoutingQuestion } from '../../src/core/routing.ts';
import type { Settings } from '../../src/core/settings.ts';
import { aNode, aWorker } from './build.ts';

const found: FoundProfile = {
  provider: 'claude',
  name: 'cc-other',
  title: 'Other',
  model: 'opus',
  effort: null,
  env: { ANTHROPIC_AUTH_TOKEN: 'opaque-token', ANTHROPIC_MODEL: 'some-model-name', FLAG: '1' },
  config: {},
};

test('a profile that was found joins the settings by its name and model alone', () => {
  expect(withFoundProfiles({ keep_raw: true }, [found])).toEqual({
    keep_raw: true,
    providers: { claude: { profiles: { 'cc-other': { model: 'opus', from: 'cc-switch' } } } },
  });
});

test('a profile of mo.yaml with the same name stays as it is there', () => {
  const settings = { providers: { claude: { profiles: { 'cc-other': { effort: 'low' } } } } };
  expect(withFoundProfiles(settings, [found])).toEqual(settings);
});

test('keys are secret; names of models and values of a few letters are not', () => {
  expect(secretsOf(found)).toEqual(['opaque-token']);
});

test.each([
  ['BASE_URL', 'https://models.example/api/v1', false],
  ['BASE_URL', 'http://127.0.0.1:18080', false],
  ['BASE_URL', 'https://someone:word@models.example', true],
  ['HOOK', 'https://hooks.example/T0A1B2C3/xYz19', true],
  ['MODE', 'production', false],
  ['REGION', 'us-east-1', false],
  ['STATE', '/srv/mo/state.db', false],
  ['ANYTHING', 'aB3dE5fG7hJ9', true],
  ['ANYTHING', 'f'.repeat(40), true],
  ['API_KEY', 'production', true],
  ['DB_PASSWORD', 'correct horse', true],
  ['DB_PASSWORD', 'short', false],
])('%s %s is secret: %s', (name, value, isSecret) => {
  expect(secretsOf({ env: { [name]: value } })).toEqual(isSecret ? [value] : []);
});

test('a profile that was found is used where it is named or preferred, and only there', () => {
  const settings = withFoundProfiles({}, [found]);
  expect(profilesFor(settings)).toEqual([null]);
  expect(profilesFor(settings, { profile: 'cc-other' })).toEqual(['cc-other']);
  const wishing: Settings = {
    ...settings,
    roles: { architecture: { prefer: ['claude:cc-other'] }, review: { prefer: ['claude'] } },
  };
  expect(profilesFor(wishing, { role: 'architecture' })).toEqual(['cc-other', null]);
  expect(profilesFor(wishing, { role: 'review' })).toEqual([null]);
});

test('whoever is not signed in still has the profiles with an account of their own', () => {
  const workers = [aWorker('claude', { signedOut: 'claude is not signed in' })];
  const settings = withFoundProfiles({}, [found]);
  expect(profilesFor(settings, { profile: 'cc-other' }, workers)).toEqual(['cc-other']);
  expect(profilesFor(settings, {}, workers)).toEqual(['claude: claude is not signed in']);
});

function profilesFor(
  settings: Settings,
  more: Partial<RoutingQuestion['node']> = {},
  workers: RoutingQuestion['workers'] = [aWorker('claude')],
): (string | null)[] {
  const routing = routeNode({
    node: aNode('n', { provider: 'claude', ...more }),
    workers,
    lanes: [],
    settings,
    excluded: [],
    otherThan: [],
    now: 1_000,
  });
  return routing.ok ? routing.candidates.map(({ route }) => route.profile) : [...routing.reasons];
}
