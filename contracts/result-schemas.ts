import { z } from 'zod';
import type { CloneFanOutResult, FailedFanOutMember, FanOutMember, FanOutProgress } from './clone-fan-out-result.ts';
import type { CloneGroupResult, FailedMember, GroupMember } from './clone-group-result.ts';
import type { ClonedVolume, CloneVolumeResult } from './clone-result.ts';
import type { CopyVolumeResult, UndoCopyResult } from './copy-result.ts';
import type {
  CloneFailureDetails,
  CopyFailureDetails,
  FailureDetails,
  FanOutFailureDetails,
  GroupFailureDetails,
  LeftBehind,
  RefreshFailureDetails,
} from './failure.ts';
import type { CloneLeaseResult, LeaseOfClone, LeaseOutcome, LeaseState, LeaseView } from './lease.ts';
import type { Generation, GenerationVolume, KeptBack, MovedGroup, RefreshCloneResult } from './refresh-clone-result.ts';

/*
 * What workflows return, for other languages. The interfaces come first and have the words: an `id` here is the name of
 * the interface whose comments a published schema gets. Members that come later are no fault, so objects are open.
 */

/** A schema of exactly T: nothing more, and nothing less, members that may be missing included. */
const of =
  <T>() =>
  <S extends z.ZodType<T>>(schema: [T, keyof T] extends [z.infer<S>, keyof z.infer<S>] ? S : never): S =>
    schema;

/** IDs, counts and bytes. */
const int = z.int().nonnegative();
const text = z.string();
const maybe = <S extends z.ZodType>(schema: S) => z.exactOptional(schema);

export const leftBehindSchema = of<LeftBehind>()(
  z
    .object({
      kind: z.enum([
        'volume',
        'snapshot',
        'groupSnapshot',
        'accessGroupMembership',
        'cloneJob',
        'asyncResult',
        'content',
      ]),
      id: int.nullable(),
      reason: text,
    })
    .meta({ id: 'LeftBehind' }),
);

const clonedVolume = of<ClonedVolume>()(
  z
    .object({
      volumeID: int,
      name: text,
      status: text,
      access: text,
      accountID: int,
      totalSize: int,
      enable512e: z.boolean(),
      iqn: text,
      qos: z.object({ minIOPS: int, maxIOPS: int, burstIOPS: int }),
      qosPolicyID: int.nullable(),
      volumeAccessGroups: z.array(int),
      attributes: z.record(text, z.unknown()),
      createTime: text,
      scsiNAADeviceID: maybe(text),
      scsiEUIDeviceID: maybe(text),
    })
    .meta({ id: 'ClonedVolume' }),
);

const leaseOfClone = of<LeaseOfClone>()(
  z.object({ workflowID: text, endsAt: text, ended: maybe(text) }).meta({ id: 'LeaseOfClone' }),
);

export const cloneVolumeResultSchema = of<CloneVolumeResult>()(
  z
    .object({
      cluster: text,
      sourceVolumeID: int,
      volumeID: int,
      cloneID: int.nullable(),
      snapshotID: int,
      snapshotDeleted: z.boolean(),
      asyncHandle: int.nullable(),
      volume: clonedVolume,
      startedAt: text,
      finishedAt: text,
      bytes: int,
      apiCalls: maybe(int),
      lease: maybe(leaseOfClone),
    })
    .meta({ id: 'CloneVolumeResult' }),
);

const groupMember = of<GroupMember>()(
  z
    .object({ sourceVolumeID: int, volumeID: int, volume: clonedVolume, lease: maybe(leaseOfClone) })
    .meta({ id: 'GroupMember' }),
);
const failedMember = of<FailedMember>()(
  z
    .object({ sourceVolumeID: int, name: text, step: text, reason: text, leftBehind: z.array(leftBehindSchema) })
    .meta({ id: 'FailedMember' }),
);

export const cloneGroupResultSchema = of<CloneGroupResult>()(
  z
    .object({
      cluster: text,
      groupSnapshotID: int,
      groupSnapshotDeleted: z.boolean(),
      groupCloneID: int.nullable(),
      asyncHandle: int.nullable(),
      members: z.array(groupMember),
      failed: maybe(z.array(failedMember)),
      startedAt: text,
      finishedAt: text,
      bytes: int,
      apiCalls: int,
    })
    .meta({ id: 'CloneGroupResult' }),
);

const fanOutMember = of<FanOutMember>()(
  z
    .object({
      name: text,
      workflowID: text,
      ...cloneVolumeResultSchema.omit({ cluster: true, sourceVolumeID: true, snapshotDeleted: true }).shape,
    })
    .meta({ id: 'FanOutMember' }),
);
const failedFanOutMember = of<FailedFanOutMember>()(
  z.object({ name: text, workflowID: text, error: text }).meta({ id: 'FailedFanOutMember' }),
);

export const cloneFanOutResultSchema = of<CloneFanOutResult>()(
  z
    .object({
      cluster: text,
      sourceVolumeID: int,
      snapshotID: int,
      snapshotDeleted: z.boolean(),
      succeeded: z.array(fanOutMember),
      failed: z.array(failedFanOutMember),
      startedAt: text,
      finishedAt: text,
      bytes: int,
      apiCalls: int,
    })
    .meta({ id: 'CloneFanOutResult' }),
);

