import { describe, expect, test } from 'vitest';
import { parseCopyVolumeRequest, parseUndoCopyRequest } from '../../contracts/copy-volume.ts';
import { formatTag, readTag } from '../../contracts/tag.ts';
import { workflowIDForCopy, workflowIDForUndo } from '../../contracts/workflow-id.ts';
import { faultsOf } from '../support/faults-of.ts';

const minimal = { cluster: 'lab', volumeID: 42, dstVolumeID: 57 };

const faults = (input: unknown) => faultsOf('copyVolume', input);

describe('a copy', () => {
  test('needs cluster, source and destination only', () => {
    expect(parseCopyVolumeRequest(minimal)).toEqual(minimal);
  });

  test('takes every field', () => {
    const full = {
      ...minimal,
      snapshot: { name: 'before-the-release', retention: 'keep', expiresIn: '48h' },
      undo: { expiresIn: '72h' },
      force: true,
      requestId: 'nightly-0412',
      deadline: '2h',
      requestedBy: 'ann',
      priority: 2,
      onFailure: 'keep',
    };
    expect(parseCopyVolumeRequest(full)).toEqual(full);
  });

  test('reports every fault at once, each with its field and what it must be', () => {
    expect(
      faults({ volumeID: '42', snapshotID: 0, undo: { expiresIn: 'soon', keep: true }, force: 'yes', name: 'x' }),
    ).toEqual([
      'cluster: is missing; it must be the alias of a cluster',
      'volumeID: must be the ID of the volume to copy, a whole number',
      'dstVolumeID: is missing; it must be the ID of the volume to overwrite, a whole number',
      'snapshotID: must be the ID of a snapshot of the volume, 1 or more',
      expect.stringMatching(/^undo\.expiresIn: must be a duration/),
      'undo.keep: unknown field; remove it or correct its spelling',
      'force: must be true or false',
      'name: unknown field; remove it or correct its spelling',
    ]);
  });

  test.each([[null], [true], ['24h']])('undo: %j says what it must be', (undo) => {
    expect(faults({ ...minimal, undo })).toEqual(['undo: must be an object such as {"expiresIn": "24h"}']);
  });

  test('a volume is not copied onto itself', () => {
    expect(faults({ ...minimal, dstVolumeID: 42 })).toEqual([
      'dstVolumeID: is the volume that is read; name another one to overwrite',
    ]);
  });

  test('how to take a snapshot makes no sense beside a snapshot that is there', () => {
    expect(faults({ ...minimal, snapshotID: 7, snapshot: { name: 'x' } })).toEqual([
      'snapshot: is for a snapshot taken now; leave it out when snapshotID is given',
    ]);
  });

  test('its workflow ID reads as a sentence', () => {
    expect(workflowIDForCopy(minimal, 'k3j9x2p0aq')).toBe('copy-volume-42-of-lab-onto-volume-57-k3j9x2p0aq');
    expect(workflowIDForUndo('copy-volume-42-of-lab-onto-volume-57-k3j9x2p0aq')).toBe(
      'undo-copy-volume-42-of-lab-onto-volume-57-k3j9x2p0aq',
    );
  });

  test('the tag on the way back names the volume that was overwritten', () => {
    const tag = { request: 'r', workflowID: 'w', step: 'undo', sourceVolumeID: 57 } as const;
    expect(readTag({ 'element-clone': formatTag(tag) })).toEqual(tag);
  });
});

describe('taking a copy back', () => {
  test('needs the copy and where it was', () => {
    const request = { cluster: 'lab', dstVolumeID: 57, workflowID: 'copy-volume-42' };
    expect(parseUndoCopyRequest(request)).toEqual(request);
  });

  test('reports every fault at once', () => {
    expect(faultsOf('undoCopy', { cluster: 'lab', dstVolumeID: 0, deadline: '', snapshotID: 4 })).toEqual([
      'dstVolumeID: must be the ID of the volume that was overwritten, 1 or more',
      'workflowID: is missing; it must be text',
      expect.stringMatching(/^deadline: /),
      'snapshotID: unknown field; remove it or correct its spelling',
    ]);
  });
});
