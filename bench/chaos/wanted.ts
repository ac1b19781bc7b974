import { isDeepStrictEqual } from 'node:util';
import type { CloneVolumeRequest } from '../../contracts/clone-volume.ts';
import { withoutTag } from '../../contracts/tag.ts';
import type { StateView } from '../../simulator/index.ts';

type Volume = StateView['volumes'][number];

const MIB = 1_048_576;
const wholeMiB = (bytes: number) => Math.ceil(bytes / MIB) * MIB;

const text = (value: unknown) => JSON.stringify(value instanceof Set ? [...value] : value);

/**
 * What differs from what the request asked for, in words; worked out from the request and the source alone, apart from
 * how the service does it. `contents`: what the clone may hold.
 */
export function differencesFromRequest(
  volume: Volume,
  request: CloneVolumeRequest,
  { source, contents, groups }: { source: Volume; contents: readonly string[]; groups: StateView['accessGroups'] },
): string[] {
  const { modify = {} } = request;
  const differences: string[] = [];
  const expect = (field: string, is: unknown, wanted: unknown) => {
    if (!isDeepStrictEqual(is, wanted)) {
      differences.push(`${field} is ${text(is)} instead of ${text(wanted)}`);
    }
  };
  expect('status', volume.status, 'active');
  expect('name', volume.name, request.name);
  expect('accountID', volume['accountID'], modify.accountID ?? request.newAccountID ?? source['accountID']);
  expect('access', volume['access'], modify.access ?? request.access ?? source['access']);
  expect('enable512e', volume['enable512e'], request.enable512e ?? source['enable512e']);
  expect(
    'totalSize',
    volume['totalSize'],
    wholeMiB(modify.totalSize ?? request.newSize ?? Number(source['totalSize'])),
  );
  expect(
    'attributes',
    withoutTag(volume['attributes'] as Record<string, unknown>),
    modify.attributes ?? request.attributes ?? source['attributes'],
  );
  if (modify.qosPolicyID !== undefined) expect('qosPolicyID', volume['qosPolicyID'], modify.qosPolicyID);
  if (modify.qos !== undefined) expect('qos', { ...(volume['qos'] as object), ...modify.qos }, volume['qos']);
  const wantedGroups = new Set(
    (request.volumeAccessGroups ?? []).map(
      (want) => groups.find((g) => g.volumeAccessGroupID === want || g.name === want)?.volumeAccessGroupID,
    ),
  );
  expect('volumeAccessGroups', new Set(volume['volumeAccessGroups'] as number[]), wantedGroups);
  if (!contents.includes(volume.content)) differences.push('it does not hold the data of its source');
  return differences;
}
