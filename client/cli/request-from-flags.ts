import { UsageError } from './errors.ts';
import type { Io } from './io.ts';
import { readObject, type Fields } from './read-object.ts';
import { parseSize } from './size.ts';
import { isObject } from '../../contracts/json-object.ts';

/** Flags that say what the new volumes are to be like, and how the request is to be served. */
interface SharedFlags {
  file?: string;
  cluster?: string;
  snapshotName?: string;
  snapshotRetention?: string;
  snapshotExpiresIn?: string;
  access?: string;
  attribute?: string[];
  enableSnapmirrorReplication?: boolean;
  newAccountId?: string;
  newSize?: string;
  minIops?: string;
  maxIops?: string;
  burstIops?: string;
  qosPolicyId?: string;
  modifyAccess?: string;
  modifyAttribute?: string[];
  modifyAccountId?: string;
  modifyTotalSize?: string;
  volumeAccessGroup?: string[];
  lease?: string;
  leaseMax?: string;
  leaseGrace?: string;
  requestId?: string;
  deadline?: string;
  onFailure?: string;
  requestedBy?: string;
  priority?: string;
}

/** Flags of `element-clone clone`, as commander hands them over. */
export interface CloneFlags extends SharedFlags {
  volumeId?: string;
  name?: string;
  snapshotId?: string;
  enable512e?: boolean;
}

/** Flags of `element-clone group`. */
export interface GroupFlags extends SharedFlags {
  /** `42` or `42=name`. */
  volume?: string[];
  groupSnapshotId?: string;
  onMemberFailure?: string;
}

/** Flags of `element-clone fan-out`. */
export interface FanOutFlags extends SharedFlags {
  volumeId?: string;
  name?: string[];
  count?: string;
  namePrefix?: string;
  snapshotId?: string;
  enable512e?: boolean;
  onMemberFailure?: string;
}

/** Flags of `element-clone refresh`. */
export interface RefreshFlags extends SharedFlags {
  series?: string;
  volumeId?: string;
  /** `42` or `42=name`. */
  volume?: string[];
  snapshotId?: string;
  groupSnapshotId?: string;
  nameTemplate?: string;
  timeZone?: string;
  nominalTime?: string;
  mode?: string;
  keep?: string;
  retire?: string;
  swap?: string;
  force?: boolean;
  hookBefore?: string;
  hookBeforeSwap?: string;
  hookAfter?: string;
}

/** Flags of `element-clone copy`. */
export interface CopyFlags extends SharedFlags {
  volumeId?: string;
  dstVolumeId?: string;
  snapshotId?: string;
  undoExpiresIn?: string;
  force?: boolean;
}

/**
 * The request in the contract's shape, unchecked: the file's fields, and over them those given as flags. What makes no
 * number stays text, so that the one check of the whole request reports it with all other faults.
 */
export const requestFromFlags = (f: CloneFlags, io: Pick<Io, 'readStdin'>): Promise<Fields> =>
  withFile(f, io, {
    volumeID: number(f.volumeId),
    name: f.name,
    snapshotID: number(f.snapshotId),
    enable512e: f.enable512e,
  });

/** The same of a group. Volumes given as flags replace those of the file. */
export const groupFromFlags = (f: GroupFlags, io: Pick<Io, 'readStdin'>): Promise<Fields> =>
  withFile(f, io, {
    volumes: f.volume?.map(member),
    groupSnapshotID: number(f.groupSnapshotId),
    onMemberFailure: f.onMemberFailure,
  });

/** The same of a fan-out. Names given as flags replace those of the file. */
export const fanOutFromFlags = (f: FanOutFlags, io: Pick<Io, 'readStdin'>): Promise<Fields> =>
  withFile(f, io, {
    volumeID: number(f.volumeId),
    clones: names(f)?.map((name) => ({ name })),
    snapshotID: number(f.snapshotId),
    enable512e: f.enable512e,
    onMemberFailure: f.onMemberFailure,
  });

/** The same of a refresh: what the new volumes are to be like stands below `clone`. */
export async function refreshFromFlags(f: RefreshFlags, io: Pick<Io, 'readStdin'>): Promise<Fields> {
  const file = f.file === undefined ? {} : await readObject('--file', f.file, io);
  const { volumeAccessGroups, requestId, deadline, onFailure, requestedBy, priority, ...ofClone } = sharedFields(f);
  const clone = group({
    ...ofClone,
    volumeID: number(f.volumeId),
    volumes: f.volume?.map(member),
    snapshotID: number(f.snapshotId),
    groupSnapshotID: number(f.groupSnapshotId),
  });
  const own = {
    clone,
    series: f.series,
    mode: f.mode,
    nameTemplate: f.nameTemplate,
    timeZone: f.timeZone,
    nominalTime: f.nominalTime,
    keep: number(f.keep),
    retire: f.retire,
    swap: f.swap,
    force: f.force,
    hooks: group({ before: f.hookBefore, beforeSwap: f.hookBeforeSwap, after: f.hookAfter }),
    ...{ volumeAccessGroups, requestId, deadline, onFailure, requestedBy, priority },
  };
  return merge(file, defined(own));
}

