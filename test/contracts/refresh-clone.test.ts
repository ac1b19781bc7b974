import { describe, expect, test } from 'vitest';
import { expandName, timeParts } from '../../contracts/name-template.ts';
import { parseRefreshCloneRequest } from '../../contracts/refresh-clone.ts';
import { faultsOf } from '../support/faults-of.ts';

const one = { series: 'uat-db', clone: { cluster: 'lab', volumeID: 42 }, keep: 3 };
const group = { series: 'uat', clone: { cluster: 'lab', volumes: [{ volumeID: 41 }, { volumeID: 42 }] }, keep: 3 };

describe('a request for a refresh', () => {
  test.each([
    ['of one volume', one],
    ['of a group', group],
    [
      'with everything',
      {
        ...one,
        mode: 'swap',
        nameTemplate: 'uat-db-{yyyy}{MM}{dd}-{HH}{mm}{ss}-g{generation}',
        timeZone: 'Europe/Berlin',
        nominalTime: '2026-11-25T02:00:00+01:00',
        volumeAccessGroups: [3, 'uat-hosts'],
        retire: 'delete',
        swap: 'after',
        force: true,
        hooks: { before: 'quiesce', beforeSwap: { hook: 'unmount', parameters: { path: '/data' } }, after: 'remount' },
        requestId: 'nightly-0412',
        deadline: '6h',
        onFailure: 'keep',
        requestedBy: 'ann',
        priority: 2,
        clone: { ...one.clone, newAccountID: 2, modify: { qosPolicyID: 3 }, snapshot: { retention: 'keep' } },
      },
    ],
    ['of new content in the same volume', { ...one, keep: undefined, mode: 'copy' }],
    ['of new content in the same volumes', { ...group, keep: undefined, mode: 'copy' }],
    ['that keeps all generations and says no number', { ...one, keep: undefined, retire: 'keep' }],
    [
      'of a group whose volumes have names',
      { ...group, clone: { cluster: 'lab', volumes: [{ volumeID: 41, name: 'log' }] } },
    ],
  ])('%s is valid', (_what, request) => {
    expect(faultsOf('refreshClone', request)).toEqual([]);
    expect(parseRefreshCloneRequest(request)).toEqual(request);
  });

  test('is refused with every fault at once, each with its field and the remedy', () => {
    const faults = faultsOf('refreshClone', {
      series: 'uat db',
      clone: { cluster: 'lab', volumeID: 0, name: 'x', requestId: 'a', volumeAccessGroups: [3], lease: '3h', oops: 1 },
      keep: 0,
      mode: 'move',
      swap: 'now',
      retire: 'purge',
      timeZone: 'Mars/Olympus',
      nominalTime: 'yesterday',
      hooks: { before: 'https://evil.example/', later: 'x' },
    });
    expect(faults).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^series: must be 1 to 48 letters/),
        expect.stringMatching(/^clone\.volumeID: must be the ID of the volume to clone, 1 or more/),
        expect.stringMatching(/^clone\.name: comes from nameTemplate; leave it out/),
        expect.stringMatching(/^clone\.requestId: .*beside clone/),
        expect.stringMatching(/^clone\.volumeAccessGroups: .*beside clone/),
        expect.stringMatching(/^clone\.lease: .*leave it out/),
        'clone.oops: unknown field; remove it or correct its spelling',
        expect.stringMatching(/^keep: must be at least 1/),
        expect.stringMatching(/^mode: /),
        expect.stringMatching(/^swap: must be "before" or "after"/),
        expect.stringMatching(/^retire: must be "delete" or "keep"/),
        expect.stringMatching(/^timeZone: .*Europe\/Berlin/),
        expect.stringMatching(/^nominalTime: .*ISO 8601/),
        expect.stringMatching(/^hooks\.before: must be the name of a hook in the worker configuration/),
        expect.stringMatching(/^hooks\.later: unknown field/),
      ]),
    );
  });

  test.each<[string, object, RegExp]>([
    ['an order for a copy', { ...one, mode: 'copy', swap: 'after' }, /^swap: is for mode "swap"/],
    ['no keep', { ...one, keep: undefined }, /^keep: is missing; .*retire: "keep"/],
    [
      'a name too long',
      { ...one, nameTemplate: `${'x'.repeat(53)}-{yyyy}{MM}{dd}-{HH}` },
      /^nameTemplate: .* 65 .*shorten it by 1/,
    ],
    ['an unknown part', { ...one, nameTemplate: 'a-{yy}' }, /^nameTemplate: knows no \{yy\}; there are \{yyyy\}/],
    ['an open brace', { ...one, nameTemplate: 'a-{yyyy' }, /^nameTemplate: has a brace without its partner/],
    ['{name} for one volume', { ...one, nameTemplate: 'a-{name}' }, /^nameTemplate: \{name\} is for groups/],
    ['a group without {name}', { ...group, nameTemplate: 'a-{dd}' }, /^nameTemplate: must contain \{name\}/],
    [
      'a volume twice',
      { ...group, clone: { cluster: 'lab', volumes: [{ volumeID: 41 }, { volumeID: 41 }] } },
      /^clone\.volumes\.1\.volumeID: 41 is named before/,
    ],
    [
      'groups of one member',
      { ...group, clone: { cluster: 'lab', volumes: [{ volumeID: 41, volumeAccessGroups: [1] }] } },
      /^clone\.volumes\.0\.volumeAccessGroups: .*beside clone/,
    ],
    [
      'a snapshot beside one to be taken',
      { ...one, clone: { ...one.clone, snapshotID: 1, snapshot: {} } },
      /^clone\.snapshot: is for a snapshot taken now/,
    ],
  ])('with %s is refused for that', (_what, request, fault) => {
    expect(faultsOf('refreshClone', request)).toEqual([expect.stringMatching(fault)]);
  });
});

describe('names', () => {
  const night = new Date('2026-11-25T23:30:05.123Z');

  test('tell the nominal time in UTC or in a zone of their own', () => {
    const template = 'db-{yyyy}{MM}{dd}-{HH}{mm}{ss}';
    expect(expandName(template, timeParts(night, 'UTC'))).toBe('db-20261125-233005');
    expect(expandName(template, timeParts(night, 'Europe/Berlin'))).toBe('db-20261126-003005');
    expect(expandName(template, timeParts(new Date('2026-11-25T00:00:00Z'), 'UTC'))).toBe('db-20261125-000000');
  });

  test('keep what they do not know', () => {
    expect(expandName('{a}-{name}-{generation}', { name: 'log', generation: '7' })).toBe('{a}-log-7');
  });
});
