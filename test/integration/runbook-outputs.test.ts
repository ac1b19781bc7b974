import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { z } from 'zod';
import {
  cloneFanOutResultSchema,
  cloneGroupResultSchema,
  cloneVolumeResultSchema,
  copyVolumeResultSchema,
  refreshCloneResultSchema,
} from '../../contracts/result-schemas.ts';
import { outputsOf } from '../../contracts/runbook/outputs.ts';
import { runbookResultSchema } from '../../contracts/runbook/result-schema.ts';
import type { Shape } from '../../contracts/runbook/shapes.ts';
import {
  STEP_KINDS,
  type Json,
  type RunbookResult,
  type RunbookStep,
  type StepKind,
} from '../../contracts/runbook/types.ts';
import { startHookServer, type HookServer } from '../support/hook-server.ts';
import { leaseOf } from '../support/lease.ts';
import { quick } from '../support/refresh.ts';
import { decide, startRunbook, untilStep } from '../support/runbook.ts';
import { startService, type Service } from '../support/service.ts';

type Output = { [name: string]: Json };

const made = '${steps.clone.volumeID}';
const access = { volumeID: made, volumeAccessGroups: ['dev-hosts'] };
const inner = {
  name: 'inner',
  inputs: { who: { type: 'string' } },
  steps: [{ id: 'w', wait: { for: '1s' } }],
  outputs: { greeting: 'hello ${inputs.who}', until: '${steps.w.until}' },
};

/** A step of every kind, in each form that has outputs of its own. */
const steps: RunbookStep[] = [
  { id: 'clone', clone: { volumeID: 42, name: 'uat' } },
  { id: 'group', group: { volumes: [{ volumeID: 41 }, { volumeID: 43 }] } },
  { id: 'fanOut', fanOut: { volumeID: 42, clones: [{ name: 'f-1' }, { name: 'f-2' }] } },
  {
    id: 'copy',
    needs: ['fanOut'],
    copy: { volumeID: 42, dstVolumeID: '${steps.fanOut.succeeded[0].volumeID}', force: true },
  },
  { id: 'refresh', refresh: { series: 'uat-db', keep: 1, clone: { volumeID: 41 } } },
  { id: 'snapshot', snapshot: { volumeID: 42, name: 'moment' } },
  { id: 'groupSnapshot', snapshot: { volumes: [41, 43], name: 'moments' } },
  { id: 'modify', needs: ['clone'], modify: { volumeID: made, attributes: { stage: 'uat' } } },
  { id: 'grant', needs: ['modify'], grant: access },
  { id: 'revoke', needs: ['grant'], revoke: access },
  { id: 'lease', needs: ['clone'], lease: { volumeID: made, for: '72h' } },
  { id: 'extended', needs: ['lease'], lease: { volumeID: made, extend: '24h' } },
  { id: 'released', needs: ['extended'], lease: { volumeID: made, release: true } },
  { id: 'deleted', needs: ['group'], delete: { volumeID: '${steps.group.members[0].volumeID}' } },
  { id: 'deletedSnapshot', needs: ['snapshot'], delete: { snapshotID: '${steps.snapshot.snapshotID}' } },
  {
    id: 'deletedGroupSnapshot',
    needs: ['groupSnapshot'],
    delete: { groupSnapshotID: '${steps.groupSnapshot.groupSnapshotID}' },
  },
  { id: 'waited', wait: { for: '1s' } },
  { id: 'waitedUntil', wait: { until: '2026-01-01T00:00:00+01:00' } },
  { id: 'waitedForVolume', wait: { volume: { volumeID: 42 }, until: 'volume.status == "active"' } },
  { id: 'approval', approval: { from: ['dba'], timeout: '1h' } },
  { id: 'silence', approval: { from: ['dba'], timeout: '1s', onTimeout: 'approve' } },
  { id: 'skipped', approval: { from: ['dba'], timeout: '1s', onTimeout: 'skip' } },
  { id: 'http', http: { hook: 'app', path: '/rows', outputs: { rows: 'data.0.rows', all: 'data' } } },
  { id: 'runbook', needs: ['approval'], runbook: { document: inner, inputs: { who: '${steps.approval.who}' } } },
  {
    id: 'workflow',
    workflow: { type: 'cloneVolume', input: { cluster: 'lab', volumeID: 43, name: 'theirs' } },
  },
];
const ids = steps.map((s) => s.id);
const kindOf = (step: RunbookStep) => STEP_KINDS.find((kind) => step[kind] !== undefined)!;

