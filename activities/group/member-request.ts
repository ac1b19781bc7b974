import type { CloneGroupRequest } from '../../contracts/clone-group.ts';
import type { CloneVolumeRequest } from '../../contracts/clone-volume.ts';
import { overShared } from '../../contracts/members.ts';
import type { Volume } from '../../element/index.ts';

const SUFFIX = '-clone';
const NAME_MAX = 64;

type Member = CloneGroupRequest['volumes'][number];

/** Name of a clone that is given none. */
const defaultName = (source: Volume | undefined, volumeID: number): string =>
  `${(source?.name ?? `volume-${volumeID}`).slice(0, NAME_MAX - SUFFIX.length)}${SUFFIX}`;

/** A member as a request for a clone by itself. */
export function memberRequest(
  group: CloneGroupRequest,
  member: Member,
  source: Volume | undefined,
): CloneVolumeRequest {
  const { cluster, series } = group;
  const { volumeID, name = defaultName(source, volumeID) } = member;
  return { cluster, volumeID, name, ...overShared(group, member), ...(series === undefined ? {} : { series }) };
}
