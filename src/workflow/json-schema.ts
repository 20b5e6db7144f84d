import { z } from 'zod';
import { workflowFile } from './schema.ts';

/** The text of `schema/workflow.json`: what editors check and complete workflow files with. */
export function workflowJsonSchema(): string {
  const schema = z.toJSONSchema(workflowFile, { io: 'input', target: 'draft-2020-12' });
  const named = { $schema: schema.$schema, $id: id, title: 'mo workflow', ...schema };
  return `${JSON.stringify(named, null, 2)}\n`;
}

const id = 'urn:mo:workflow:1';
