// Records test/histories/*.json anew, one for each scenario of test/support/scenarios.ts, and test/histories/running/*.json,
// one for each of test/support/unfinished.ts, as it stands in the middle of its way:
//
//   npx tsx scripts/record-histories.ts [SCENARIO…] [running/SCENARIO…]
//
// test/integration/replay.test.ts replays them against the current workflow code. A change that cannot replay them would
// break clones that are running while a new version is deployed: guard it with patched(), and record only what is new.
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { ProvidedContext } from 'vitest';
import type { TestProject } from 'vitest/node';
import setup from '../test/support/global-setup.ts';
import { startHookServer } from '../test/support/hook-server.ts';
import { scenarios } from '../test/support/scenarios.ts';
import { startService } from '../test/support/service.ts';
import { unfinished } from '../test/support/unfinished.ts';

const folder = fileURLToPath(new URL('../test/histories/', import.meta.url));
const root = fileURLToPath(new URL('..', import.meta.url));
const given: Partial<ProvidedContext> = {};

/** Stacks, identities and sticky queues name this machine, its folders and processes; no replay reads them. */
const withoutMachine = (key: string, value: unknown): unknown => {
  if (key === 'identity') return 'recorder';
  if (key === 'stackTrace') return '';
  if (typeof value !== 'string') return value;
  return value.replaceAll(root, './').replace(/^\d+@[\w.-]+$/, 'recorder');
};

const running = Object.fromEntries(Object.entries(unfinished).map(([name, s]) => [`running/${name}`, s]));
const all = { ...scenarios, ...running };

async function record(name: string): Promise<void> {
  const scenario = all[name];
  if (scenario === undefined)
    throw new Error(`There is no scenario "${name}"; there are: ${Object.keys(all).join(', ')}`);
  const server = await startHookServer(['app']);
  const service = await startService({
    hooks: server.hooks,
    simulator: scenario.simulator,
    address: given.temporalAddress!,
    workflowBundlePath: given.workflowBundlePath!,
  });
  try {
    const handle = await scenario.run(service);
    const outcome = name in running ? 'running' : await outcomeOf(handle);
    const history = JSON.parse(historyToJSON(await handle.fetchHistory())) as { events: unknown[] };
    await writeFile(`${folder}${name}.json`, `${JSON.stringify(history, withoutMachine, 2)}\n`);
    console.log(`${name}: ${outcome}, ${history.events.length} events`);
    if (name in running) await handle.terminate('recorded');
  } finally {
    await service.stop();
    await server.close();
  }
}

const outcomeOf = (handle: WorkflowHandle) =>
  handle.result().then(
    () => 'completed',
    (err: unknown) => (err instanceof Error && err.cause instanceof Error ? err.cause.name : String(err)),
  );

await mkdir(`${folder}running`, { recursive: true });
const teardown = await setup({
  provide: (key: keyof ProvidedContext, value: string) => void (given[key] = value),
} as TestProject);
try {
  const names = process.argv.slice(2);
  for (const name of names.length > 0 ? names : Object.keys(all)) await record(name);
} finally {
  await teardown();
}
