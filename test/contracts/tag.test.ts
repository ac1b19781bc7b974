import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TAG_ATTRIBUTE } from '../../contracts/names.ts';
import {
  formatTag,
  isOwn,
  readTag,
  unreadableTag,
  removalNote,
  tagFields,
  withoutTag,
  withRemovalNote,
  withTag,
  type OwnershipTag,
} from '../../contracts/tag.ts';

const TAG: OwnershipTag = { request: 'r-1', workflowID: 'clone-volume-42', step: 'clone', sourceVolumeID: 42 };

const anyText = fc.string({ minLength: 1, unit: 'grapheme' });
const anyID = fc.integer({ min: 1, max: 2 ** 31 });
const anyTag: fc.Arbitrary<OwnershipTag> = fc.record(
  {
    request: anyText,
    workflowID: anyText,
    step: fc.constantFrom('snapshot', 'clone'),
    sourceVolumeID: anyID,
    requestedBy: anyText,
    volumeID: anyID,
    lease: anyText,
  },
  { requiredKeys: ['request', 'workflowID', 'step', 'sourceVolumeID'] },
);
const anyAttributes = fc.dictionary(
  fc.string().filter((key) => key !== '__proto__'),
  fc.jsonValue(),
);

describe('the tag', () => {
  test('says which generation of which series a clone is, and since when it serves', () => {
    const tag = { ...TAG, volumeID: 7, series: 'uat-db', generation: 12, served: '2026-11-25T02:10:00.000Z' };
    expect(readTag(withTag({}, tag))).toEqual(tag);
    expect(readTag({ [TAG_ATTRIBUTE]: `${formatTag(TAG)}&series=uat-db&generation=x` })).toEqual(TAG);
  });

  test('reads as what it is for', () => {
    expect(formatTag({ ...TAG, requestedBy: 'Ann & Bob', volumeID: 7, lease: 'lease-of-volume-7-of-lab' })).toBe(
      'v=1&step=clone&request=r-1&workflow=clone-volume-42&source=42&volume=7&by=Ann%20%26%20Bob&lease=lease-of-volume-7-of-lab',
    );
  });

  test('is read as it was written, whatever the names in it', () => {
    fc.assert(
      fc.property(anyTag, (tag) => {
        expect(readBack(tag)).toEqual(tag);
      }),
    );
  });

  test('is the same for the same request, and differs between two', () => {
    fc.assert(
      fc.property(anyTag, anyTag, (a, b) => {
        expect(formatTag({ ...a })).toBe(formatTag(a));
        expect(formatTag(a) === formatTag(b)).toBe(JSON.stringify(readBack(a)) === JSON.stringify(readBack(b)));
      }),
    );
  });

  test('holds ASCII only, so that its length is its size', () => {
    fc.assert(
      fc.property(anyTag, (tag) => {
        expect(formatTag(tag)).toMatch(/^[\x21-\x7e]+$/);
      }),
    );
  });

  test('can be written of a text that was cut in the middle of a character', () => {
    expect(readBack({ ...TAG, requestedBy: 'Ann \ud83d' })).toEqual({ ...TAG, requestedBy: 'Ann \ufffd' });
    expect(readBack({ ...TAG, requestedBy: 'Ann 😀' })).toEqual({ ...TAG, requestedBy: 'Ann 😀' });
  });
});

