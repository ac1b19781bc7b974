import type { CloneVolumeRequest } from '../contracts/clone-volume.ts';
import { ATTRIBUTES_BYTES_MAX } from '../contracts/names.ts';
import { parseDuration } from '../contracts/duration.ts';
import { parseTime } from '../contracts/lease.ts';
import { withoutTag, withTag } from '../contracts/tag.ts';
import { compareVersions, minimumApiVersion } from '../element/index.ts';
import { generationTag } from './find.ts';
import { leaseTag } from './modify.ts';
import type { Facts } from './preflight-facts.ts';
import type { Owner } from './types.ts';

const DAY_MS = 86_400_000;

/** Every reason why the cluster would refuse, each beginning with the field and ending with the remedy. */
export function checkRequest(request: CloneVolumeRequest, facts: Facts, owner: Owner): string[] {
  return [...clusterFaults('CloneVolume', request, facts), ...volumeFaults(request, facts, owner)];
}

type Method = 'CloneVolume' | 'CloneMultipleVolumes' | 'CopyVolume';
type VersionedFields = Pick<CloneVolumeRequest, 'modify' | 'enableSnapMirrorReplication'>;

/** What holds for the cluster as a whole, however many volumes the request is about. */
export function clusterFaults(
  method: Method,
  request: Pick<CloneVolumeRequest, 'cluster'> & Partial<VersionedFields>,
  { apiVersion, fullness }: Pick<Facts, 'apiVersion' | 'fullness'>,
): string[] {
  const faults = versionFaults(method, request, apiVersion);
  if (fullness !== undefined && /^stage[45]/.test(fullness.fullness)) {
    faults.push(
      `cluster: ${request.cluster} is too full (${fullness.fullness}) to make snapshots or clones; free space or add capacity, then ask again`,
    );
  }
  return faults;
}

/** What holds for one clone. */
export function volumeFaults(request: CloneVolumeRequest, facts: Facts, owner: Owner): string[] {
  const faults: string[] = [];
  const { source, limits } = facts;
  faults.push(...leaseTooLong(request, facts.leaseMaxMs), ...leaseFaults(request));
  if (source === undefined) {
    faults.push(`volumeID: cluster ${request.cluster} has no volume ${request.volumeID}, or it was deleted`);
  } else if (source.status !== 'active') {
    faults.push(`volumeID: volume ${request.volumeID} is "${source.status}", not "active"; wait until it is`);
  }
  if (request.snapshotID !== undefined && facts.snapshot === undefined && source !== undefined) {
    faults.push(`snapshotID: volume ${request.volumeID} has no snapshot ${request.snapshotID}`);
  }
  for (const { field, what } of facts.missing) faults.push(`${field}: cluster ${request.cluster} has no ${what}`);
  faults.push(...facts.groupFaults);
  if (facts.volumeAccessGroups.length > limits.volumeAccessGroupsPerVolumeCountMax) {
    faults.push(`volumeAccessGroups: a volume can be in at most ${limits.volumeAccessGroupsPerVolumeCountMax} groups`);
  }
  if (request.name.length < limits.volumeNameLengthMin || request.name.length > limits.volumeNameLengthMax) {
    faults.push(
      `name: must be ${limits.volumeNameLengthMin} to ${limits.volumeNameLengthMax} characters on this cluster`,
    );
  }
  faults.push(...sizeFaults(request, facts), ...qosFaults(request, facts), ...attributeFaults(request, facts, owner));
  return faults;
}

/** What the configuration does not allow. */
export function leaseTooLong(
  {
    lease,
    leaseMax,
    endsAt,
  }: { lease?: string | undefined; leaseMax?: string | undefined; endsAt?: string | undefined },
  leaseMaxMs: number | undefined,
  now = 0,
): string[] {
  if (leaseMaxMs === undefined) return [];
  const until = parseTime(endsAt);
  const asked: [string, number | undefined][] = [
    ['lease', parseDuration(lease)],
    ['leaseMax', parseDuration(leaseMax)],
    ['endsAt', until === undefined ? undefined : until - now],
  ];
  return asked.flatMap(([field, ms]) =>
    ms === undefined || ms <= leaseMaxMs
      ? []
      : [
          `${field}: is longer than leaseMaxDays allows, which is ${leaseMaxMs / DAY_MS} in the worker's configuration; ask for less and extend the lease later, or have it raised`,
        ],
  );
}

function leaseFaults({ lease, leaseMax }: CloneVolumeRequest): string[] {
  const [length, max] = [parseDuration(lease), parseDuration(leaseMax)];
  return length === undefined || max === undefined || max >= length
    ? []
    : [`leaseMax: must be at least the lease, "${lease}"; an extension could else never be made`];
}

