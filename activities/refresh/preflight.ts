import { activityInfo } from '@temporalio/activity';
import { parseCloneGroupRequest } from '../../contracts/clone-group.ts';
import { parseCloneVolumeRequest } from '../../contracts/clone-volume.ts';
import { parseCopyVolumeRequest } from '../../contracts/copy-volume.ts';
import { defined } from '../../contracts/members.ts';
import { expandName, timeParts } from '../../contracts/name-template.ts';
import { isGroupRequest, parseRefreshCloneRequest, type RefreshCloneRequest } from '../../contracts/refresh-clone.ts';
import { defaultTemplate } from '../../contracts/series.ts';
import { readTag } from '../../contracts/tag.ts';
import { workflowIDForRequest } from '../../contracts/workflow-id.ts';
import type { Volume, VolumeAccessGroup } from '../../element/index.ts';
import type { ActivityDeps } from '../deps.ts';
import { homeQueue, queueElsewhere } from '../elsewhere.ts';
import { settle } from '../doubt.ts';
import { groupFaults } from '../group/preflight.ts';
import { accessFaults, cloneCalls, groupCalls } from '../preflight-access.ts';
import { checkRequest } from '../preflight-checks.ts';
import { createLookups, readFacts, resolveGroups } from '../preflight-facts.ts';
import { checked, earlierRunEnd, invalid } from '../preflight.ts';
import { runStep, type StepContext } from '../step.ts';
import type { ClonePlan, Owner } from '../types.ts';
import { planCopies, wantedCopies, type WantedCopies } from './copy-group.ts';
import { findSeries, generationOf, sourceOf, type Made, type Series } from './series.ts';
import type { Move, RefreshActivities, RefreshPlan } from './types.ts';

export const createRefreshPreflightActivities = (deps: ActivityDeps): Pick<RefreshActivities, 'preflightRefresh'> => ({
  async preflightRefresh({ request: input, owner, nominalTime, key: prefix }) {
    const request = checked(parseRefreshCloneRequest, input);
    // Hooks are called from here, wherever the cluster is.
    const badHooks = hookFaults(deps, request);
    if (badHooks.length > 0 && queueElsewhere(deps, request.clone.cluster) !== undefined) throw invalid(badHooks);
    return runStep(deps, request.clone.cluster, async (ctx) => {
      const lacking = await accessFaults(ctx, callsOf(request));
      if (lacking.length > 0) throw invalid(lacking);
      // What a run that was ended from outside had under way would else change the groups after they were looked at.
      settle(
        ctx,
        await earlierRunEnd(deps, ctx, owner, { onFailure: undefined }),
        'waiting until no call of an earlier run, which was ended from outside, can act any more',
      );
      const moment = new Date(request.nominalTime ?? nominalTime);
      const series = await findSeries(ctx.api, request.series);
      const isOwn = (made: string) => made.startsWith(`${prefix}.`);
      const own = series.generations.find((g) => isOwn(g.request));
      // What an earlier try has made and undone is not to be had again under its key.
      const key = own?.request ?? `${prefix}.${1 + [...series.deleted].filter(isOwn).length}`;
      const generation = own?.generation ?? series.highest + 1;
      const others = series.generations.filter((g) => g.counts && g !== own);
      const previous = inService(others);
      const wanted = makeOf(request, { key, generation, moment, previous });
      const { make, groups, all, faults } = await inspect(deps, ctx, request, { wanted, owner, key });
      faults.push(...sourceFaults(request.series, wanted, series));
      if (make === undefined || faults.length > 0) throw invalid(faults);
      return plan(request, { make, own, others, previous, generation, moment, groups, all });
    });
  },
});

/** What a refresh calls, forth and back. */
const callsOf = ({ clone, ...request }: RefreshCloneRequest): string[] => {
  const calls = isGroupRequest(clone)
    ? groupCalls({ snapshot: clone.groupSnapshotID === undefined, groups: true, lease: false })
    : cloneCalls({ snapshot: clone.snapshotID === undefined, groups: true, lease: false });
  const copying = request.mode === 'copy' ? ['CopyVolume', 'RollbackToSnapshot'] : [];
  return [...new Set([...calls, ...copying, 'ListVolumes', 'ListISCSISessions'])];
};

