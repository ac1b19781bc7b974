// npm run demo: one clone from start to end on real parts, with a worker killed in the middle.
import { parseArgs } from 'node:util';
import logUpdate from 'log-update';
import pc from 'picocolors';
import { CloneClient, type CloneHandle } from '../../client/index.ts';
import { progressLine, renderProgress } from '../../client/cli/render/progress.ts';
import { resultText } from '../../client/cli/render/result.ts';
import { makeStage, type DemoWorker, type Stage } from './stage.ts';

const SOURCE = 42;
const NAME = 'db-uat';
/** Enough of the copy is done to be seen, enough is left for the other worker. */
const KILL_AT_PERCENT = 35;

const { values } = parseArgs({ options: { keep: { type: 'boolean', default: false } } });
const interactive = process.stdout.isTTY;
const say = (line = '') => console.log(line);
const done = (what: string, fact = '') => say(`  ${pc.green('✓')} ${what.padEnd(22)} ${pc.dim(fact)}`);

/** Ends everything that was started, once, however the demo ends. */
const stops: (() => Promise<void>)[] = [];
async function stopAll(): Promise<void> {
  for (const stop of stops.splice(0).toReversed()) await stop().catch(() => {});
}
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (interrupted) process.exit(130);
    interrupted = true;
    logUpdate.done();
    say(`\n  Stopping …`);
    void stopAll().then(() => process.exit(130));
  });
}

async function demo(): Promise<void> {
  say();
  say(`  ${pc.bold('element-clone')}  ${pc.dim('one durable clone, with a worker killed in the middle')}`);
  say();
  const stage = await makeStage({ onStop: (stop) => stops.push(stop), done, note: (line) => say(`  ${pc.dim(line)}`) });
  const clones = await CloneClient.connect({ address: stage.temporal.address });
  stops.push(() => clones.close());

  say();
  const clone = await clones.start({
    cluster: 'lab',
    volumeID: SOURCE,
    name: NAME,
    volumeAccessGroups: ['uat-hosts'],
    modify: { qos: { minIOPS: 100, maxIOPS: 2_000, burstIOPS: 4_000 } },
    requestedBy: 'demo',
  });
  await watchAndKill(clones, clone, stage);

  const result = await clone.result();
  say();
  say(resultText(result, pc).replace(/^/gm, '  '));
  say();
  const description = await clone.describe();
  check(stage);
  say(`  ${pc.bold('In the Temporal UI')}`);
  say(`    ${link(stage, description.workflowId, description.runId)}`);
  say();
  if (values.keep) await keep(stage);
  else say(pc.dim('  Everything is stopped now; npm run demo -- --keep leaves it running.\n'));
}

/** Draws the clone's progress, and kills the worker that took the last look once the copy is well under way. */
async function watchAndKill(clones: CloneClient, clone: CloneHandle, stage: Stage): Promise<void> {
  const title = `Clone volume ${SOURCE} → ${NAME}`;
  let killed: DemoWorker | undefined;
  let carriedOn = false;
  let lastLine = '';
  const event = (line: string) => {
    logUpdate.clear();
    say(line);
  };
  for await (const view of clone.progress({ intervalMs: interactive ? 250 : 2_000 })) {
    const looker = stage.workerOf(await lastWorker(clones, clone.workflowId));
    if (!killed && view.percent >= KILL_AT_PERCENT && looker) {
      killed = looker;
      looker.kill();
      event(
        `  ${pc.red('✗')} Worker ${looker.name} (pid ${looker.pid}), which took the last look, was killed with SIGKILL.`,
      );
    } else if (killed && !carriedOn && looker && looker !== killed) {
      carriedOn = true;
      event(
        `  ${pc.green('✓')} Worker ${looker.name} (pid ${looker.pid}) carries on: nothing was lost, nothing began anew.`,
      );
    }
    const columns = Math.min(process.stdout.columns ?? 100, 100);
    const text = renderProgress(view, { columns: columns - 2, colour: pc.isColorSupported, title });
    if (interactive) logUpdate(`\n${text.replace(/^/gm, '  ')}`);
    else if (text !== lastLine) say(`  ${progressLine(view)}`);
    lastLine = text;
  }
  logUpdate.done();
  if (!carriedOn) throw new Error('The other worker did not carry on; that should not happen.');
}

/** Identity of the worker that ran the pending activity's last attempt. */
async function lastWorker(clones: CloneClient, workflowId: string): Promise<string | undefined> {
  const { raw } = await clones.temporal.workflow.getHandle(workflowId).describe();
  return raw.pendingActivities?.[0]?.lastWorkerIdentity ?? undefined;
}

/** What the cluster itself says: one clone, and nothing left behind. */
function check(stage: Stage): void {
  const { volumes, snapshots, asyncResults } = stage.simulator.cluster.state();
  const made = volumes.filter((v) => v.name === NAME && v.status === 'active').length;
  say(
    `  ${pc.bold('On the cluster')}  ${made} volume "${NAME}"; left behind: ${snapshots.length} snapshots, ${asyncResults.length} async results`,
  );
}

const link = (stage: Stage, id: string, runId: string) =>
  stage.temporal.uiUrl === undefined
    ? pc.dim('(a server of your own: open its UI)')
    : pc.cyan(`${stage.temporal.uiUrl}/namespaces/default/workflows/${encodeURIComponent(id)}/${runId}`);

async function keep(stage: Stage): Promise<void> {
  say(`  Everything stays up until Ctrl-C. In another terminal:`);
  say();
  say(pc.cyan(`    export TEMPORAL_ADDRESS=${stage.temporal.address}`));
  say(pc.cyan(`    npx element-clone list`));
  say(pc.cyan(`    npx element-clone clone --cluster lab --volume-id ${SOURCE} --name another --wait`));
  say(pc.cyan(`    curl ${stage.simulator.controlUrl}/state`));
  say();
  // The timer keeps the process alive until the signal handler ends it.
  await new Promise(() => setInterval(() => {}, 60_000));
}

try {
  await demo();
} catch (err) {
  logUpdate.done();
  console.error(`\n  ${pc.red('✗')} ${err instanceof Error ? err.message : String(err)}`);
  process.exitCode = 1;
} finally {
  await stopAll();
}
