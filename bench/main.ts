// npm run bench: the figures of the README, measured here and kept in bench/results/.
import { parseArgs } from 'node:util';
import { NativeConnection, DefaultLogger, Runtime } from '@temporalio/worker';
import { startTemporal } from '../scripts/temporal-server.ts';
import { ensureSearchAttributes } from '../worker/search-attributes.ts';
import { reportHistory } from './reports/history.ts';
import { reportSlots, reportSlotsMinute } from './reports/slots.ts';
import { reportStartRate } from './reports/start-rate.ts';
import { reportWaiting } from './reports/waiting.ts';
import { bundle } from './support/bundle.ts';
import { defaultTimes } from './support/default-times.ts';
import { describeMachine, machineLine } from './support/machine.ts';
import { say } from './support/report.ts';

const FIGURES = ['history', 'waiting', 'slots', 'slots-minute', 'start-rate'] as const;
type Figure = (typeof FIGURES)[number];

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [...FIGURES] },
    clones: { type: 'string' },
    'real-hour': { type: 'boolean', default: false },
  },
});
const unknown = values.only.find((name) => !FIGURES.includes(name as Figure));
const clones = values.clones === undefined ? undefined : Number(values.clones);
if (unknown !== undefined || (clones !== undefined && (!Number.isSafeInteger(clones) || clones < 1))) {
  console.error(`Usage: npm run bench -- [--only ${FIGURES.join('|')}]… [--clones NUMBER] [--real-hour]`);
  process.exit(2);
}

Runtime.install({ logger: new DefaultLogger('ERROR') });
const temporal = await startTemporal({ find: { note: say } });
const bundles = await Promise.all([bundle('workflows/index.ts'), bundle('bench/workflows/no-op.ts')]);
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
  if (values.only.includes('history')) await reportHistory(bench, { realHour: values['real-hour'] });
  if (values.only.includes('waiting')) await reportWaiting(bench, clones);
  if (values.only.includes('slots')) await reportSlots(bench, clones);
  if (values.only.includes('slots-minute')) await reportSlotsMinute(bench, clones);
  if (values.only.includes('start-rate')) await reportStartRate(bench);
} finally {
  await Promise.all(bundles.map((b) => b.remove()));
  await temporal.stop();
}
