import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FAILURE, WORKFLOW } from '../../contracts/names.ts';
import { PUBLISHED } from '../../contracts/published-schemas.ts';
import { interfacesIn } from '../../scripts/interfaces.ts';
import { renderSchemas } from '../../scripts/schemas.ts';
import { published } from '../support/faults-of.ts';

type Schema = Record<string, unknown>;
type Payloads = { payloads: { data: string }[] };
type Failure = { applicationFailureInfo?: { type: string; details: Payloads } };
const dir = new URL('../../schemas/', import.meta.url);
const files = readdirSync(dir).filter((f) => f.endsWith('.json'));
const read = (file: string) => JSON.parse(readFileSync(new URL(file, dir), 'utf8')) as Schema;

test('the files of schemas/ are what the contracts say now; otherwise run: npm run schemas', async () => {
  const rendered = await renderSchemas();
  expect(files.toSorted()).toEqual([...rendered.keys()].toSorted());
  for (const [name, text] of rendered)
    expect({ name, text: readFileSync(new URL(name, dir), 'utf8') }).toEqual({ name, text });
});

test('each type that others start is published', () => {
  const internal = ['cloneSlots', 'planClones', 'findOrphans', 'removeOrphans', 'takeInventory', 'scheduledRun'];
  expect(Object.keys(PUBLISHED)).toEqual(
    expect.arrayContaining(Object.keys(WORKFLOW).filter((t) => !internal.includes(t))),
  );
});

test.each(files.filter((f) => f !== 'index.json'))('%s is a schema without unknown keywords', (file) => {
  expect(published(file)).toBeTypeOf('function');
});

/** Members without a word of what they are. */
function silent(node: unknown, path = ''): string[] {
  if (typeof node !== 'object' || node === null) return [];
  const { properties, $ref: _ref, ...rest } = node as Schema;
  const below = Object.entries(rest).flatMap(([key, value]) => silent(value, key === '$defs' ? '' : path));
  const members = Object.entries((properties ?? {}) as Record<string, Schema>).flatMap(([key, member]) => [
    ...('description' in member || 'const' in member ? [] : [`${path}/${key}`]),
    ...silent(member, `${path}/${key}`),
  ]);
  return [...below, ...members];
}

test.each(files.filter((f) => f.endsWith('.request.schema.json')))('%s says of every field what it is', (file) => {
  expect(silent(read(file))).toEqual([]);
});

test.each([
  ['cloneVolume.result', 'bytes', 'Size of the clone in bytes.'],
  ['cloneVolume.request', 'newSize', 'Bytes; rounded up to a whole MiB by the cluster.'],
  ['cloneFanOut.result', 'snapshotID', 'The snapshot that all clones share.'],
  ['refreshClone.result', 'generation', '1 for the first of the series; later ones have higher numbers.'],
  ['cloneVolume.failure', 'step', 'The activity that failed: `startClone`, `awaitClone`, …'],
])('%s: %s has the words of the contract', (file, key, words) => {
  const { properties } = read(`${file}.schema.json`) as { properties: Record<string, Schema> };
  expect(properties[key]!['description']).toBe(words);
});

interface Recorded {
  events: Record<string, Record<string, unknown> | undefined>[];
}
const payload = (data: string) => JSON.parse(Buffer.from(data, 'base64').toString()) as unknown;
const histories = new URL('../histories/', import.meta.url);
const recorded = readdirSync(histories).filter((f) => f.endsWith('.json'));

test.each(recorded)('how %s ended is what is published', (file) => {
  const { events } = JSON.parse(readFileSync(new URL(file, histories), 'utf8')) as Recorded;
  const started = events[0]!['workflowExecutionStartedEventAttributes'] as { workflowType: { name: string } };
  const type = started.workflowType.name;
  if (!(type in PUBLISHED)) return;
  const last = events.at(-1)!;
  const completed = last['workflowExecutionCompletedEventAttributes'] as { result: Payloads } | undefined;
  const failed = last['workflowExecutionFailedEventAttributes'] as { failure: Failure } | undefined;
  const info = failed?.failure.applicationFailureInfo;
  const checked =
    completed !== undefined
      ? { schema: `${type}.result.schema.json`, payloads: completed.result }
      : info?.type === FAILURE.cloneFailed && { schema: `${type}.failure.schema.json`, payloads: info.details };
  if (checked === false) return;
  const validate = published(checked.schema);
  validate(payload(checked.payloads.payloads[0]!.data));
  expect(validate.errors).toBeNull();
});

test('comments are read with their place', () => {
  const source = `
/** What it is. */
export interface Outer extends Base {
  /** One. */
  a: { /** Two. */ b?: number; c: 'x;}{' };
  /**
   * Three,
   * in lines.
   */
  d(): void;
  e: string;
  // not this
  f: string; // /** nor this */
}

export type Alias = { /** Four. */ g: string } & Omit<Outer, 'a'>;

`;
  const found = interfacesIn(source);
  expect(found.get('Outer')).toMatchObject({ doc: 'What it is.', from: expect.arrayContaining(['Base']) as unknown });
  expect(Object.fromEntries(found.get('Outer')!.members)).toEqual({ a: 'One.', 'a.b': 'Two.' });
  expect(Object.fromEntries(found.get('Alias')!.members)).toEqual({ g: 'Four.' });
  expect(found.get('Alias')!.from).toContain('Outer');
});
