import { validator } from './demo-validator.ts';

/** What the workers of the demo write, by path. `node --test` passes once all of it is there. */
export const demoEdits = {
  'src/validate.js': validator({ isTooLong: 'value.length > max' }),

  'test/validate.test.js': `import assert from "node:assert/strict";
import { test } from "node:test";
import { id, InvalidInput, text, validate } from "../src/validate.js";

const rules = { title: text({ min: 1, max: 5 }), list: id({ optional: true }) };

test("a good body comes back with nothing but its known fields", () => {
  assert.deepEqual(validate(rules, { title: "milk", list: 2, admin: true }), {
    title: "milk",
    list: 2,
  });
});

test("a text may be exactly as long as allowed", () => {
  assert.deepEqual(validate(rules, { title: "12345" }), { title: "12345" });
});

test("a text that is too long is refused", () => {
  assert.throws(() => validate(rules, { title: "123456" }), InvalidInput);
});

test("every problem is named at once", () => {
  assert.throws(() => validate(rules, { title: 7, list: "x" }), {
    status: 400,
    problems: ["title must be a text", "list must be an id"],
  });
});

test("a body that is no object is refused", () => {
  for (const body of [null, "text", [1]]) {
    assert.throws(() => validate(rules, body), { problems: ["the body must be an object"] });
  }
});
`,

  'src/http.js': `const maxBytes = 100_000;

/** The JSON a client sent; what cannot be taken is an error with the status to answer. */
export async function readJson(request) {
  let text = "";
  for await (const chunk of request) {
    text += chunk;
    if (text.length > maxBytes) throw refusal(413, "the body is too large");
  }
  try {
    return JSON.parse(text);
  } catch {
    throw refusal(400, "the body is not JSON");
  }
}

export function sendJson(response, status, body) {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function refusal(status, problem) {
  return Object.assign(new Error(problem), { status, problems: [problem] });
}
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
    } catch (cause) {
      answerError(response, cause);
    }
  });
}

/** An error with a status is the client's; anything else is ours and tells nothing. */
function answerError(response, cause) {
  if (typeof cause.status !== "number") return sendJson(response, 500, { error: "internal error" });
  sendJson(response, cause.status, { error: "invalid request", problems: cause.problems });
}
`,

  'test/errors.test.js': `import assert from "node:assert/strict";
import { test } from "node:test";
import { startApp } from "../support/start-app.js";

test("a body that is not JSON is the mistake of the client", async (context) => {
  const app = await startApp(context);
  assert.deepEqual(await app.postText("/todos", '{ "title": '), {
    status: 400,
    body: { error: "invalid request", problems: ["the body is not JSON"] },
  });
});

test("a body that is too large is refused", async (context) => {
  const app = await startApp(context);
  assert.equal((await app.postText("/todos", "x".repeat(200_000))).status, 413);
});
`,

  'src/routes/todos.js': `import { id, text, validate } from "../validate.js";

const rules = { title: text({ min: 1, max: 200 }), list: id({ optional: true }) };

export const todoRoutes = [
  {
    method: "GET",
    path: "/todos",
    handle: ({ store }) => ({ status: 200, body: store.all("todos") }),
  },
  {
    method: "POST",
    path: "/todos",
    handle: ({ store, body }) => {
      const { title, list = null } = validate(rules, body);
      return { status: 201, body: store.add("todos", { title, list, done: false }) };
    },
  },
];
`,

  'test/todos-input.test.js': routeTest('todos', 'todoRoutes', [
    ['{}', 'title must be a text'],
    ["{ title: '' }", 'title must have 1 to 200 characters'],
    ["{ title: 'buy milk', list: 'home' }", 'list must be an id'],
  ]),

  'src/routes/lists.js': `import { text, validate } from "../validate.js";

const rules = { name: text({ min: 1, max: 80 }) };

export const listRoutes = [
  {
    method: "GET",
    path: "/lists",
    handle: ({ store }) => ({ status: 200, body: store.all("lists") }),
  },
  {
    method: "POST",
    path: "/lists",
    handle: ({ store, body }) => ({ status: 201, body: store.add("lists", validate(rules, body)) }),
  },
];
`,

  'test/lists-input.test.js': routeTest('lists', 'listRoutes', [
    ["{ title: 'home' }", 'name must be a text'],
    ["{ name: 'x'.repeat(81) }", 'name must have 1 to 80 characters'],
  ]),

  'src/routes/comments.js': `import { id, text, validate } from "../validate.js";

const rules = { todo: id(), text: text({ min: 1, max: 2_000 }) };

export const commentRoutes = [
  {
    method: "GET",
    path: "/comments",
    handle: ({ store }) => ({ status: 200, body: store.all("comments") }),
  },
  {
    method: "POST",
    path: "/comments",
    handle: ({ store, body }) => ({
      status: 201,
      body: store.add("comments", validate(rules, body)),
    }),
  },
];
`,

  'test/comments-input.test.js': routeTest('comments', 'commentRoutes', [
    ['{ todo: 1 }', 'text must be a text'],
    ["{ todo: 0, text: 'two litres' }", 'todo must be an id'],
  ]),

  'test/validation.test.js': `import assert from "node:assert/strict";
import { test } from "node:test";
import { startApp } from "../support/start-app.js";

test("every POST endpoint refuses an empty body over HTTP and names the fields", async (context) => {
  const app = await startApp(context);
  for (const path of ["/todos", "/lists", "/comments"]) {
    const { status, body } = await app.post(path, {});
    assert.equal(status, 400, path);
    assert.equal(body.error, "invalid request");
    assert.ok(body.problems.length > 0, path);
  }
});

test("nothing of a refused body is kept", async (context) => {
  const app = await startApp(context);
  await app.post("/todos", { title: "" });
  assert.deepEqual((await app.get("/todos")).body, []);
});
`,

  'CHANGELOG.md': `# Changes

## Unreleased

- POST endpoints check what they are sent: a wrong body is answered with 400 and the list of problems.

## 1.0.0

- Todos, lists and comments.
`,

  'docs/validation.md': `# What the endpoints accept

| endpoint       | field | rule                       |
|----------------|-------|----------------------------|
| POST /todos    | title | text of 1 to 200 characters  |
|                | list  | id, optional               |
| POST /lists    | name  | text of 1 to 80 characters   |
| POST /comments | todo  | id                         |
|                | text  | text of 1 to 2000 characters |

A body that breaks a rule is answered with 400:

    { "error": "invalid request", "problems": ["title must be a text"] }
`,
} as const;

export type DemoPath = keyof typeof demoEdits;

function routeTest(
  path: string,
  routes: string,
  cases: readonly (readonly [body: string, problem: string])[],
): string {
  const tests = cases.map(
    ([body, problem]) => `
test("POST /${path} refuses ${body}", () => {
  assert.throws(() => create(${body}), { status: 400, problems: ["${problem}"] });
});
`,
  );
  return `import assert from "node:assert/strict";
import { test } from "node:test";
import { ${routes} } from "../src/routes/${path}.js";
import { createStore } from "../src/store.js";

function create(body) {
  return ${routes}.find((one) => one.method === "POST").handle({ store: createStore(), body });
}
${tests.join('')}`;
}
