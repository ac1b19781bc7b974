import { activityInfo, ApplicationFailure } from '@temporalio/activity';
import { parseDuration } from '../contracts/duration.ts';
import { parseCloneVolumeRequest, type CloneVolumeRequest } from '../contracts/clone-volume.ts';
import { InvalidRequestError } from '../contracts/faults.ts';
import { DEFAULT_LEASE_MAX } from '../contracts/lease.ts';
import { DEFAULT_SNAPSHOT_EXPIRY, FAILURE } from '../contracts/names.ts';
import { withoutTag } from '../contracts/tag.ts';
import type { Volume } from '../element/index.ts';
import type { ActivityDeps } from './deps.ts';
import { lastEndedRun } from './earlier-run.ts';
import { accessFaults, cloneCalls } from './preflight-access.ts';
import { checkRequest } from './preflight-checks.ts';
import { readFacts, type Facts } from './preflight-facts.ts';
import { runStep, type StepContext } from './step.ts';
import type { ClonePlan, CloneActivities, Owner } from './types.ts';

/** Sizes are rounded up to a whole MiB by the cluster. */
const MIB = 1_048_576;
const wholeMiB = (bytes: number) => Math.ceil(bytes / MIB) * MIB;

export const createPreflightActivities = (deps: ActivityDeps): Pick<CloneActivities, 'preflight'> => ({
  async preflight({ request: input, owner }) {
    const request = checked(parseCloneVolumeRequest, input);
    return runStep(deps, request.cluster, async (ctx) => {
      const wanted = {
        snapshot: request.snapshotID === undefined,
        groups: !!request.volumeAccessGroups?.length,
        lease: request.lease !== undefined,
      };
      const lacking = await accessFaults(ctx, cloneCalls(wanted));
      if (lacking.length > 0) throw invalid(lacking);
      const facts = await readFacts(ctx, request);
      const faults = checkRequest(request, facts, owner);
      if (faults.length > 0) throw invalid(faults);
      return { ...makePlan(request, facts), earlierRunEndedAt: await earlierRunEnd(deps, ctx, owner, request) };
    });
  },
});

/** See `ClonePlan.earlierRunEndedAt`. */
export const earlierRunEnd = (
  deps: ActivityDeps,
  ctx: StepContext,
  owner: Owner,
  request: Pick<CloneVolumeRequest, 'onFailure'>,
): Promise<string | null> =>
  owner.mayHaveRunBefore ? lastEndedRun(deps.temporal, request.onFailure === 'keep', ctx.now()) : Promise.resolve(null);

/** The worker checks too: another SDK may have sent the request. */
export function checked<T>(parse: (input: unknown) => T, input: unknown): T {
  try {
    return parse(input);
  } catch (err) {
    if (err instanceof InvalidRequestError) throw invalid(err.faults);
    throw err;
  }
}

/** A refusal: nothing was created, and asking again would end in the same way. */
export function invalid(faults: readonly string[]): ApplicationFailure {
  return ApplicationFailure.create({
    type: FAILURE.invalidRequest,
    message: `${new InvalidRequestError(faults).message}\nNothing was created.`,
    nonRetryable: true,
    details: [faults],
  });
}

export function makePlan(request: CloneVolumeRequest, facts: Facts): ClonePlan {
  const source = facts.source!;
  const modify = request.modify ?? {};
  const cloneAttributes = request.attributes ?? withoutTag(source.attributes);
  const cloneSize = wholeMiB(request.newSize ?? facts.snapshot?.totalSize ?? source.totalSize);
  const access = modify.access ?? request.access;
  return {
    revision: 1,
    request,
    source: sourceOf(source),
    totalSize: modify.totalSize === undefined ? cloneSize : wholeMiB(modify.totalSize),
    cloneAttributes,
    attributes: modify.attributes ?? cloneAttributes,
    expected: {
      totalSize: modify.totalSize === undefined ? cloneSize : wholeMiB(modify.totalSize),
      accountID: modify.accountID ?? request.newAccountID ?? source.accountID,
      // An unpaired volume shows "locked" when it was asked to be a replication target.
      ...(access === undefined || access === 'replicationTarget' ? {} : { access }),
      ...(request.enable512e === undefined ? {} : { enable512e: request.enable512e }),
      ...(modify.qos === undefined ? {} : { qos: definedOnly(modify.qos) }),
      ...(modify.qosPolicyID === undefined ? {} : { qosPolicyID: modify.qosPolicyID }),
    },
    volumeAccessGroups: facts.volumeAccessGroups,
    ...leaseOf(request, facts),
    snapshot: request.snapshotID === undefined ? snapshotPlan(request.snapshot, request.name) : null,
  };
}

/** What was asked for; else thirty days, but never less than the lease and never more than the configuration allows. */
function leaseOf(
  { lease, leaseMax }: CloneVolumeRequest,
  { taskQueue, leaseMaxMs = Infinity }: Facts,
): Pick<ClonePlan, 'lease'> {
  if (lease === undefined) return {};
  const wanted = Math.max(parseDuration(DEFAULT_LEASE_MAX)!, parseDuration(lease)!);
  return { lease: { max: leaseMax ?? `${Math.min(wanted, leaseMaxMs)}ms`, taskQueue } };
}

/** What later steps need to know of a source. */
export const sourceOf = ({ volumeID, name, totalSize, accountID }: Volume): ClonePlan['source'] => ({
  ...{ volumeID, name, totalSize, accountID },
});

/** The snapshot that is taken, named as asked or by default. */
export const snapshotPlan = (options: CloneVolumeRequest['snapshot'], name: string): ClonePlan['snapshot'] => ({
  name: options?.name ?? name,
  retention: options?.retention ?? 'delete',
  expiry: hhmmss(snapshotLifetime(options)),
});

const definedOnly = (qos: NonNullable<ClonePlan['expected']['qos']> | object) =>
  Object.fromEntries(Object.entries(qos).filter(([, v]) => v !== undefined)) as NonNullable<
    ClonePlan['expected']['qos']
  >;

/** What was asked for; else a day, but never shorter than the request may take. */
function snapshotLifetime(options: CloneVolumeRequest['snapshot']): number {
  const asked = parseDuration(options?.expiresIn);
  if (asked !== undefined) return asked;
  const wait = activityInfo().scheduleToCloseTimeoutMs;
  return Math.max(parseDuration(DEFAULT_SNAPSHOT_EXPIRY)!, wait);
}

const two = (n: number) => String(n).padStart(2, '0');

/** CreateSnapshot's retention: HH:mm:ss. */
export function hhmmss(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1_000);
  return `${two(Math.floor(seconds / 3_600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
