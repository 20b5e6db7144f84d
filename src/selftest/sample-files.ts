/**
 * The sample repository, by path: a small HTTP API with tests that need nothing but Node. Its strings have double quotes, unlike ours,
 * so that nobody takes its imports for ours.
 */
export const sampleFiles: Readonly<Record<string, string>> = {
  'package.json': `{
  "name": "todo-api",
  "version": "1.0.0",
  "private": true,
  "description": "Todos, lists and comments over HTTP.",
  "type": "module",
  "engines": { "node": ">=20" },
  "scripts": {
    "start": "node src/main.js",
    "test": "node --test support/all-tests.js"
  }
}
`,

  '.gitignore': `node_modules
*.log
`,

  'README.md': `# todo-api

Todos, lists and comments over HTTP, kept in memory.

    npm start     # listens on port 3000
    npm test

| endpoint         | takes                      |
|------------------|----------------------------|
| GET /todos       |                            |
| POST /todos      | title, list (optional)     |
| GET /lists       |                            |
| POST /lists      | name                       |
| GET /comments    |                            |
| POST /comments   | todo, text                 |
`,

  'CHANGELOG.md': `# Changes

## 1.0.0

- Todos, lists and comments.
`,

  'src/main.js': `import { createApp } from "./app.js";
import { createStore } from "./store.js";

const port = Number(process.env.PORT ?? 3000);
createApp(createStore()).listen(port, () => console.log("listening on port " + port));
`,

  'src/app.js': `import { createServer } from "node:http";
import { readJson, sendJson } from "./http.js";
import { commentRoutes } from "./routes/comments.js";
import { listRoutes } from "./routes/lists.js";
import { todoRoutes } from "./routes/todos.js";

const routes = [...todoRoutes, ...listRoutes, ...commentRoutes];

export function createApp(store) {
  return createServer(async (request, response) => {
    const route = routes.find((one) => one.method === request.method && one.path === request.url);
    if (route === undefined) return sendJson(response, 404, { error: "not found" });
    try {
      const body = request.method === "POST" ? await readJson(request) : null;
      const { status, body: answer } = route.handle({ store, body });
      sendJson(response, status, answer);
    } catch {
      sendJson(response, 500, { error: "internal error" });
    }
  });
}
`,

  'src/http.js': `export async function readJson(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  return JSON.parse(text);
}

export function sendJson(response, status, body) {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
`,

  'src/store.js': `/** Everything in memory; ids count from 1 over all kinds. */
export function createStore() {
  const kinds = new Map();
  let lastId = 0;
  return {
    all: (kind) => kinds.get(kind) ?? [],
    find: (kind, id) => (kinds.get(kind) ?? []).find((one) => one.id === id) ?? null,
    add: (kind, value) => {
      lastId += 1;
      const added = { id: lastId, ...value };
      kinds.set(kind, [...(kinds.get(kind) ?? []), added]);
      return added;
    },
  };
}
`,

  'src/routes/todos.js': `export const todoRoutes = [
  {
    method: "GET",
    path: "/todos",
    handle: ({ store }) => ({ status: 200, body: store.all("todos") }),
  },
  {
    method: "POST",
    path: "/todos",
    handle: ({ store, body }) => {
      const { title, list = null } = body;
      return { status: 201, body: store.add("todos", { title, list, done: false }) };
    },
  },
];
`,

  'src/routes/lists.js': `export const listRoutes = [
  {
    method: "GET",
    path: "/lists",
    handle: ({ store }) => ({ status: 200, body: store.all("lists") }),
  },
  {
    method: "POST",
    path: "/lists",
    handle: ({ store, body }) => ({ status: 201, body: store.add("lists", { name: body.name }) }),
  },
];
`,

  'src/routes/comments.js': `export const commentRoutes = [
  {
    method: "GET",
    path: "/comments",
    handle: ({ store }) => ({ status: 200, body: store.all("comments") }),
  },
  {
    method: "POST",
    path: "/comments",
    handle: ({ store, body }) => {
      const { todo, text } = body;
      return { status: 201, body: store.add("comments", { todo, text }) };
    },
  },
];
`,

  'support/start-app.js': `import { once } from "node:events";
import { createApp } from "../src/app.js";
import { createStore } from "../src/store.js";

/** The API on a free port of this machine, and a way to ask it; closed when the test ends, however it ends. */
export async function startApp(context) {
  const server = createApp(createStore()).listen(0, "127.0.0.1");
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, "listening");
  const url = "http://127.0.0.1:" + server.address().port;
  return {
    get: (path) => ask(url + path, {}),
    post: (path, body) => ask(url + path, { method: "POST", body: JSON.stringify(body) }),
    postText: (path, text) => ask(url + path, { method: "POST", body: text }),
  };
}

async function ask(url, options) {
  const response = await fetch(url, options);
  return { status: response.status, body: await response.json() };
}
`,

  'support/all-tests.js': `import { readdir } from "node:fs/promises";

const limitMs = Number(process.env.TEST_LIMIT_MS ?? 120_000);
setTimeout(() => {
  console.error("the tests did not end within " + limitMs / 1000 + " s");
  process.exit(1);
}, limitMs).unref();

// All tests in one process: node --test alone would start one for each file.
const folder = new URL("../test/", import.meta.url);
for (const file of await readdir(folder)) {
  if (file.endsWith(".test.js")) await import(new URL(file, folder));
}
`,

  'test/todos.test.js': `import assert from "node:assert/strict";
import { test } from "node:test";
import { startApp } from "../support/start-app.js";

test("a new todo is open and in the list of todos", async (context) => {
  const app = await startApp(context);
  const made = await app.post("/todos", { title: "buy milk" });
  assert.deepEqual(made, {
    status: 201,
    body: { id: 1, title: "buy milk", list: null, done: false },
  });
  assert.deepEqual(await app.get("/todos"), { status: 200, body: [made.body] });
});
`,

  'test/lists.test.js': `import assert from "node:assert/strict";
import { test } from "node:test";
import { startApp } from "../support/start-app.js";

test("a new list is among the lists", async (context) => {
  const app = await startApp(context);
  const made = await app.post("/lists", { name: "home" });
  assert.deepEqual(made, { status: 201, body: { id: 1, name: "home" } });
  assert.deepEqual(await app.get("/lists"), { status: 200, body: [made.body] });
});
`,

  'test/comments.test.js': `import assert from "node:assert/strict";
import { test } from "node:test";
import { startApp } from "../support/start-app.js";

test("a comment belongs to its todo", async (context) => {
  const app = await startApp(context);
  const todo = await app.post("/todos", { title: "buy milk" });
  const made = await app.post("/comments", { todo: todo.body.id, text: "two litres" });
  assert.deepEqual(made, { status: 201, body: { id: 2, todo: 1, text: "two litres" } });
});

test("an unknown path is not found", async (context) => {
  const app = await startApp(context);
  assert.equal((await app.get("/nothing")).status, 404);
});
`,
};
