import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { durationMs } from '../core/amount.ts';
import type { SyntaxCommands } from '../core/node.ts';
import { MoError, type WorkflowError } from '../core/problem.ts';
import { schemaProblems, type SchemaProblem } from '../core/schema-problems.ts';
import { settings, type Settings } from '../core/settings.ts';
import type { Environment } from './environment.ts';
import { readText } from './files.ts';
import { projectPrompts, readPromptFiles } from './prompt-files.ts';
import { commandsOfRecipe, projectRecipes, readRecipeFiles } from './recipe-files.ts';
import { settingsOfEnvironment } from './settings-environment.ts';
import { isTrusted, trust } from './trust.ts';

export type LoadedSettings = {
  settings: Settings;
  /** Where they come from, the strongest first: `environment`, the project's file, the user's file. */
  sources: string[];
  /** What of the project's file was left out because nobody has trusted it as it is now. */
  untrusted: { file: string; commands: string[] } | null;
};

export type TrustedFile = { file: string; commands: string[] };

/** `prompts`: files with texts for workers. */
export type TrustedProject = TrustedFile & { recipes: TrustedFile[]; prompts: string[] };

export type SettingsPlace = {
  /** Root of the project. */
  root: string;
  env: Environment;
};

/**
 * Environment over the project's `mo.yaml` over the user's settings. Throws `bad-settings` with every mistake and its line. A repository
 * is not trusted for being there: what its file would have run, or would put into the environment of a worker, counts only after `mo trust`.
 */
export async function loadSettings({ root, env }: SettingsPlace): Promise<LoadedSettings> {
  const { user, project, own } = await readAll({ root, env });
  const commands = project === null ? [] : whatNeedsTrust(project.settings);
  const isSafe =
    project === null || commands.length === 0 || (await isTrusted(project.file, project.text, env));
  const allowed =
    project === null || isSafe ? project?.settings : withoutCommands(project.settings);
  return {
    settings: settings.parse(merge(merge(user?.settings ?? {}, allowed ?? {}), own)),
    sources: [
      ...(Object.keys(own).length > 0 ? ['environment'] : []),
      ...(project === null ? [] : [project.file]),
      ...(user === null ? [] : [user.file]),
    ],
    untrusted: project === null || isSafe ? null : { file: project.file, commands },
  };
}

/** The same by where it comes from, the weakest first; what nobody has trusted is in it too. */
export async function settingsBySource(
  place: SettingsPlace,
): Promise<{ source: string; settings: Settings }[]> {
  const { user, project, own } = await readAll(place);
  return [
    ...(user === null ? [] : [{ source: user.file, settings: user.settings }]),
    ...(project === null ? [] : [{ source: 'mo.yaml', settings: project.settings }]),
    ...(Object.keys(own).length === 0 ? [] : [{ source: 'environment', settings: own }]),
  ];
}

async function readAll({ root, env }: SettingsPlace) {
  const user = await readSettings(userFile(env));
  const project = await readSettings(projectFile(root));
  return { user, project, own: settingsOfEnvironment(env) };
}

/** Trusts the project's `mo.yaml`, recipes and prompts as they are now; the answer says what may run, and what steers workers, from now on. */
export async function trustProject({ root, env }: SettingsPlace): Promise<TrustedProject> {
  const project = await readSettings(projectFile(root));
  const files = await readRecipeFiles(projectRecipes(root));
  const texts = await readPromptFiles(projectPrompts(root));
  if (project === null && files.length === 0 && texts.length === 0) {
    throw new MoError({
      code: 'bad-input',
      what: `There is no mo.yaml in ${root}, so there is nothing to trust.`,
      fix: 'Name the project with --cwd.',
    });
  }
  const recipes: TrustedFile[] = [];
  for (const recipe of files) {
    await trust(recipe.file, recipe.text, env);
    recipes.push({ file: recipe.file, commands: await commandsOfRecipe(recipe) });
  }
  for (const { file, text } of texts) await trust(file, text, env);
  const prompts = texts.map(({ file }) => file);
  if (project === null) return { file: projectFile(root), commands: [], recipes, prompts };
  await trust(project.file, project.text, env);
  return { file: project.file, commands: whatNeedsTrust(project.settings), recipes, prompts };
}

/** `${NAME}` in an environment value of a profile, filled in when a worker starts and never before, so that no secret is stored. A name that is not set gives nothing. */
export function fillFromEnvironment(
  values: Readonly<Record<string, string>>,
  env: Environment,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [
      key,
      value.replaceAll(
        /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g,
        (_whole, name: string) => env[name] ?? '',
      ),
    ]),
  );
}

const maxBytes = 1_000_000;

const duration = z.union([z.string(), z.number()]).transform((text, context) => {
  const ms = durationMs(text);
  if (ms !== null) return ms;
  context.addIssue({
    code: 'custom',
    message: `${JSON.stringify(text)} is no duration such as 30s, 10m or 2h`,
  });
  return z.NEVER;
});

const path = z.string().refine((text) => !/^[/~\\]|(^|[/\\])\.\.([/\\]|$)|^[A-Za-z]:/.test(text), {
  message: 'the path must lie inside the project',
});

const retries = settings.shape.retries.unwrap();
const worktrees = settings.shape.worktrees.unwrap();

const anyProvider = settings.shape.providers.unwrap().valueType;
const anyProfile = anyProvider.shape.profiles.unwrap().valueType;