let server: HookServer;
let service: Service;
let outputs: Record<string, Output>;
let result: RunbookResult;

beforeAll(async () => {
  server = await startHookServer(['app']);
  service = await startService({ hooks: server.hooks, simulator: quick });
  server.answer('app/rows', { status: 202, body: '{"data": [{"rows": 7}], "more": "not chosen"}' });
  const whole = Object.fromEntries(ids.map((id) => [id, `\${steps.${id}}`]));
  const run = await startRunbook(
    service,
    [
      ...steps,
      { id: 'teller', needs: ids, http: { hook: 'app', path: '/tell/${steps.copy.dstVolumeID}', body: whole } },
    ],
    { outputs: whole },
  );
  await untilStep(run, 'approval', 'waiting');
  await decide(run, { step: 'approval', decision: 'approve', who: 'dba' });
  result = await run.result();
  outputs = result.outputs as Record<string, Output>;
}, 200_000);
afterAll(async () => {
  await service?.stop();
  await server?.close();
});

test('every kind of step is there', () => {
  expect(new Set(steps.map(kindOf))).toEqual(new Set(STEP_KINDS));
});

test('a later step has in its expressions what the steps before have put out', () => {
  const told = server.seen.find((s) => s.hook.startsWith('app/tell/'))!;
  expect(told.hook).toBe(`app/tell/${outputs['copy']!['dstVolumeID'] as number}`);
  expect(told.body).toEqual(outputs);
});

/** Whether a value is what expressions were told to expect. */
const fits = (value: Json, shape: Shape): boolean => {
  if (shape === 'dyn') return true;
  if (typeof shape === 'string') {
    const is: Record<Exclude<Shape, object | 'dyn'>, boolean> = {
      int: Number.isSafeInteger(value),
      double: typeof value === 'number',
      string: typeof value === 'string',
      bool: typeof value === 'boolean',
      list: Array.isArray(value),
      map: value !== null && typeof value === 'object' && !Array.isArray(value),
    };
    return is[shape];
  }
  if ('list' in shape) return Array.isArray(value) && value.every((member) => fits(member, shape.list));
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return false;
  // What may be missing has a shape too.
  return Object.entries(value).every(([name, of]) => {
    const expected = Object.hasOwn(shape.fields, name) ? shape.fields[name] : undefined;
    return expected !== undefined && fits(of, expected);
  });
};

test.each(steps.map((step) => [step.id, kindOf(step), step] as const))(
  '%s (%s): the check of expressions knows each output and its type',
  (id, kind, step) => {
    const { outcome, ...own } = outputs[id]!;
    expect(outcome).toBe(id === 'skipped' ? 'skipped' : 'succeeded');
    const known = outputsOf(kind, step[kind], { greeting: 'string', until: 'string' });
    if (known === undefined) return expect(kind).toBe('workflow');
    const unfit = Object.entries(own).filter(([name, value]) => !fits(value, known[name] ?? 'bool'));
    expect(unfit).toEqual([]);
    if (id === 'skipped') return expect(own).toEqual({});
    const isOrder = ['clone', 'group', 'fanOut', 'copy', 'refresh'].includes(kind);
    if (!isOrder) expect(Object.keys(own).toSorted()).toEqual(Object.keys(known).toSorted());
    return undefined;
  },
);

const RESULTS: { [K in StepKind]?: z.ZodObject } = {
  clone: cloneVolumeResultSchema,
  group: cloneGroupResultSchema,
  fanOut: cloneFanOutResultSchema,
  copy: copyVolumeResultSchema,
  refresh: refreshCloneResultSchema,
  workflow: cloneVolumeResultSchema,
};

test.each(Object.entries(RESULTS))('%s puts out the result of its workflow, as its schema has it', (id, schema) => {
  const { outcome: _outcome, ...own } = outputs[id]!;
  expect(schema.strict().parse(own)).toEqual(own);
});

