import { qosCurve } from './qos.ts';
import { makeRandom } from './random.ts';
import type { AccountRecord, Attributes, QoS, VolumeRecord } from './records.ts';
import { emptyState, newContent, type ClusterState } from './state.ts';

/** A volume the cluster has from the start. */
export interface SeedVolume {
  volumeID: number;
  name: string;
  accountID?: number;
  totalSize?: number;
  attributes?: Attributes;
  access?: VolumeRecord['access'];
  enable512e?: boolean;
  qos?: Partial<Pick<QoS, 'minIOPS' | 'maxIOPS' | 'burstIOPS'>>;
  qosPolicyID?: number;
  volumeAccessGroups?: number[];
}

/** What the cluster has from the start. A list that is given replaces the default one. */
export interface SeedState {
  accounts?: { accountID: number; username: string }[];
  qosPolicies?: { qosPolicyID: number; name: string; minIOPS: number; maxIOPS: number; burstIOPS: number }[];
  accessGroups?: { volumeAccessGroupID: number; name: string; initiators?: string[] }[];
  volumes?: SeedVolume[];
}

const GiB = 1_073_741_824;
/** When everything of the seed state was made: long before any clock starts. */
const bornMs = Date.parse('2025-03-31T22:26:03Z');

const defaults = {
  accounts: [
    { accountID: 1, username: 'production' },
    { accountID: 2, username: 'uat' },
    { accountID: 3, username: 'development' },
  ],
  qosPolicies: [
    { qosPolicyID: 1, name: 'gold', minIOPS: 5000, maxIOPS: 15_000, burstIOPS: 20_000 },
    { qosPolicyID: 2, name: 'silver', minIOPS: 1000, maxIOPS: 5000, burstIOPS: 8000 },
    { qosPolicyID: 3, name: 'bronze', minIOPS: 50, maxIOPS: 1000, burstIOPS: 2000 },
  ],
  accessGroups: [
    { volumeAccessGroupID: 1, name: 'prod-hosts', initiators: ['iqn.1998-01.com.vmware:prod-esx1-577b283a'] },
    { volumeAccessGroupID: 2, name: 'reporting-hosts', initiators: ['iqn.1993-08.org.debian:01:a31b1d799d5c'] },
    { volumeAccessGroupID: 3, name: 'uat-hosts', initiators: ['iqn.1993-08.org.debian:01:181324777'] },
    { volumeAccessGroupID: 4, name: 'dev-hosts', initiators: ['iqn.1993-08.org.debian:01:181324888'] },
  ],
  volumes: [
    { volumeID: 7, name: 'esx-boot', accountID: 1, totalSize: 32 * GiB, volumeAccessGroups: [1], qosPolicyID: 2 },
    { volumeID: 12, name: 'mail-store', accountID: 1, totalSize: 16 * GiB, volumeAccessGroups: [1], qosPolicyID: 2 },
    { volumeID: 41, name: 'db-prod-log', accountID: 1, totalSize: 2 * GiB, volumeAccessGroups: [1], qosPolicyID: 1 },
    {
      volumeID: 42,
      name: 'db-prod',
      accountID: 1,
      totalSize: 4 * GiB,
      volumeAccessGroups: [1],
      qosPolicyID: 1,
      attributes: { application: 'orders', tier: 'production' },
    },
    { volumeID: 43, name: 'db-prod-temp', accountID: 1, totalSize: GiB, volumeAccessGroups: [1], qosPolicyID: 2 },
    { volumeID: 50, name: 'warehouse', accountID: 1, totalSize: 64 * GiB, volumeAccessGroups: [1, 2] },
    { volumeID: 60, name: 'db-uat-old', accountID: 2, totalSize: 4 * GiB, volumeAccessGroups: [3], qosPolicyID: 3 },
    { volumeID: 61, name: 'scratch', accountID: 3, totalSize: 10 * GiB, volumeAccessGroups: [4], qosPolicyID: 3 },
  ] satisfies SeedVolume[],
};

const purposes = ['db', 'app', 'web', 'queue', 'search', 'cache', 'files', 'vm', 'build', 'archive'];
const places = ['prod', 'uat', 'dev', 'lab'];

