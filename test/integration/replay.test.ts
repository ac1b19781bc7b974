import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { expect, inject, test } from 'vitest';
import { scenarios } from '../support/scenarios.ts';
import { unfinished } from '../support/unfinished.ts';

const folder = fileURLToPath(new URL('../histories/', import.meta.url));

interface History {
  events: { workflowExecutionStartedEventAttributes?: { workflowId?: string } }[];
}

/** The ID of a workflow that goes by its own ID: one that holds the lock on a series. */
const lockOf = ({ events }: History): string | undefined => {
  const id = events[0]?.workflowExecutionStartedEventAttributes?.workflowId;
  return id?.includes('@') ? id : undefined;
};

async function recorded() {
  const files = (await readdir(folder, { recursive: true })).filter((f) => f.endsWith('.json')).toSorted();
  return Promise.all(
    files.map(async (file) => ({
      workflowId: file.slice(0, -'.json'.length),
      text: await readFile(folder + file, 'utf8'),
    })),
  );
}

test('the workflow code replays every history that an earlier version has recorded, of clones that ended and that run', async () => {
  const histories = (await recorded()).map(({ workflowId: name, text }) => {
    const history = JSON.parse(text) as History;
    return { name, workflowId: lockOf(history) ?? name, history };
  });
  expect(histories.map((h) => h.name)).toEqual(
    expect.arrayContaining([...Object.keys(scenarios), ...Object.keys(unfinished).map((name) => `running/${name}`)]),
  );
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const replayed: Record<string, string> = {};
  for await (const { workflowId, error } of Worker.runReplayHistories(
    { workflowBundle: { codePath: inject('workflowBundlePath') } },
    histories,
  )) {
    replayed[workflowId] = error === undefined ? 'ok' : `${error.name}: ${error.message}`;
  }
  expect(replayed).toEqual(Object.fromEntries(histories.map((h) => [h.workflowId, 'ok'])));
});

test('no history holds the password, nor a path or name of the machine that recorded it', async () => {
  for (const { text } of await recorded()) {
    // Payloads are base64 of JSON.
    const payloads = [...text.matchAll(/"data": "([A-Za-z0-9+/=]+)"/g)].map((m) =>
      Buffer.from(m[1]!, 'base64').toString(),
    );
    const all = [text, ...payloads].join('\n');
    expect(all.includes('"cluster":"lab"')).toBe(true);
    expect(all.match(/simulator|password|authorization|Basic [A-Za-z0-9+/]{8}/gi)).toBeNull();
    expect(all.match(/\/(home|root|Users|tmp|work)\/|\d+@[\w-]+/g)).toBeNull();
  }
});