test('what the others put out', () => {
  const volumeID = outputs['clone']!['volumeID'];
  const done = { outcome: 'succeeded' };
  const time = expect.stringMatching(/^20.*Z$/) as unknown;
  const here = { cluster: 'lab', apiCalls: expect.any(Number) as unknown, ...done };
  const lease = { ...here, volumeID, leaseID: expect.stringContaining(`-${volumeID as number}-`), endsAt: time };
  const [groupMember] = outputs['group']!['members'] as Output[];
  const { snapshotID } = outputs['snapshot']!;
  const { groupSnapshotID } = outputs['groupSnapshot']!;
  const others = Object.entries(outputs).filter(([id]) => !Object.hasOwn(RESULTS, id));
  expect(Object.fromEntries(others)).toEqual({
    snapshot: { ...here, volumeID: 42, snapshotID: expect.any(Number), name: 'moment' },
    groupSnapshot: {
      ...{ ...here, groupSnapshotID: expect.any(Number), name: 'moments' },
      members: [41, 43].map((of) => ({ volumeID: of, snapshotID: expect.any(Number) })),
    },
    modify: { ...here, volumeID },
    grant: { ...here, volumeID, volumeAccessGroups: [4] },
    revoke: { ...here, volumeID, volumeAccessGroups: [4] },
    lease,
    extended: { ...lease, released: false },
    released: { ...lease, released: true },
    deleted: { ...here, volumeID: groupMember!['volumeID'], deleted: true },
    deletedSnapshot: { ...here, snapshotID, deleted: true },
    deletedGroupSnapshot: { ...here, groupSnapshotID, deleted: true },
    waited: { until: time, ...done },
    waitedUntil: { until: '2025-12-31T23:00:00.000Z', ...done },
    waitedForVolume: {
      ...here,
      volumeID: 42,
      volume: expect.objectContaining({
        volumeID: 42,
        status: 'active',
        attributes: { application: 'orders', tier: 'production' },
      }),
    },
    approval: { decision: 'approve', who: 'dba', comment: null, decidedAt: time, ...done },
    silence: { decision: 'approve', who: null, comment: 'nobody objected in time', decidedAt: time, ...done },
    skipped: { outcome: 'skipped' },
    http: { status: 202, rows: 7, all: [{ rows: 7 }], ...done },
    runbook: { greeting: 'hello dba', until: time, ...done },
  });
  const hours = (a: string, b: string) =>
    (Date.parse(outputs[b]!['endsAt'] as string) - Date.parse(outputs[a]!['endsAt'] as string)) / 3_600_000;
  expect(hours('lease', 'extended')).toBe(24);
});

test('a lease step names the workflow of the lease', async () => {
  const { leaseID, endsAt } = outputs['released'] as { leaseID: string; endsAt: string };
  const lease = await leaseOf(service, { lease: { workflowID: leaseID, endsAt } }).result();
  expect(lease).toMatchObject({ outcome: 'released', volumeID: outputs['clone']!['volumeID'], extensions: 1 });
});

test('the result of the run is what its schema says', () => {
  expect(runbookResultSchema.strict().parse(result)).toEqual(result);
});

test('the documentation names the outputs of each kind, and no others', async () => {
  const page = await readFile(fileURLToPath(new URL('../../docs/runbooks.md', import.meta.url)), 'utf8');
  const rows = [...page.matchAll(/^\| `(\w+)` +\| (.*?) +\| (.*?) +\|$/gm)].map(([, kind, , out]) => [kind!, out!]);
  const documented = new Map(
    rows
      .filter(([kind]) => (STEP_KINDS as readonly string[]).includes(kind!))
      .map(([kind, out]) => [kind, [...out!.matchAll(/`(\w+)`/g)].map((m) => m[1]!)]),
  );
  expect([...documented.keys()]).toEqual([...STEP_KINDS]);
  for (const kind of STEP_KINDS) {
    const of = steps.filter((step) => kindOf(step) === kind);
    const chosen = of.flatMap((step) => Object.keys((step.http?.['outputs'] as object | undefined) ?? {}));
    const general = ['cluster', 'apiCalls', 'outcome', ...chosen];
    const all = new Set(of.flatMap((step) => Object.keys(outputs[step.id]!)).filter((n) => !general.includes(n)));
    const names = new Set(documented.get(kind));
    // The results of workflows have more, which is in their schemas; a nested runbook says itself what it puts out.
    if (kind === 'workflow' || kind === 'runbook') expect([...names]).toEqual(kind === 'workflow' ? ['result'] : []);
    else if (RESULTS[kind] === undefined) expect({ [kind]: names }).toEqual({ [kind]: all });
    else expect({ [kind]: [...all] }).toEqual({ [kind]: expect.arrayContaining([...names]) as unknown });
  }
});
