// npm run bench: the figures of the README, measured here and kept in bench/results/.
import { parseArgs } from 'node:util';
import { NativeConnection, DefaultLogger, Runtime } from '@temporalio/worker';
import { startTemporal } from '../scripts/temporal-server.ts';
import { ensureSearchAttributes } from '../worker/search-attributes.ts';
import { collectSooner } from '../worker/tuning.ts';
import { reportCalls } from './reports/calls.ts';
import { reportHistory } from './reports/history.ts';
import { reportRollingRestart } from './reports/rolling-restart.ts';
import { reportSlots, reportSlotsMinute } from './reports/slots.ts';
import { reportStartRate } from './reports/start-rate.ts';
import { reportThousand } from './reports/thousand.ts';
import { reportWaiting } from './reports/waiting.ts';
import { bundle } from './support/bundle.ts';
import { defaultTimes } from './support/default-times.ts';
import { describeMachine, machineLine } from './support/machine.ts';
import { say } from './support/report.ts';

const SHORT = ['history', 'waiting', 'start-rate'] as const;
const LONG = ['slots', 'slots-minute', 'calls', 'thousand', 'rolling-restart'] as const;
const FIGURES: readonly string[] = [...SHORT, ...LONG];

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [...SHORT] },
    all: { type: 'boolean', default: false },
    clones: { type: 'string' },
    speed: { type: 'string' },
    'real-hour': { type: 'boolean', default: false },
  },
});
const isCount = (text: string | undefined) => text === undefined || /^[1-9]\d*$/.test(text);
if (!values.only.every((name) => FIGURES.includes(name)) || !isCount(values.clones) || !isCount(values.speed)) {
  console.error(
    `Usage: npm run bench -- [--all | --only ${FIGURES.join('|')}]… [--clones NUMBER] [--speed NUMBER] [--real-hour]`,
  );
  process.exit(2);
}
const wanted = new Set(values.all ? FIGURES : values.only);
const clones = values.clones === undefined ? undefined : Number(values.clones);

collectSooner();
Runtime.install({ logger: new DefaultLogger('ERROR') });
const temporal = await startTemporal({ keepSearchAttributes: true, find: { note: say } });
const bundles = await Promise.all([
  bundle('workflows/index.ts', ['contracts/runbook/cel.ts']),
  bundle('bench/workflows/no-op.ts'),
]);
try {
  const connection = await NativeConnection.connect({ address: temporal.address });
  await ensureSearchAttributes(connection, 'default');
  await connection.close();

  const machine = await describeMachine(temporal.address);
  say(machineLine(machine));
  const bench = {
    address: temporal.address,
    workflowBundlePath: bundles[0].codePath,
    noOpBundlePath: bundles[1].codePath,
    times: await defaultTimes(),
    machine,
  };
  if (wanted.has('history')) await reportHistory(bench, { realHour: values['real-hour'] });
  if (wanted.has('waiting')) await reportWaiting(bench, clones);
  if (wanted.has('slots')) await reportSlots(bench, clones);
  if (wanted.has('slots-minute')) await reportSlotsMinute(bench, clones);
  if (wanted.has('calls')) await reportCalls(bench);
  if (wanted.has('start-rate')) await reportStartRate(bench);
  if (wanted.has('rolling-restart')) await reportRollingRestart(bench, clones);
  if (wanted.has('thousand'))
    await reportThousand(bench, { clones, speed: values.speed === undefined ? undefined : Number(values.speed) });
} finally {
  await Promise.all(bundles.map((b) => b.remove()));
  await temporal.stop();
}
