import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { parseCloneVolumeRequest } from '../../contracts/clone-volume.ts';
import { REQUEST_BYTES_MAX } from '../../contracts/faults.ts';
import {
  findOrphansSchema,
  parseHousekeeping,
  removeOrphansSchema,
  takeInventorySchema,
} from '../../contracts/housekeeping-requests.ts';
import { PUBLISHED } from '../../contracts/published-schemas.ts';
import { checkRequest } from '../../contracts/runbook/check.ts';
import { runbookFileSchema } from '../../contracts/runbook/document.ts';
import { scheduleSchema } from '../../contracts/schedule.ts';

type Node = Record<string, unknown>;
const isNode = (value: unknown): value is Node => value !== null && typeof value === 'object';

/** Everything that comes in from outside. */
const INPUTS: Record<string, z.ZodType> = {
  ...Object.fromEntries(
    Object.entries(PUBLISHED).flatMap(([type, { request, updates = {} }]) => [
      [type, request] as const,
      ...Object.entries(updates).map(([name, update]) => [`${type}.${name}`, update.request] as const),
    ]),
  ),
  runbookFile: runbookFileSchema,
  findOrphans: findOrphansSchema,
  removeOrphans: removeOrphansSchema,
  takeInventory: takeInventorySchema,
  schedule: scheduleSchema,
};

/** What has no bound of its own, and why that is well. */
const WELL: Record<string, string> = {
  'runbook.decide: object': 'an update: what it does not know it leaves out; Temporal bounds the message',
  'schedule: object properties.request': 'checked as a request of its type',
};

/** Places in a schema where more may come than anybody has said. */
function unbounded(schema: z.ZodType): string[] {
  const found = new Set<string>();
  const visit = (node: unknown, path: string): void => {
    if (Array.isArray(node)) return node.forEach((item, i) => visit(item, `${path}.${i}`));
    if (!isNode(node)) return;
    const has = (...keys: string[]) => keys.some((key) => node[key] !== undefined);
    const complain = (what: string) => found.add(`${what} ${path.slice(1)}`.trimEnd());
    const fixed = has('const', 'enum');
    if (node['type'] === 'string' && !fixed && !has('maxLength', 'pattern', 'format')) complain('string');
    if (node['type'] === 'array' && !has('maxItems')) complain('array');
    if (node['type'] === 'object' && node['additionalProperties'] !== false && !has('maxProperties'))
      complain('object');
    const isNumber = node['type'] === 'integer' || node['type'] === 'number';
    if (isNumber && !fixed && !(has('maximum', 'exclusiveMaximum') && has('minimum', 'exclusiveMinimum')))
      complain('number');
    // Any JSON is bounded by the size of the request.
    for (const [key, value] of Object.entries(node)) if (!isAnyJSON(key, path)) visit(value, `${path}.${key}`);
  };
  visit(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }), '');
  return [...found];
}

const isAnyJSON = (key: string, path: string) => path === '.$defs' && (key === 'JSON' || key.startsWith('__schema'));

describe('limits', () => {
  test.each(Object.keys(INPUTS))('%s bounds every text, list, record and number', (name) => {
    const places = unbounded(INPUTS[name]!).map((place) => `${name}: ${place}`);
    expect(places.filter((place) => WELL[place] === undefined)).toEqual([]);
  });

  test('are looked for where they may be missing', () => {
    const schema = z.strictObject({
      text: z.string(),
      list: z.array(z.string().max(3)),
      record: z.record(z.string().max(3), z.boolean()),
      number: z.number(),
      half: z.number().min(3),
      well: z.array(z.enum(['a'])).max(2),
    });
    expect(unbounded(schema).toSorted()).toEqual([
      'array properties.list',
      'number properties.half',
      'number properties.number',
      'object properties.record',
      'string properties.text',
    ]);
  });

  test('of members are those that are checked', () => {
    const clone = { cluster: 'lab', volumeID: 42, name: 'x' };
    const pairs = (n: number) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`a${i}`, 1]));
    expect(parseCloneVolumeRequest({ ...clone, attributes: pairs(200) })).toBeTruthy();
    expect(() => parseCloneVolumeRequest({ ...clone, attributes: pairs(201) })).toThrow(
      'attributes: must have at most 200 members',
    );
    expect(() => parseCloneVolumeRequest({ ...clone, lease: `${'0'.repeat(40)}1h` })).toThrow(
      'lease: must be a duration',
    );
  });

  test('of a whole request are told as such, before anything else is looked at', () => {
    const large = 'x'.repeat(REQUEST_BYTES_MAX);
    const said = `request: must be at most ${REQUEST_BYTES_MAX} bytes of JSON; it has`;
    expect(() => parseCloneVolumeRequest({ name: large })).toThrow(said);
    expect(() => parseHousekeeping(findOrphansSchema, { cluster: large })).toThrow(said);
    expect(checkRequest({ runbook: { name: large } }).faults).toMatchObject([
      { message: expect.stringContaining('is larger than 500000 bytes of JSON') as string },
    ]);
  });

  test('leave room for the largest removal that may be asked for', () => {
    const only = Array.from({ length: 5_000 }, (_, i) => ({
      cluster: 'c'.repeat(63),
      kind: 'snapshot' as const,
      id: Number.MAX_SAFE_INTEGER - i,
    }));
    expect(parseHousekeeping(removeOrphansSchema, { only })).toEqual({ only });
  });
});