/** Volumes beyond the named ones, with names and sizes drawn from the seed. */
const moreVolumes = (seed: number, more: number, firstID: number): SeedVolume[] => {
  const random = makeRandom(seed ^ 0x5eed);
  const pick = (list: readonly string[]): string => list[Math.floor(random.next() * list.length)]!;
  return Array.from({ length: more }, (_, i) => ({
    volumeID: firstID + i,
    name: `${pick(purposes)}-${pick(places)}-${String(i + 1).padStart(3, '0')}`,
    accountID: 1 + Math.floor(random.next() * 3),
    totalSize: (1 + Math.floor(random.next() * 64)) * GiB,
  }));
};

const seedVolume = (state: ClusterState, v: SeedVolume, uuid: () => string): VolumeRecord => {
  const policy = v.qosPolicyID === undefined ? undefined : state.qosPolicies.get(v.qosPolicyID);
  const qos: QoS = { minIOPS: 50, maxIOPS: 15_000, burstIOPS: 15_000, burstTime: 60, curve: { ...qosCurve }, ...v.qos };
  return {
    volumeID: v.volumeID,
    name: v.name,
    accountID: v.accountID ?? 1,
    status: 'active',
    access: v.access ?? 'readWrite',
    totalSize: v.totalSize ?? GiB,
    enable512e: v.enable512e ?? true,
    enableSnapMirrorReplication: false,
    attributes: v.attributes ?? {},
    qos: policy?.qos ?? qos,
    qosPolicyID: policy?.qosPolicyID ?? null,
    volumeAccessGroups: v.volumeAccessGroups ?? [],
    createMs: bornMs,
    bornMs,
    deleteMs: null,
    purgeMs: null,
    fifoSize: 24,
    minFifoSize: 0,
    cloned: false,
    volumeUUID: uuid(),
    volumeConsistencyGroupUUID: uuid(),
    content: newContent(state),
  };
};

const last = (map: ReadonlyMap<number, unknown>): number => Math.max(0, ...map.keys());

/** The cluster as it is before the first call: the same for the same seed and options. */
export const seedState = (seed: number, volumes: number | undefined, given: SeedState = {}): ClusterState => {
  const state = emptyState();
  const random = makeRandom(seed);
  const uuid = (): string => random.uuid();
  for (const { accountID, username } of given.accounts ?? defaults.accounts) {
    const secret = uuid().replaceAll('-', '');
    const account: AccountRecord = {
      accountID,
      username,
      status: 'active',
      attributes: {},
      initiatorSecret: secret.slice(0, 16),
      targetSecret: secret.slice(16),
      enableChap: true,
    };
    state.accounts.set(accountID, account);
  }
  for (const { qosPolicyID, name, ...iops } of given.qosPolicies ?? defaults.qosPolicies) {
    const qos: QoS = { ...iops, burstTime: 60, curve: { ...qosCurve } };
    state.qosPolicies.set(qosPolicyID, { qosPolicyID, name, qos });
  }
  for (const { volumeAccessGroupID, name, initiators = [] } of given.accessGroups ?? defaults.accessGroups) {
    const initiatorIDs = initiators.map((initiator) => {
      const initiatorID = ++state.lastID.initiator;
      state.initiators.set(initiatorID, initiator);
      return initiatorID;
    });
    state.accessGroups.set(volumeAccessGroupID, {
      volumeAccessGroupID,
      name,
      attributes: {},
      initiatorIDs,
      volumes: [],
    });
  }
  const named = given.volumes ?? defaults.volumes;
  const lastNamed = Math.max(0, ...named.map((v) => v.volumeID));
  const all = [...named, ...moreVolumes(seed, Math.max(0, (volumes ?? 0) - named.length), lastNamed + 1)];
  for (const v of all.sort((a, b) => a.volumeID - b.volumeID)) {
    state.volumes.set(v.volumeID, seedVolume(state, v, uuid));
    for (const groupID of v.volumeAccessGroups ?? []) {
      const group = state.accessGroups.get(groupID);
      if (group === undefined) throw new RangeError(`seed volume ${v.volumeID}: no access group ${groupID}`);
      group.volumes.push(v.volumeID);
    }
  }
  state.lastID.volume = last(state.volumes);
  state.lastID.account = last(state.accounts);
  state.lastID.qosPolicy = last(state.qosPolicies);
  state.lastID.accessGroup = last(state.accessGroups);
  return state;
};
