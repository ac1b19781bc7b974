import type * as R from './records.ts';

interface DueEvent {
  at: number;
  order: number;
  run: (at: number) => void;
}

/** Everything the cluster knows. Maps keep the order of IDs, since IDs only grow. */
export interface ClusterState {
  volumes: Map<number, R.VolumeRecord>;
  snapshots: Map<number, R.SnapshotRecord>;
  groupSnapshots: Map<number, R.GroupSnapshotRecord>;
  accessGroups: Map<number, R.AccessGroupRecord>;
  accounts: Map<number, R.AccountRecord>;
  qosPolicies: Map<number, R.QoSPolicyRecord>;
  initiators: Map<number, string>;
  cloneJobs: Map<number, R.CloneJobRecord>;
  /** Those of `cloneJobs` that still run: at most a few dozen, however many there have been. */
  running: Set<R.CloneJobRecord>;
  asyncResults: Map<number, R.AsyncResultRecord>;
  sessions: R.SessionRecord[];
  /** Snapshot IDs by volume, so that a look at one volume does not walk over all snapshots. */
  snapshotsByVolume: Map<number, Set<number>>;
  lastID: Record<IdKind, number>;
  peak: { running: number; byVolume: Map<number, number>; byNode: Map<number, number> };
  due: DueQueue;
}

export type IdKind =
  | 'volume'
  | 'snapshot'
  | 'groupSnapshot'
  | 'accessGroup'
  | 'account'
  | 'qosPolicy'
  | 'initiator'
  | 'clone'
  | 'groupClone'
  | 'async'
  | 'session'
  | 'content';

/** What will happen by itself, in order of time. Nothing fires until somebody asks for the state at a time. */
export interface DueQueue {
  add(at: number, run: (at: number) => void): void;
  settle(now: number): void;
}

/** A binary heap: thousands of expirations and clones cost a logarithm each. */
export const makeDueQueue = (): DueQueue => {
  const heap: DueEvent[] = [];
  let order = 0;
  const before = (a: DueEvent, b: DueEvent): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);
  const swap = (i: number, j: number): void => {
    const a = heap[i]!;
    heap[i] = heap[j]!;
    heap[j] = a;
  };
  const pop = (): DueEvent => {
    const top = heap[0]!;
    const last = heap.pop()!;
    if (heap.length > 0) {
      heap[0] = last;
      for (let i = 0; ;) {
        let least = i;
        for (const child of [2 * i + 1, 2 * i + 2]) {
          if (child < heap.length && before(heap[child]!, heap[least]!)) least = child;
        }
        if (least === i) break;
        swap(i, least);
        i = least;
      }
    }
    return top;
  };
  return {
    add(at, run) {
      if (!Number.isFinite(at)) return;
      heap.push({ at, order: order++, run });
      for (let i = heap.length - 1; i > 0;) {
        const parent = (i - 1) >> 1;
        if (!before(heap[i]!, heap[parent]!)) break;
        swap(i, parent);
        i = parent;
      }
    },
    settle(now) {
      while (heap.length > 0 && heap[0]!.at <= now) {
        const event = pop();
        event.run(event.at);
      }
    },
  };
};

export const emptyState = (): ClusterState => ({
  volumes: new Map(),
  snapshots: new Map(),
  groupSnapshots: new Map(),
  accessGroups: new Map(),
  accounts: new Map(),
  qosPolicies: new Map(),
  initiators: new Map(),
  cloneJobs: new Map(),
  running: new Set(),
  asyncResults: new Map(),
  sessions: [],
  snapshotsByVolume: new Map(),
  lastID: {
    volume: 0,
    snapshot: 0,
    groupSnapshot: 0,
    accessGroup: 0,
    account: 0,
    qosPolicy: 0,
    initiator: 0,
    clone: 0,
    groupClone: 0,
    async: 0,
    session: 0,
    content: 0,
  },
  peak: { running: 0, byVolume: new Map(), byNode: new Map() },
  due: makeDueQueue(),
});

/** The next free ID of a kind; IDs are never used twice. */
export const nextID = (state: ClusterState, kind: IdKind): number => ++state.lastID[kind];

/** A mark for data that no other volume holds. */
export const newContent = (state: ClusterState): string => `content-${nextID(state, 'content')}`;
