import type { CloneType, RequestOf } from './clone-types.ts';
import { cloneLabel, copyLabel, fanOutLabel, groupLabel, refreshLabel } from './label.ts';

/** What people read of a request. Workflow code uses this at run time, so it imports little. */
interface Labels<T extends CloneType> {
  /** What is cloned, in one line. */
  title(request: RequestOf<T>): string;
  /** Name of the new volume, or how many there will be. */
  name(request: RequestOf<T>): string;
}

const LABELS: { [T in CloneType]: Labels<T> } = {
  cloneVolume: { title: cloneLabel, name: (r) => r.name },
  cloneFanOut: { title: fanOutLabel, name: (r) => `${r.clones.length} clones` },
  copyVolume: { title: copyLabel, name: (r) => `onto volume ${r.dstVolumeID}` },
  cloneGroup: { title: groupLabel, name: (r) => `${r.volumes.length} volumes` },
  refreshClone: { title: refreshLabel, name: (r) => r.series },
};

export const CLONE_TYPES = Object.keys(LABELS) as CloneType[];
export const isCloneType = (type: string): type is CloneType => type in LABELS;

const labelsOf = <T extends CloneType>(type: T): Labels<T> => LABELS[type];
export const titleOf = <T extends CloneType>(type: T, request: RequestOf<T>) => labelsOf(type).title(request);
export const nameOf = <T extends CloneType>(type: T, request: RequestOf<T>) => labelsOf(type).name(request);
