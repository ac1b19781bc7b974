import { missingAccess, type ApiMethod } from '../element/index.ts';

/** What the service does, by the methods of the API that this takes. */
export interface Feature {
  /** As in "without it there is no …". */
  name: string;
  /** Nothing at all works without it. */
  required: boolean;
  methods: readonly ApiMethod[];
}

/** Every method that activities, `doctor` and the health check call stands here; a test compares. */
export const FEATURES: readonly Feature[] = [
  {
    name: 'looking at volumes, running copies and the cluster',
    required: true,
    methods: [
      ...([
        'GetAPI',
        'GetClusterVersionInfo',
        'GetCurrentClusterAdmin',
        'GetLimits',
        'GetClusterFullThreshold',
      ] as const),
      ...(['ListActiveNodes', 'ListVolumes', 'ListSnapshots', 'ListGroupSnapshots'] as const),
      ...(['ListSyncJobs', 'ListAsyncResults', 'GetAsyncResult'] as const),
    ],
  },
  {
    name: 'clones, and undoing them',
    required: true,
    methods: ['CloneVolume', 'CancelClone', 'DeleteVolume', 'CreateSnapshot', 'DeleteSnapshot'],
  },
  {
    name: 'the end of a clone, which sets its tag, and modify',
    required: true,
    methods: ['ModifyVolume'],
  },
  {
    name: 'groups',
    required: false,
    methods: ['CloneMultipleVolumes', 'CancelGroupClone', 'CreateGroupSnapshot', 'DeleteGroupSnapshot'],
  },
  {
    name: 'copies onto a volume',
    required: false,
    methods: ['CopyVolume', 'RollbackToSnapshot', 'ModifySnapshot'],
  },
  {
    name: 'volumeAccessGroups, refreshes that swap, and the end of leases',
    required: false,
    methods: ['ListVolumeAccessGroups', 'AddVolumesToVolumeAccessGroup', 'RemoveVolumesFromVolumeAccessGroup'],
  },
  {
    name: 'knowing who still uses a volume: leases, refreshes, copies onto a volume',
    required: false,
    methods: ['ListISCSISessions'],
  },
  { name: 'newAccountID and modify.accountID', required: false, methods: ['GetAccountByID'] },
  { name: 'qosPolicyID', required: false, methods: ['GetQoSPolicy'] },
];

/** What a cluster admin with these access types cannot do, by the access type that is missing. */
export function lacking(access: readonly string[]): Map<string, Feature[]> {
  const lacks = new Map<string, Feature[]>();
  for (const feature of FEATURES) {
    for (const type of missingAccess(access, feature.methods).keys()) {
      lacks.set(type, [...(lacks.get(type) ?? []), feature]);
    }
  }
  return lacks;
}