type Make = RefreshPlan['make'];
/** Before the cluster was asked about it. */
type Wanted = Exclude<Make, { type: 'copyGroup' }> | WantedCopies;

/** The request that makes the generation. */
function makeOf(
  request: RefreshCloneRequest,
  found: { key: string; generation: number; moment: Date; previous: Made | undefined },
): Wanted {
  const { key, generation, moment, previous } = found;
  const { clone, series, timeZone = 'UTC' } = request;
  const parts = { ...timeParts(moment, timeZone), generation: String(generation) };
  const isGroup = isGroupRequest(clone);
  const template = request.nameTemplate ?? defaultTemplate(series, isGroup);
  const order = {
    ...defined({
      deadline: clone.deadline ?? request.deadline,
      onFailure: clone.onFailure ?? request.onFailure,
      requestedBy: clone.requestedBy ?? request.requestedBy,
      priority: clone.priority ?? request.priority,
    }),
    requestId: key,
  };
  const asClone = { ...order, series: { name: series, generation } };
  if (!isGroup && request.mode === 'copy' && previous !== undefined) {
    const { cluster, volumeID, snapshotID, snapshot } = clone;
    const onto = { cluster, volumeID, dstVolumeID: previous.volumes[0]!.volumeID, force: request.force };
    return {
      type: 'copyVolume',
      request: parseCopyVolumeRequest({ ...defined({ ...onto, snapshotID, snapshot }), ...order }),
    };
  }
  if (!isGroup) {
    const { name: _name, volumeAccessGroups: _groups, ...rest } = clone;
    return {
      type: 'cloneVolume',
      request: parseCloneVolumeRequest({ ...defined(rest), name: expandName(template, parts), ...asClone }),
    };
  }
  if (request.mode === 'copy' && previous !== undefined) {
    return wantedCopies(clone, previous, { ...order, force: request.force });
  }
  const volumes = clone.volumes.map(({ name, ...member }) => ({
    ...defined(member),
    name: expandName(template, { ...parts, name: name ?? String(member.volumeID) }),
  }));
  return { type: 'cloneGroup', request: parseCloneGroupRequest({ ...defined(clone), ...asClone, volumes }) };
}

type Groups = ClonePlan['volumeAccessGroups'];

/** Everything that the cluster and the configuration would refuse, under the paths of the refresh's own request. */
async function inspect(
  deps: ActivityDeps,
  ctx: StepContext,
  request: RefreshCloneRequest,
  { wanted, owner, key }: { wanted: Wanted; owner: Owner; key: string },
): Promise<{ make: Make | undefined; groups: Groups | undefined; all: VolumeAccessGroup[]; faults: string[] }> {
  const maker: Owner = { ...owner, request: key, workflowID: workflowIDForRequest(key) };
  const lookups = createLookups(ctx, sourcesOf(wanted));
  const checkMake = async (): Promise<{ make: Make | undefined; faults: string[] }> => {
    switch (wanted.type) {
      case 'cloneVolume': {
        const facts = await readFacts(ctx, wanted.request, lookups);
        return { make: wanted, faults: checkRequest(wanted.request, facts, maker).map(inClone) };
      }
      case 'cloneGroup':
        return { make: wanted, faults: (await groupFaults(ctx, wanted.request, maker)).map(inClone) };
      case 'copyVolume':
        // What is to be copied onto is checked by the copy itself.
        return { make: wanted, faults: [] };
      case 'copyGroup':
        // Else some might be overwritten before the last is refused.
        return planCopies(ctx, wanted, owner);
    }
  };
  const [all, resolved, { make, faults }] = await Promise.all([
    lookups.accessGroups(),
    resolveGroups(lookups, request.volumeAccessGroups ?? []),
    checkMake(),
  ]);
  return {
    make,
    all,
    groups: request.volumeAccessGroups === undefined ? undefined : resolved.found,
    faults: [...resolved.faults, ...faults, ...hookFaults(deps, request)],
  };
}

