import { z } from 'zod';
import type { Context } from '../context.ts';
import { invalidApiParameter } from '../errors.ts';
import { id, ids, method, type Method } from '../method.ts';
import type { VolumeRecord } from '../records.ts';
import { renderVolume } from '../render.ts';
import { activeAccount } from '../volumes.ts';

const page = (list: VolumeRecord[], limit: number | undefined): VolumeRecord[] =>
  limit === undefined || limit === 0 ? list : list.slice(0, limit);

const render = (context: Context, list: VolumeRecord[]) => ({ volumes: list.map((v) => renderVolume(context, v)) });

const inOrder = ({ state }: Context): VolumeRecord[] => [...state.volumes.values()];

/** ListVolumes allows `creating` and `snapshotting` in its filter, though no volume object has such a status. */
const statusParam = z.enum(['creating', 'snapshotting', 'init', 'active', 'deleted']);

const listVolumes = method(
  'ListVolumes',
  {
    accounts: ids.optional(),
    includeVirtualVolumes: z.boolean().optional(),
    isPaired: z.boolean().optional(),
    limit: z.int().nonnegative().optional(),
    startVolumeID: z.int().nonnegative().optional(),
    volumeIDs: ids.optional(),
    volumeName: z.string().optional(),
    volumeStatus: statusParam.optional(),
    protectionSchemes: z.array(z.string()).optional(),
  },
  (context, p) => {
    if (p.volumeIDs !== undefined) {
      const clash = (['accounts', 'startVolumeID', 'limit'] as const).find((key) => p[key] !== undefined);
      if (clash !== undefined) throw invalidApiParameter(`volumeIDs and ${clash} are mutually exclusive.`);
    }
    const accounts = p.accounts === undefined ? undefined : new Set(p.accounts);
    // IDs that are not there are left out without an error: a caller learns so that a volume is gone.
    const among =
      p.volumeIDs === undefined
        ? inOrder(context)
        : [...new Set(p.volumeIDs)]
            .sort((a, b) => a - b)
            .flatMap((volumeID) => context.state.volumes.get(volumeID) ?? []);
    const found = among.filter(
      (v) =>
        v.volumeID >= (p.startVolumeID ?? 0) &&
        (accounts?.has(v.accountID) ?? true) &&
        (p.volumeName === undefined || v.name === p.volumeName) &&
        (p.volumeStatus === undefined || v.status === p.volumeStatus) &&
        p.isPaired !== true,
    );
    return render(context, page(found, p.limit ?? 10_000));
  },
);

const listActiveVolumes = method(
  'ListActiveVolumes',
  {
    includeVirtualVolumes: z.boolean().optional(),
    startVolumeID: z.int().nonnegative().optional(),
    limit: z.int().nonnegative().optional(),
  },
  (context, p) =>
    render(
      context,
      page(
        inOrder(context).filter((v) => v.status === 'active' && v.volumeID >= (p.startVolumeID ?? 0)),
        p.limit,
      ),
    ),
);

const listDeletedVolumes = method('ListDeletedVolumes', { includeVirtualVolumes: z.boolean().optional() }, (context) =>
  render(
    context,
    inOrder(context).filter((v) => v.status === 'deleted'),
  ),
);

const listVolumesForAccount = method(
  'ListVolumesForAccount',
  {
    accountID: id,
    includeVirtualVolumes: z.boolean().optional(),
    startVolumeID: z.int().nonnegative().optional(),
    limit: z.int().nonnegative().optional(),
  },
  (context, p) => {
    activeAccount(context, p.accountID);
    const owned = inOrder(context).filter((v) => v.accountID === p.accountID && v.volumeID >= (p.startVolumeID ?? 0));
    return render(context, page(owned, p.limit));
  },
);

const getVolumeCount = method('GetVolumeCount', {}, ({ state }) => ({ count: state.volumes.size }));

export const volumeListMethods: Method[] = [
  listVolumes,
  listActiveVolumes,
  listDeletedVolumes,
  listVolumesForAccount,
  getVolumeCount,
];
