import { expect, test } from 'vitest';
import { volumeFaults } from '../../activities/copy/preflight.ts';

const volume = (volumeID: number, attributes: object) =>
  ({ volumeID, name: `v${volumeID}`, status: 'active', totalSize: 1_000_000_000, attributes }) as never;

test('a volume whose tag a later version wrote is not overwritten, and the fault says so', () => {
  const request = { cluster: 'lab', volumeID: 42, dstVolumeID: 57 };
  const later = { 'element-clone': 'v=2&step=clone&request=r&workflow=w&source=42&volume=57' };
  const found = { source: volume(42, {}), snapshot: undefined, destination: volume(57, later) };
  expect(volumeFaults(request, found)).toEqual([
    expect.stringMatching(/^dstVolumeID: volume 57 \("v57"\) carries an ownership tag of format "2".*newer version/),
  ]);
  expect(volumeFaults({ ...request, force: true }, found)).toEqual([]);
});
