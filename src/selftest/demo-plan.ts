import type { Json } from '../core/json.ts';
import type { DemoPath } from './demo-edits.ts';

export const demoGoal = 'Add input validation to all POST endpoints';

/** What the integrated tree must pass before it lands. */
export const demoGates: readonly string[] = ['node --test support/all-tests.js'];

/** The nodes of the demo with the paths each may change. No path is in two of them, so all that need nothing of each other run at once. */
export const demoNodes = {
  validator: {
    role: 'implementation',
    needs: [],
    paths: ['src/validate.js', 'test/validate.test.js'],
    task: 'Write src/validate.js: validate(rules, body) with the rules text({ min, max, optional }) and id({ optional }). It returns the known fields, or throws InvalidInput with status 400 and a list `problems` that names every field. Lengths are inclusive. Test it in test/validate.test.js.',
  },
  errors: {
    role: 'implementation',
    needs: [],
    paths: ['src/app.js', 'src/http.js', 'test/errors.test.js'],
    task: 'Answer errors that carry a `status` with that status and their `problems`: { "error": "invalid request", "problems": [...] }. A body that is not JSON is 400, one over 100 kB is 413. Anything else stays 500. Test it in test/errors.test.js.',
  },
  todos: {
    role: 'implementation',
    needs: ['validator'],
    paths: ['src/routes/todos.js', 'test/todos-input.test.js'],
    task: 'Check the body of POST /todos with src/validate.js: title is a text of 1 to 200 characters, list an optional id. Test it in test/todos-input.test.js.',
  },
  lists: {
    role: 'implementation',
    needs: ['validator'],
    paths: ['src/routes/lists.js', 'test/lists-input.test.js'],
    task: 'Check the body of POST /lists with src/validate.js: name is a text of 1 to 80 characters. Test it in test/lists-input.test.js.',
  },
  comments: {
    role: 'implementation',
    needs: ['validator'],
    paths: ['src/routes/comments.js', 'test/comments-input.test.js'],
    task: 'Check the body of POST /comments with src/validate.js: todo is an id, text a text of 1 to 2000 characters. Test it in test/comments-input.test.js.',
  },
  docs: {
    role: 'documentation',
    needs: [],
    paths: ['docs/validation.md', 'CHANGELOG.md'],
    task: 'Describe in docs/validation.md what each POST endpoint accepts and how it refuses, and add a line to CHANGELOG.md.',
  },
  'end-to-end': {
    role: 'testing',
    needs: ['todos', 'lists', 'comments', 'errors'],
    paths: ['test/validation.test.js'],
    task: 'Write test/validation.test.js: over HTTP every POST endpoint refuses an empty body with 400 and names the fields, and nothing of a refused body is kept.',
  },
} as const satisfies Readonly<Record<string, PlannedWork>>;

export type DemoNode = keyof typeof demoNodes;

type PlannedWork = {
  role: 'implementation' | 'documentation' | 'testing';
  needs: readonly string[];
  paths: readonly DemoPath[];
  task: string;
};

/** The handoff of the demo's planner. */
export function demoPlan(): Json {
  const planned: [string, PlannedWork][] = Object.entries(demoNodes);
  return {
    status: 'pass',
    summary:
      'A shared validator first, then the three endpoints side by side; error answers and docs need neither. One test over HTTP closes it.',
    nodes: planned.map(([name, node]) => ({
      name,
      role: node.role,
      task: node.task,
      needs: [...node.needs],
      write: true,
      scope: { allow: [...node.paths], deny: [] },
      // Words alone break no test; the whole is tested once more before it lands.
      gates: node.role === 'documentation' ? [] : demoGates.map((command) => ({ command })),
    })),
  };
}
