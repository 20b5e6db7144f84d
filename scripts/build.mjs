// One ESM file that starts fast (chunks only for what is imported on use); the native addon stays outside.
import { build, transform } from 'esbuild';
import { chmod, readFile, rename, rm } from 'node:fs/promises';

const root = new URL('..', import.meta.url).pathname;
const { version } = JSON.parse(await readFile(`${root}package.json`, 'utf8'));

/** zod brings its messages in fifty languages, which every process would have to read; mo speaks one. */
const englishOnly = {
  name: 'english-only',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\/zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: `export { default as en } from './en.js';`,
    })),
};

/** What npm unpacks stays below 3 MB: names inside libraries become short. Our own stay, so that a stack can be read. */
const shortNames = {
  name: 'short-names',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\/node_modules\/.*\.[cm]?js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const options = { minifyIdentifiers: true, legalComments: 'inline', target: 'node20' };
      return { contents: (await transform(source, options)).code };
    }),
};

// Built beside the old one and put in its place, so that whoever runs mo meanwhile finds one of the two.
const next = `${root}dist.${process.pid}`;
await build({
  absWorkingDir: root,
  entryPoints: {
    mo: 'src/bin.ts',
    'scripted-worker': 'src/providers/scripted/worker/main.ts',
    'syntax-reader': 'src/gates/syntax/reader.ts',
  },
  outdir: next,
  outExtension: { '.js': '.mjs' },
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  minifySyntax: true,
  minifyWhitespace: true,
  lineLimit: 200,
  legalComments: 'linked',
  external: ['better-sqlite3'],
  plugins: [englishOnly, shortNames],
  define: { MO_VERSION: JSON.stringify(version) },
  // CommonJS dependencies inside an ES module still call `require` and read `__filename`.
  banner: {
    js: "import{createRequire as moRequire}from'node:module';import{fileURLToPath as moPath}from'node:url';const require=moRequire(import.meta.url),__filename=moPath(import.meta.url);",
  },
  logLevel: 'warning',
});
await chmod(`${next}/mo.mjs`, 0o755);
await rm(`${root}dist`, { recursive: true, force: true });
await rename(next, `${root}dist`);
