import { describe, expect, test, vi } from 'vitest';
import { playScript } from './play.ts';
import { NO_TROUBLE, QUANTUM_MS, type Ending, type Scenario } from './world.ts';

vi.mock('@temporalio/workflow', async (original) => (await import('./workflow-runtime.ts')).standIn(original));

const ANY_TROUBLE: Scenario = {
  ...NO_TROUBLE,
  faults: 5,
  slowCalls: 5,
  cancels: 1,
  deadlines: 2,
  resets: 1,
  everything: true,
};

interface Case {
  what: string;
  schedule: string[];
  scenario?: Partial<Scenario>;
  ends: Ending['ended'];
}

/** What broke the guarantee once, as the search found it. */
const CASES: Case[] = [
  {
    what: 'an attempt after a refused one is lost, and its heartbeat with it',
    schedule: [
      'cloneVolume refused',
      'cloneVolume the worker is cut off, its heartbeat is lost',
      'cloneVolume acts later',
    ],
    ends: 'completed',
  },
  {
    what: 'a call acts after it timed out: the doubt does not begin when it was issued',
    schedule: ['cloneVolume times out and acts later'],
    ends: 'completed',
  },
  {
    what: 'a call acts between the last look-up of undoing and its end',
    schedule: [
      'cloneVolume the worker is cut off, its heartbeat is lost',
      'cloneVolume acts later',
      'cancelled between attempts',
      'undoClone: reports',
      'undoClone: reports',
      'undoClone: reports',
      'undoClone: listVolumes answered slowly',
    ],
    ends: 'cancelled',
  },
  {
    what: 'the workflow is reset while a call is under way',
    schedule: ['cloneVolume is lost and acts later', 'the workflow is reset'],
    ends: 'completed',
  },
  {
    what: 'the workflow is reset, and the new run is cancelled before it comes as far as the old one',
    schedule: ['awaitClone: reports', 'the workflow is reset', 'cancelled between attempts'],
    scenario: { snapshot: 'delete' },
    ends: 'cancelled',
  },
  {
    what: 'the same with a clone that is finished, and perhaps in use: it is named, not removed',
    schedule: ['modifyVolume: reports', 'the workflow is reset', 'cancelled between attempts'],
    scenario: { snapshot: 'delete' },
    ends: 'failed',
  },
  {
    what: 'the async result of a stranger is refused once its volume is gone',
    schedule: ['cloneVolume is lost and acts later', 'verifyClone: getAsyncResult refused'],
    ends: 'completed',
  },
  {
    what: 'a copy cannot be stopped: its result is still to come when its volume is deleted',
    schedule: ['cloneVolume cancelled', 'cancelClone refused for good'],
    scenario: { copyMs: 4 * QUANTUM_MS },
    ends: 'failed',
  },
  {
    what: 'undoing comes to its deadline while a second volume may exist',
    schedule: [
      'cloneVolume is lost and acts later',
      'awaitClone: getAsyncResult fails',
      'the deadline passes',
      'the deadline passes',
    ],
    ends: 'failed',
  },
  {
    what: 'undoing comes to its deadline while a snapshot may exist',
    schedule: ['createSnapshot is lost and acts later', 'the deadline passes', 'the deadline passes'],
    scenario: { snapshot: 'delete' },
    ends: 'failed',
  },
];

describe('schedules that broke the guarantee once', () => {
  test.each(CASES.map((c) => [c.what, c] as const))('%s', async (_, { schedule, scenario, ends }) => {
    const { wrong, untold, world } = await playScript({ ...ANY_TROUBLE, ...scenario }, schedule);
    expect(untold).toEqual([]);
    expect(wrong).toBeUndefined();
    expect(world.ending?.ended).toBe(ends);
  });
});