function versionFaults(
  method: Method,
  request: Pick<CloneVolumeRequest, 'cluster'> & Partial<VersionedFields>,
  apiVersion: string,
): string[] {
  const needs: [field: string, key: keyof typeof minimumApiVersion][] = [['cluster', method]];
  if (request.modify?.qosPolicyID !== undefined) needs.push(['modify.qosPolicyID', 'ModifyVolume.qosPolicyID']);
  if (request.enableSnapMirrorReplication !== undefined && method !== 'CopyVolume') {
    needs.push(['enableSnapMirrorReplication', `${method}.enableSnapMirrorReplication`]);
  }
  return needs.flatMap(([field, key]) => {
    const minimum = minimumApiVersion[key];
    return compareVersions(apiVersion, minimum) < 0
      ? [
          `${field}: needs Element API ${minimum}, cluster ${request.cluster} is used at ${apiVersion}; raise apiVersion in the worker's configuration or upgrade the cluster`,
        ]
      : [];
  });
}

function sizeFaults(request: CloneVolumeRequest, { source, snapshot, limits }: Facts): string[] {
  const faults: string[] = [];
  for (const [field, size] of [
    ['newSize', request.newSize],
    ['modify.totalSize', request.modify?.totalSize],
  ] as const) {
    if (size !== undefined && (size < limits.volumeSizeMin || size > limits.volumeSizeMax)) {
      faults.push(`${field}: must be ${limits.volumeSizeMin} to ${limits.volumeSizeMax} bytes on this cluster`);
    }
  }
  const cloneSize = request.newSize ?? snapshot?.totalSize ?? source?.totalSize;
  const grown = request.modify?.totalSize;
  if (grown !== undefined && cloneSize !== undefined && grown < cloneSize) {
    faults.push(
      `modify.totalSize: ${grown} bytes is less than the clone's ${cloneSize} bytes, and ModifyVolume can only grow; use newSize to make a smaller clone`,
    );
  }
  return faults;
}

function qosFaults(request: CloneVolumeRequest, { source, limits }: Facts): string[] {
  const qos = request.modify?.qos;
  if (qos === undefined) return [];
  const faults: string[] = [];
  for (const [field, min, max] of [
    ['minIOPS', limits.volumeMinIOPSMin, limits.volumeMinIOPSMax],
    ['maxIOPS', limits.volumeMaxIOPSMin, limits.volumeMaxIOPSMax],
    ['burstIOPS', limits.volumeBurstIOPSMin, limits.volumeBurstIOPSMax],
  ] as const) {
    const value = qos[field];
    if (value !== undefined && (value < min || value > max)) {
      faults.push(`modify.qos.${field}: ${value} is out of range; this cluster takes ${min} to ${max}`);
    }
  }
  // A value that is not given is inherited from the source, and must still fit.
  if (source !== undefined) {
    const full = { ...source.qos, ...Object.fromEntries(Object.entries(qos).filter(([, v]) => v !== undefined)) };
    const inherited = 'with the value inherited from the source';
    if (full.minIOPS > full.maxIOPS) {
      faults.push(`modify.qos: minIOPS ${full.minIOPS} would exceed maxIOPS ${full.maxIOPS} ${inherited}; give both`);
    }
    if (full.maxIOPS > full.burstIOPS) {
      faults.push(
        `modify.qos: maxIOPS ${full.maxIOPS} would exceed burstIOPS ${full.burstIOPS} ${inherited}; give both`,
      );
    }
  }
  return faults;
}

/** All attributes of a volume share less than 1000 bytes, and ours among them. */
function attributeFaults(request: CloneVolumeRequest, { source, taskQueue }: Facts, owner: Owner): string[] {
  if (source === undefined) return [];
  const inherited = withoutTag(source.attributes);
  const tag = {
    request: owner.request,
    workflowID: owner.workflowID,
    step: 'clone',
    sourceVolumeID: source.volumeID,
    volumeID: 999_999_999,
    ...(owner.requestedBy === undefined ? {} : { requestedBy: owner.requestedBy }),
    ...generationTag(request),
    ...(request.series === undefined ? {} : { served: new Date(0).toISOString() }),
    ...leaseTag(request, taskQueue, 999_999_999),
  } as const;
  const sets: [string, Record<string, unknown>][] = [
    ['attributes', request.attributes ?? inherited],
    ...(request.modify?.attributes === undefined
      ? []
      : [['modify.attributes', request.modify.attributes] as [string, Record<string, unknown>]]),
  ];
  return sets.flatMap(([field, attributes]) => {
    const own = bytes(withTag(attributes, tag));
    if (own < ATTRIBUTES_BYTES_MAX) return [];
    const where = field === 'attributes' && request.attributes === undefined ? ' (inherited from the source)' : '';
    return [
      `${field}: with the ownership tag they take ${own} bytes${where}, a volume has room for ${ATTRIBUTES_BYTES_MAX - 1}; shorten them by ${own - ATTRIBUTES_BYTES_MAX + 1} bytes`,
    ];
  });
}

const bytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value));
