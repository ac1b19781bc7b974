import type { RefreshCloneResult } from '../../contracts/refresh-clone-result.ts';
import { seriesWorkflowID } from '../../contracts/series.ts';
import { readTag } from '../../contracts/tag.ts';
import type { StateView } from '../../simulator/index.ts';
import { SERIES, type Series } from './estate.ts';
import { isOf } from './planned.ts';
import { childrenOf, type Evidence, type Verdict } from './verdict.ts';

type Volume = StateView['volumes'][number];

/** Every series that was to be refreshed: what its runs say is in service, and nothing else; at most as many generations as are to stay. */
export function judgeSeries(evidence: Evidence, verdict: Verdict): void {
  const asked = new Set(evidence.requests.filter(isOf('refresh')).map((r) => r.request.series));
  for (const series of SERIES.filter((s) => asked.has(s.name))) judgeOne(series, evidence, verdict);
}

/** Finished clones of the series that are not there from the start. */
function generationsOf({ name }: Series, { before, after }: Evidence): { generation: number; volume: Volume }[] {
  const known = new Set(before.volumes.map((v) => v.volumeID));
  return after.volumes.flatMap((volume) => {
    const tag = readTag(volume['attributes']);
    const isIts = tag?.series === name && tag.volumeID === volume.volumeID && !known.has(volume.volumeID);
    return isIts && volume.status !== 'deleted' ? [{ generation: tag.generation!, volume }] : [];
  });
}

function judgeOne(series: Series, evidence: Evidence, verdict: Verdict): void {
  const { name, keep, mode, volumeID: sourceVolumeID, volumeAccessGroupID } = series;
  const runs = [...evidence.runs.values()].filter((r) => r.workflowID === seriesWorkflowID('lab', name));
  if (runs.some((r) => r.ended === 'running')) return;
  const done = runs
    .filter((r) => r.ended === 'completed')
    .map((r) => r.result as RefreshCloneResult)
    .toSorted((a, b) => (a.finishedAt < b.finishedAt ? -1 : 1));
  const named = runs
    .flatMap((r) => [r, ...childrenOf(r, evidence)])
    .flatMap((r) => r.failure?.details?.leftBehind ?? []);
  const isNamed = (kind: string, id: number) => named.some((l) => l.kind === kind && (l.id === id || l.id === null));

  const there = generationsOf(series, evidence).filter((g) => !isNamed('volume', g.volume.volumeID));
  const last = done.at(-1);
  const numbers = [...new Set(there.map((g) => g.generation))];
  const expected = last?.generations ?? [];
  if (last?.retirementFailed === undefined) {
    const extra = there.filter((g) => !expected.includes(g.generation));
    verdict.orphans.push(
      ...extra.map(
        (g) => `series ${name} has volume ${g.volume.volumeID} of generation ${g.generation}, of no run that succeeded`,
      ),
    );
    const most = keep + (last?.keptBack.length ?? 0);
    if (numbers.length > most) {
      verdict.orphans.push(`series ${name} has the generations ${numbers.join(', ')}, and is to keep ${keep}`);
    }
  }
  verdict.lost.push(
    ...expected
      .filter((n) => !numbers.includes(n) && last?.retirementFailed === undefined)
      .map((n) => `generation ${n} of series ${name} is not there, and its last run says it is`),
  );
  const most = mode === 'copy' ? 1 : undefined;
  const twice = numbers.filter((n) => there.filter((g) => g.generation === n).length > 1);
  verdict.duplicates.push(...twice.map((n) => `generation ${n} of series ${name} is there twice`));
  if (most !== undefined && there.length > most) {
    verdict.duplicates.push(
      `series ${name} has the volumes ${there.map((g) => g.volume.volumeID).join(', ')} instead of one`,
    );
  }

  // They come one after the other, and each that succeeds is in service from then on.
  const wanted = last?.volumes.map((v) => v.volumeID) ?? [];
  for (const volumeID of wanted) {
    const volume = there.find((g) => g.volume.volumeID === volumeID)?.volume;
    if (volume?.status !== 'active')
      verdict.lost.push(`volume ${volumeID}, in service for series ${name}, is not there`);
    else if (!evidence.deeds.contents.get(sourceVolumeID)!.includes(volume.content) && !isNamed('content', volumeID)) {
      verdict.lost.push(`volume ${volumeID}, in service for series ${name}, does not hold the data of its source`);
    }
  }
  const group = evidence.after.accessGroups.find((g) => g.volumeAccessGroupID === volumeAccessGroupID)!;
  const before = evidence.before.accessGroups.find((g) => g.volumeAccessGroupID === volumeAccessGroupID)!;
  const hasAccess = group.volumes.filter((id) => !before.volumes.includes(id));
  const isAs = hasAccess.length === wanted.length && wanted.every((id) => hasAccess.includes(id));
  if (!isAs && !isNamed('accessGroupMembership', volumeAccessGroupID)) {
    verdict.lost.push(
      `access group ${group.name} has volumes ${hasAccess.join(', ') || 'none'}, and in service for series ${name} is ${wanted.join(', ') || 'none'}`,
    );
  }
}