/** Names come from the template. */
const inClone = (fault: string) => (fault.startsWith('name:') ? `nameTemplate${fault.slice(4)}` : `clone.${fault}`);

function hookFaults(deps: ActivityDeps, { hooks = {} }: RefreshCloneRequest): string[] {
  // A worker at a site calls none, and is asked after one that does.
  if (activityInfo().taskQueue !== homeQueue(deps)) return [];
  const known = deps.hooks?.names() ?? [];
  return Object.entries(hooks).flatMap(([when, hook]) => {
    if (hook === undefined) return [];
    const name = typeof hook === 'string' ? hook : hook.hook;
    if (known.includes(name)) return [];
    return [
      `hooks.${when}: this worker knows no hook "${name}" (it knows: ${known.join(', ') || 'none'}); correct the name or add it to the worker's configuration`,
    ];
  });
}

const sourcesOf = ({ request }: Pick<Wanted, 'request'>): number[] =>
  'volumes' in request ? request.volumes.map((v) => v.volumeID) : [request.volumeID];

/** Two teams that chose the same name would retire each other's generations. */
function sourceFaults(series: string, make: Wanted, { generations }: Series): string[] {
  const theirs = [...new Set(generations.flatMap((g) => g.volumes.map(sourceOf)))];
  if (theirs.length === 0 || sourcesOf(make).some((id) => theirs.includes(id))) return [];
  return [
    `series: "${series}" has generations of volume ${theirs.join(', ')}, not of ${sourcesOf(make).join(', ')}; give this series another name, or remove those generations`,
  ];
}

/** The generation that hosts use: somebody may have gone back to an older one. */
const inService = (generations: readonly Made[]): Made | undefined =>
  generations.find((g) => g.volumes.some((v) => v.volumeAccessGroups.length > 0)) ?? generations[0];

interface Found {
  make: Make;
  /** All but this run's own. */
  others: Made[];
  previous: Made | undefined;
  own: Made | undefined;
  generation: number;
  moment: Date;
  /** Those that were asked for. */
  groups: Groups | undefined;
  all: VolumeAccessGroup[];
}

function plan(request: RefreshCloneRequest, found: Found): RefreshPlan {
  const { make, own, others, previous, generation, moment } = found;
  const served = own?.volumes.some((v) => readTag(v.attributes)?.served !== undefined) ?? false;
  return {
    cluster: request.clone.cluster,
    series: request.series,
    generation,
    nominalTime: moment.toISOString(),
    make,
    previous: previous === undefined ? null : generationOf(previous),
    // A volume that is copied onto stays where it is.
    moves: overwrites(make) ? [] : movesOf(found),
    superseded: served && others.some((g) => g.generation > generation),
  };
}

const overwrites = ({ type }: Make): boolean => type === 'copyVolume' || type === 'copyGroup';

/** Which groups move, and what is in them now. */
function movesOf(found: Found): Move[] {
  const { make, own, others, previous, groups, all } = found;
  const before = previous?.volumes ?? [];
  // An earlier run may have begun to move them.
  const begun = own?.volumes ?? [];
  const series = new Set(others.flatMap((g) => g.volumes.map((v) => v.volumeID)));
  return all
    .filter((g) => groups?.some((w) => w.volumeAccessGroupID === g.volumeAccessGroupID) ?? true)
    .flatMap(({ volumeAccessGroupID, name, volumes }): Move[] => {
      const inIt = (made: readonly Volume[]) => made.filter((v) => volumes.includes(v.volumeID)).map(sourceOf);
      const held = [...new Set([...inIt(before), ...inIt(begun)])];
      if (groups === undefined && held.length === 0) return [];
      const replaced = before.filter((v) => inIt(begun).includes(sourceOf(v))).map((v) => v.volumeID);
      return [
        {
          volumeAccessGroupID,
          name,
          arriving: groups === undefined ? held : sourcesOf(make),
          leaving: [...new Set([...volumes.filter((id) => series.has(id)), ...replaced])],
        },
      ];
    });
}
