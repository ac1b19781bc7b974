import { describe, expect, test } from 'vitest';
import {
  findOrphansSchema,
  parseHousekeeping,
  removeOrphansSchema,
  takeInventorySchema,
} from '../../contracts/housekeeping-requests.ts';
import { InvalidRequestError } from '../../contracts/faults.ts';
import { removableRefs, type Orphan } from '../../contracts/orphans.ts';

const orphan = (o: Pick<Orphan, 'kind' | 'id'> & Partial<Orphan>): Orphan => ({
  cluster: 'lab',
  name: '',
  bytes: null,
  createdAt: null,
  ageSeconds: null,
  volumeID: null,
  sourceVolumeID: 42,
  workflowID: 'clone-1',
  runID: null,
  verdict: 'orphan',
  reason: '',
  ...o,
});

test('what belongs to a volume goes with it, and only what may be removed is asked for', () => {
  const found = [
    orphan({ kind: 'volume', id: 63, volumeID: 63 }),
    orphan({ kind: 'accessGroupMembership', id: 3, volumeID: 63 }),
    orphan({ kind: 'cloneJob', id: 9, volumeID: 63 }),
    orphan({ kind: 'asyncResult', id: 5, volumeID: 63 }),
    orphan({ kind: 'asyncResult', id: 6, volumeID: 64 }),
    orphan({ kind: 'snapshot', id: 7 }),
    orphan({ kind: 'snapshot', id: 8, verdict: 'kept' }),
    orphan({ kind: 'volume', id: 65, volumeID: 65, verdict: 'unknown' }),
    orphan({ kind: 'volume', id: 66, volumeID: 66, verdict: 'doubtful' }),
  ];
  const ids = (refs: { kind: string; id: number }[]) => refs.map((r) => `${r.kind} ${r.id}`);
  expect(ids(removableRefs(found))).toEqual(['volume 63', 'asyncResult 6', 'snapshot 7']);
  expect(ids(removableRefs(found, ['kept', 'unknown']))).toEqual([
    'volume 63',
    'asyncResult 6',
    'snapshot 7',
    'snapshot 8',
    'volume 65',
  ]);
});

describe('a housekeeping request', () => {
  test('may be left out', () => {
    expect(parseHousekeeping(findOrphansSchema, undefined)).toEqual({});
    expect(parseHousekeeping(takeInventorySchema, null)).toEqual({});
  });

  test('is refused with every fault at once, each with its field', () => {
    const wrong = {
      cluster: 7,
      olderThan: '5',
      include: ['doubtful'],
      only: [{ cluster: 'lab', kind: 'cloneJob', id: 0 }],
      all: true,
    };
    const error = (() => {
      try {
        return parseHousekeeping(removeOrphansSchema, wrong);
      } catch (err) {
        return err;
      }
    })();
    expect(error).toBeInstanceOf(InvalidRequestError);
    const fields = (error as InvalidRequestError).faults.map((f) => f.split(':')[0]);
    expect(new Set(fields)).toEqual(new Set(['all', 'cluster', 'include.0', 'olderThan', 'only.0.id', 'only.0.kind']));
  });
});