describe('what is no tag of ours', () => {
  test.each([
    ['nothing', undefined],
    ['an empty text', ''],
    ['a text of somebody else', 'created by ansible'],
    ['another version', 'v=2&step=clone&request=r&workflow=w&source=42'],
    ['an unknown step', 'v=1&step=copy&request=r&workflow=w&source=42'],
    ['no request', 'v=1&step=clone&request=&workflow=w&source=42'],
    ['no workflow', 'v=1&step=clone&request=r&source=42'],
    ['no source', 'v=1&step=clone&request=r&workflow=w'],
    ['an empty source', 'v=1&step=clone&request=r&workflow=w&source='],
    ['a source that is no ID', 'v=1&step=clone&request=r&workflow=w&source=4.2'],
    ['a volume that is no ID', 'v=1&step=clone&request=r&workflow=w&source=42&volume=x'],
    ['a broken escape', 'v=1&step=clone&request=%E0%A4&workflow=w&source=42'],
    ['a number', 42],
    ['an object', { v: 1 }],
  ])('%s', (_what, value) => {
    expect(readTag({ [TAG_ATTRIBUTE]: value })).toBeUndefined();
  });

  test('of a later format it is said why it is left alone', () => {
    const later = { [TAG_ATTRIBUTE]: 'v=2&step=clone&request=r&workflow=w&source=42&volume=7' };
    expect(readTag(later)).toBeUndefined();
    expect(unreadableTag(later)).toMatch(
      /tag of format "2"; this version of the service reads format 1 .* newer version/,
    );
    for (const value of [undefined, 'v=1&step=clone&request=r&workflow=w&source=42', 'created by ansible'])
      expect(unreadableTag({ [TAG_ATTRIBUTE]: value })).toBeUndefined();
  });

  test.each([null, undefined, 'v=1', 42, []])('attributes that are %j', (attributes) => {
    expect(readTag(attributes)).toBeUndefined();
  });

  test('any text at all is a tag that can be written again, or none', () => {
    const pairs = fc.array(
      fc.tuple(fc.constantFrom('v', 'step', 'request', 'workflow', 'source', 'volume'), fc.string()),
    );
    const likely = pairs.map((p) => p.map(([k, v]) => `${k}=${v}`).join('&'));
    fc.assert(
      fc.property(fc.oneof(fc.string(), likely), (text) => {
        const tag = readTag({ [TAG_ATTRIBUTE]: text });
        if (tag !== undefined) expect(readBack(tag)).toEqual(tag);
      }),
    );
  });
});

describe('attributes', () => {
  test('come back as they were when the tag is taken off', () => {
    fc.assert(
      fc.property(anyAttributes, anyTag, anyTag, (attributes, first, second) => {
        const tagged = withTag(withTag(attributes, first), second);
        expect(readTag(tagged)).toEqual(second);
        expect(withoutTag(tagged)).toEqual(withoutTag(attributes));
      }),
    );
  });

  test('are not changed in place', () => {
    const attributes = Object.freeze({ team: 'billing', [TAG_ATTRIBUTE]: 'old' });
    expect(withTag(attributes, TAG)).toEqual({ team: 'billing', [TAG_ATTRIBUTE]: formatTag(TAG) });
    expect(withoutTag(attributes)).toEqual({ team: 'billing' });
  });
});

describe('an object is our own', () => {
  test('when request, step and source are the same, whoever asked and by whichever run', () => {
    expect(isOwn(TAG, TAG, 7)).toBe(true);
    expect(isOwn({ ...TAG, requestedBy: 'Ann' }, { ...TAG, workflowID: 'another-run' }, 7)).toBe(true);
  });

  test('when the stamp on it is its own ID', () => {
    expect(isOwn({ ...TAG, volumeID: 7 }, TAG, 7)).toBe(true);
  });

  test('but not when somebody cloned our clone, and the stamp with it', () => {
    expect(isOwn({ ...TAG, volumeID: 7 }, TAG, 8)).toBe(false);
  });

  test.each([{ request: 'r-2' }, { step: 'snapshot' as const }, { sourceVolumeID: 43 }])(
    'but not when it differs in %j',
    (change) => {
      expect(isOwn({ ...TAG, ...change }, TAG, 7)).toBe(false);
    },
  );

  test('but not without a tag', () => {
    expect(isOwn(undefined, TAG, 7)).toBe(false);
  });
});

function readBack(tag: OwnershipTag): OwnershipTag | undefined {
  return readTag({ [TAG_ATTRIBUTE]: formatTag(tag) });
}

describe('a note of removal', () => {
  test('is added to the tag, which reads as before, with what later versions wrote in it', () => {
    const attributes = withTag({ mine: 1 }, { ...TAG, volumeID: 7 });
    attributes[TAG_ATTRIBUTE] = `${String(attributes[TAG_ATTRIBUTE])}&series=nightly`;
    const noted = withRemovalNote(attributes, '2026-05-01T00:00:00Z');
    expect(removalNote(attributes)).toBeUndefined();
    expect(removalNote(noted)).toBe('2026-05-01T00:00:00Z');
    expect(readTag(noted)).toEqual({ ...TAG, volumeID: 7 });
    expect(tagFields(noted)?.get('series')).toBe('nightly');
    expect(noted['mine']).toBe(1);
    expect(removalNote(withRemovalNote(noted, '2026-06-01T00:00:00Z'))).toBe('2026-06-01T00:00:00Z');
  });
});
