import prettyBytes from 'pretty-bytes';
import type { InventoryClone } from '../../inventory.ts';
import type { Colours } from '../io.ts';
import { csv } from './csv.ts';
import { table } from './table.ts';
import { age, fit, plain } from './text.ts';

export const inventoryTable = (clones: readonly InventoryClone[], colours: Colours): string =>
  table(
    ['CLUSTER', 'VOLUME', 'NAME', 'SOURCE', 'SIZE', 'AGE', 'FOR', 'LEASE ENDS', 'SERIES', 'GENERATION', 'WORKFLOW ID'],
    clones.map((c) => [
      c.cluster,
      String(c.volumeID),
      fit(plain(c.name), 32),
      String(c.sourceVolumeID),
      prettyBytes(c.bytes),
      age(c.ageSeconds * 1_000),
      ...[c.requestedBy, c.leaseEndsAt, c.series, c.generation].map((text) =>
        text === null ? '–' : fit(plain(text), 32),
      ),
      plain(c.workflowID),
    ]),
    colours,
  );

/** The columns of the CSV: the members of the JSON, in this order. Columns are only ever added at the end. */
const COLUMNS = [
  'cluster',
  'volumeID',
  'name',
  'sourceVolumeID',
  'createdAt',
  'ageSeconds',
  'bytes',
  'status',
  'requestedBy',
  'workflowID',
  'requestId',
  'lease',
  'series',
  'generation',
  'leaseEndsAt',
] as const satisfies readonly (keyof InventoryClone)[];

export const inventoryCSV = (clones: readonly InventoryClone[]): string =>
  csv(
    COLUMNS,
    clones.map((c) => COLUMNS.map((name) => c[name])),
  );
