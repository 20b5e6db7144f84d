/** The module that the demo's endpoints share; the caller says when a text is too long. */
export function validator({ isTooLong }: { isTooLong: string }): string {
  return `/** The input of a client that breaks a rule; \`problems\` names every field. */
export class InvalidInput extends Error {
  constructor(problems) {
    super("invalid input: " + problems.join("; "));
    this.status = 400;
    this.problems = problems;
  }
}

/** The known fields of the body, each checked by its rule. */
export function validate(rules, body) {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new InvalidInput(["the body must be an object"]);
  }
  const given = Object.entries(rules).filter(
    ([name, rule]) => body[name] !== undefined || !rule.optional,
  );
  const problems = given.flatMap(([name, rule]) => {
    const problem = rule.problemOf(body[name]);
    return problem === null ? [] : [name + " " + problem];
  });
  if (problems.length > 0) throw new InvalidInput(problems);
  return Object.fromEntries(given.map(([name]) => [name, body[name]]));
}

export function text({ min, max, optional = false }) {
  return {
    optional,
    problemOf: (value) => {
      if (typeof value !== "string") return "must be a text";
      if (value.length < min || ${isTooLong}) {
        return "must have " + min + " to " + max + " characters";
      }
      return null;
    },
  };
}

export function id({ optional = false } = {}) {
  return {
    optional,
    problemOf: (value) => (Number.isInteger(value) && value > 0 ? null : "must be an id"),
  };
}
`;
}
