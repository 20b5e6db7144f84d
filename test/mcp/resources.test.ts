import { Client } from '@modelcontextprotocol/client';
import { InMemoryTransport } from '@modelcontextprotocol/server';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { createServer } from '../../src/mcp/server.ts';
import type { Operation } from '../../src/operations/operation.ts';
import { output } from '../../src/operations/output.ts';
import { route } from '../../src/operations/route.ts';
import { aNode } from '../core/build.ts';
import { aProject, aRun } from '../operations/project.ts';

async function connected(operations: Operation[] = [output]) {
  const project = await aProject();
  const { runId, record } = aRun(project, [aNode('one')]);
  const server = createServer({
    operations,
    version: '1.2.3',
    contextOf: async () => project.context,
    onBug: () => {},
  });
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  const client = new Client({ name: 'test', version: '1' });
  await Promise.all([server.connect(ours), client.connect(theirs)]);
  onTestFinished(() => client.close());
  return { client, runId, record };
}

test('report, diff and events of a run are resources', async () => {
  const { client, runId } = await connected();
  const { resourceTemplates } = await client.listResourceTemplates();
  expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual([
    'mo://runs/{id}/report',
    'mo://runs/{id}/diff',
    'mo://runs/{id}/events',
  ]);
  expect((await client.listResources()).resources).toEqual([]);
  const uri = `mo://runs/${runId}/events`;
  const { contents } = await client.readResource({ uri });
  expect(contents).toMatchObject([
    { uri, mimeType: 'application/x-ndjson', text: expect.stringContaining('run.created') },
  ]);
});

test('events that do not fit into one page are JSON lines all the same, and the last line names the next page', async () => {
  const { client, runId, record } = await connected();
  for (let count = 0; count < 40; count += 1)
    record([{ type: 'node.told', node: 'one', text: 'x'.repeat(2_000) }]);
  const seqs: unknown[] = [];
  for (let uri = `mo://runs/${runId}/events`; uri !== '';) {
    const { contents } = await client.readResource({ uri });
    const [first] = contents;
    const lines = (first !== undefined && 'text' in first ? first.text : '').trim().split('\n');
    const read = lines.map((line) => eventLine.parse(JSON.parse(line)));
    seqs.push(...read.flatMap(({ seq }) => (seq === undefined ? [] : [seq])));
    uri = read.at(-1)?.next ?? '';
  }
  expect(seqs).toEqual(Array.from({ length: 41 }, (_, index) => index + 1));
});

const eventLine = z.object({ seq: z.number().optional(), next: z.string().optional() });

test.each([
  ['mo://runs/r-99/report', 'no run r-99'],
  ['mo://runs/r-1/reprot', 'Did you mean report?'],
  ['mo://runs/%E0%A4%A/report', 'is no address'],
  ['file:///etc/passwd', 'There is no resource file:///etc/passwd'],
  ['mo://runs/../../x/report', 'There is no resource'],
])('%s is answered with what is wrong', async (uri, message) => {
  const { client } = await connected();
  await expect(client.readResource({ uri })).rejects.toThrow(message);
});

test('a server without output has no resources', async () => {
  const { client } = await connected([route]);
  expect(client.getServerCapabilities()?.resources).toBeUndefined();
});