/** As a person writes it: durations in words, and no profiles of somebody else's. */
export const settingsFile = settings.extend({
  providers: z
    .record(
      z.string(),
      anyProvider.extend({
        profiles: z
          .record(z.string(), anyProfile.omit({ from: true }))
          .optional()
          .describe(anyProvider.shape.profiles.description ?? ''),
      }),
    )
    .optional()
    .describe(settings.shape.providers.description ?? ''),
  retries: retries
    .extend({
      backoff: retries.shape.backoff
        .unwrap()
        .extend({
          base: duration.optional().meta({
            description:
              'Pause after the first crash or network trouble, such as `2s`; a bare number: seconds',
            unset: '`2s`',
          }),
          max: duration.optional().meta({ description: 'The longest pause', unset: '`10m`' }),
        })
        .optional(),
    })
    .optional(),
  worktrees: worktrees
    .extend({
      link: z
        .array(path)
        .optional()
        .meta(worktrees.shape.link.meta() ?? {}),
      copy: z
        .array(path)
        .optional()
        .meta(worktrees.shape.copy.meta() ?? {}),
    })
    .optional(),
});

type SettingsFile = { file: string; text: string; settings: Settings };

async function readSettings(file: string): Promise<SettingsFile | null> {
  const text = await readText(file);
  if (text === null) return null;
  if (text.length > maxBytes) {
    throw badSettings(file, [
      {
        line: null,
        column: null,
        text: null,
        where: '',
        what: 'the file is too large.',
        fix: 'Keep it below 1 MB.',
      },
    ]);
  }
  // Most projects have no settings, and then nobody waits for the parser to load.
  const { placed, readYaml } = await import('./yaml-text.ts');
  const source = readYaml(text);
  if ('errors' in source) throw badSettings(file, source.errors);
  // A file of comments only says nothing.
  const value = source.value ?? {};
  const parsed = settingsFile.safeParse(value);
  const problems: SchemaProblem[] = parsed.success
    ? []
    : schemaProblems(parsed.error, settingsFile, value);
  const errors = placed(source, problems);
  if (!parsed.success || errors.length > 0) throw badSettings(file, errors);
  return { file, text, settings: parsed.data };
}

function badSettings(file: string, errors: readonly WorkflowError[]): MoError {
  const lines = errors.slice(0, 20).map(({ line, column, where, what, fix }) => {
    const place = line === null ? '' : `line ${line}, column ${column ?? 1}: `;
    return `${place}${where === '' ? '' : `${where}: `}${what} ${fix}`.trimEnd();
  });
  return new MoError({ code: 'bad-settings', file, what: lines.join('\n'), fix: '' });
}

function projectFile(root: string): string {
  return join(root, 'mo.yaml');
}

function userFile(env: Environment): string {
  const config = env['XDG_CONFIG_HOME'];
  const base =
    config !== undefined && config.startsWith('/')
      ? config
      : join(env['HOME'] ?? homedir(), '.config');
  return join(base, 'mo', 'config.yaml');
}

/** Commands, the environment of workers, and the use of the user's other accounts: an address or a key of somebody else's would send the user's work there. */
function whatNeedsTrust({ gates, worktrees: setups, providers, profiles }: Settings): string[] {
  return [
    ...(profiles?.cc_switch === true ? ['profiles: cc_switch: true'] : []),
    ...(gates?.commands ?? []),
    ...Object.values(syntaxCommandsOf(gates)).filter((command) => command !== false),
    ...(setups?.setup ?? []),
    ...Object.entries(providers ?? {}).flatMap(([name, provider]) => [
      ...environmentLines(name, provider.env),
      ...Object.entries(provider.profiles ?? {}).flatMap(([profile, { env }]) =>
        environmentLines(`${name}:${profile}`, env),
      ),
    ]),
  ];
}

function environmentLines(
  worker: string,
  env: Readonly<Record<string, string>> | undefined,
): string[] {
  return Object.entries(env ?? {}).map(([key, value]) => `${worker}: ${key}=${value}`);
}

function withoutCommands(project: Settings): Settings {
  const { gates, worktrees: setups, providers, profiles, ...rest } = project;
  return settings.parse({
    ...rest,
    ...(profiles?.cc_switch === false ? { profiles } : {}),
    ...(gates === undefined ? {} : { gates: withoutGateCommands(gates) }),
    ...(setups === undefined ? {} : { worktrees: without(setups, 'setup') }),
    ...(providers === undefined ? {} : { providers: mapValues(providers, withoutEnvironment) }),
  });
}

type Gates = NonNullable<Settings['gates']>;

function syntaxCommandsOf(gates: Gates | undefined): SyntaxCommands {
  return typeof gates?.syntax === 'object' ? gates.syntax : {};
}

function withoutGateCommands(gates: Gates): object {
  if (typeof gates.syntax !== 'object') return without(gates, 'commands');
  const syntax = Object.fromEntries(
    Object.entries(gates.syntax).filter(([, command]) => command === false),
  );
  return { ...without(gates, 'commands'), syntax };
}

type Provider = NonNullable<Settings['providers']>[string];

function withoutEnvironment(provider: Provider): object {
  return provider.profiles === undefined
    ? without(provider, 'env')
    : {
        ...without(provider, 'env'),
        profiles: mapValues(provider.profiles, (profile) => without(profile, 'env')),
      };
}

function without(record: object, key: string): object {
  return Object.fromEntries(Object.entries(record).filter(([name]) => name !== key));
}

function mapValues<V, W>(
  record: Readonly<Record<string, V>>,
  change: (value: V) => W,
): Record<string, W> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

/** Mappings are joined key by key; a list replaces the weaker list. */
function merge(weak: object, strong: object): object {
  const merged = new Map<string, unknown>(Object.entries(weak));
  for (const [key, value] of Object.entries(strong)) {
    const below = merged.get(key);
    merged.set(key, isMapping(below) && isMapping(value) ? merge(below, value) : value);
  }
  return Object.fromEntries(merged);
}

function isMapping(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