/** The same of a copy onto a volume. */
export const copyFromFlags = (f: CopyFlags, io: Pick<Io, 'readStdin'>): Promise<Fields> =>
  withFile(f, io, {
    volumeID: number(f.volumeId),
    dstVolumeID: number(f.dstVolumeId),
    snapshotID: number(f.snapshotId),
    undo: group({ expiresIn: f.undoExpiresIn }),
    force: f.force,
  });

const COUNT_MAX = 10_000;

/** `dev-01` to `dev-50`, so that lists sort them as people count. */
function names({ name, count, namePrefix }: FanOutFlags): string[] | undefined {
  if (count === undefined && namePrefix === undefined) return name;
  const n = Number(count);
  if (count === undefined || namePrefix === undefined) {
    throw new UsageError('--count and --name-prefix belong together: --count 50 --name-prefix dev-');
  }
  if (!/^\d+$/.test(count) || n < 1 || n > COUNT_MAX) {
    throw new UsageError(`--count: "${count}" is no number of clones, 1 or more`);
  }
  const numbered = Array.from({ length: n }, (_, i) => `${namePrefix}${String(i + 1).padStart(count.length, '0')}`);
  return [...(name ?? []), ...numbered];
}

async function withFile(flags: SharedFlags, io: Pick<Io, 'readStdin'>, own: Fields): Promise<Fields> {
  const file = flags.file === undefined ? {} : await readObject('--file', flags.file, io);
  return merge(file, defined({ ...own, ...sharedFields(flags) }));
}

/** `42`, or `42=name`. */
function member(text: string): Fields {
  const at = text.indexOf('=');
  return at < 0 ? { volumeID: number(text) } : { volumeID: number(text.slice(0, at)), name: text.slice(at + 1) };
}

const sharedFields = (f: SharedFlags): Fields => ({
  cluster: f.cluster,
  access: f.access,
  attributes: f.attribute && pairs('--attribute', f.attribute),
  enableSnapMirrorReplication: f.enableSnapmirrorReplication,
  newAccountID: number(f.newAccountId),
  newSize: size('--new-size', f.newSize),
  snapshot: group({ name: f.snapshotName, retention: f.snapshotRetention, expiresIn: f.snapshotExpiresIn }),
  modify: group({
    qos: group({ minIOPS: number(f.minIops), maxIOPS: number(f.maxIops), burstIOPS: number(f.burstIops) }),
    qosPolicyID: number(f.qosPolicyId),
    access: f.modifyAccess,
    attributes: f.modifyAttribute && pairs('--modify-attribute', f.modifyAttribute),
    accountID: number(f.modifyAccountId),
    totalSize: size('--modify-total-size', f.modifyTotalSize),
  }),
  volumeAccessGroups: f.volumeAccessGroup?.map(number),
  lease: f.lease,
  leaseMax: f.leaseMax,
  leaseGrace: f.leaseGrace,
  requestId: f.requestId,
  deadline: f.deadline,
  onFailure: f.onFailure,
  requestedBy: f.requestedBy,
  priority: number(f.priority),
});

const defined = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

const group = (fields: Fields): Fields | undefined => {
  const given = defined(fields);
  return Object.keys(given).length > 0 ? given : undefined;
};

const number = (text: string | undefined): number | string | undefined =>
  text !== undefined && /^-?\d{1,15}(\.\d+)?$/.test(text) ? Number(text) : text;

function size(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const bytes = parseSize(text);
  if (bytes === undefined) {
    throw new UsageError(`${flag}: "${text}" is no size; write 10GiB, 10GB or the bytes, such as 10737418240`);
  }
  return bytes;
}

function pairs(flag: string, texts: readonly string[]): Fields {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=');
      if (at < 1) throw new UsageError(`${flag}: "${text}" is no key=value`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

/** Deep, so that one flag does not drop its neighbours in the file. */
export function merge(file: Fields, flags: Fields): Fields {
  const merged = { ...file };
  for (const [key, value] of Object.entries(flags)) {
    const before = merged[key];
    merged[key] = isObject(before) && isObject(value) ? merge(before, value) : value;
    // Either of the two replaces the other, as it would on the volume.
    if (key === 'qosPolicyID') delete merged['qos'];
    if (key === 'qos') delete merged['qosPolicyID'];
    if (key === 'snapshotID' || key === 'groupSnapshotID') delete merged['snapshot'];
  }
  return merged;
}