export const fanOutProgressSchema = of<FanOutProgress>()(
  z.object({ total: int, succeeded: int, failed: int, running: z.array(text) }).meta({ id: 'FanOutProgress' }),
);

export const copyVolumeResultSchema = of<CopyVolumeResult>()(
  z
    .object({
      cluster: text,
      sourceVolumeID: int,
      dstVolumeID: int,
      cloneID: int,
      snapshotID: int,
      snapshotDeleted: z.boolean(),
      asyncHandle: int.nullable(),
      undo: z.object({ snapshotID: int, expiresAt: text }).nullable(),
      volume: clonedVolume,
      changes: z.array(text),
      startedAt: text,
      finishedAt: text,
      bytes: int,
      apiCalls: maybe(int),
    })
    .meta({ id: 'CopyVolumeResult' }),
);

export const undoCopyResultSchema = of<UndoCopyResult>()(
  z
    .object({
      cluster: text,
      dstVolumeID: int,
      snapshotID: int,
      workflowID: text,
      startedAt: text,
      finishedAt: text,
      apiCalls: maybe(int),
    })
    .meta({ id: 'UndoCopyResult' }),
);

const generationVolume = of<GenerationVolume>()(
  z.object({ sourceVolumeID: int, volumeID: int, name: text }).meta({ id: 'GenerationVolume' }),
);
const generationFields = { generation: int, volumes: z.array(generationVolume) };
const generation = of<Generation>()(z.object(generationFields).meta({ id: 'Generation' }));
const keptBack = of<KeptBack>()(
  z.object({ ...generationFields, reason: text, initiators: z.array(text) }).meta({ id: 'KeptBack' }),
);
const movedGroup = of<MovedGroup>()(
  z
    .object({ volumeAccessGroupID: int, name: text, added: z.array(int), removed: z.array(int) })
    .meta({ id: 'MovedGroup' }),
);

export const refreshCloneResultSchema = of<RefreshCloneResult>()(
  z
    .object({
      ...generationFields,
      cluster: text,
      series: text,
      mode: z.enum(['swap', 'copy']),
      nominalTime: text,
      cloneWorkflowID: text,
      copyWorkflowIDs: maybe(z.array(text)),
      previous: generation.nullable(),
      volumeAccessGroups: z.array(movedGroup),
      retired: z.array(generation),
      keptBack: z.array(keptBack),
      retirementFailed: maybe(text),
      generations: z.array(int),
      startedAt: text,
      finishedAt: text,
      bytes: int,
      apiCalls: int,
    })
    .meta({ id: 'RefreshCloneResult' }),
);

const leaseOutcome = of<LeaseOutcome>()(z.enum(['deleted', 'released', 'gone', 'notOurs']));
const leaseState = of<LeaseState>()(z.enum(['running', 'ending', 'deleting', 'ended']));

export const cloneLeaseResultSchema = of<CloneLeaseResult>()(
  z
    .object({
      cluster: text,
      volumeID: int,
      outcome: leaseOutcome,
      message: text,
      endsAt: text,
      finishedAt: text,
      extensions: int,
      releasedBy: maybe(text),
      sessionsCut: int,
      apiCalls: int,
    })
    .meta({ id: 'CloneLeaseResult' }),
);

export const leaseViewSchema = of<LeaseView>()(
  z
    .object({
      cluster: text,
      volumeID: int,
      name: maybe(text),
      sourceVolumeID: maybe(int),
      cloneWorkflowID: maybe(text),
      request: maybe(text),
      requestedBy: maybe(text),
      state: leaseState,
      endsAt: text,
      endsSoon: maybe(z.literal(true)),
      graceEndsAt: maybe(text),
      extensions: int,
      extendedBy: maybe(text),
      problem: maybe(text),
      outcome: maybe(leaseOutcome),
    })
    .meta({ id: 'LeaseView' }),
);

const failureFields = of<FailureDetails>()(
  z.object({
    cluster: text,
    step: text,
    method: maybe(text),
    apiName: maybe(text),
    accessTypes: maybe(z.array(text)),
    attempts: maybe(int),
    since: maybe(text),
    cancelled: z.boolean(),
    undone: z.array(text),
    leftBehind: z.array(leftBehindSchema),
  }),
).shape;

export const cloneFailureSchema = of<CloneFailureDetails>()(
  z.object({ ...failureFields, sourceVolumeID: int, name: text }).meta({ id: 'CloneFailureDetails' }),
);
export const groupFailureSchema = of<GroupFailureDetails>()(
  z.object({ ...failureFields, sourceVolumeIDs: z.array(int) }).meta({ id: 'GroupFailureDetails' }),
);
export const fanOutFailureSchema = of<FanOutFailureDetails>()(
  z
    .object({ ...failureFields, sourceVolumeID: int, failed: z.array(failedFanOutMember) })
    .meta({ id: 'FanOutFailureDetails' }),
);
export const copyFailureSchema = of<CopyFailureDetails>()(
  z.object({ ...failureFields, sourceVolumeID: maybe(int), dstVolumeID: int }).meta({ id: 'CopyFailureDetails' }),
);
export const refreshFailureSchema = of<RefreshFailureDetails>()(
  z.object({ ...failureFields, series: text, generation: maybe(int) }).meta({ id: 'RefreshFailureDetails' }),
);
