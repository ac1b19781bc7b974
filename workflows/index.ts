/** Every exported function is a workflow type. */
export { cloneVolume } from './clone-volume.ts';
export { cloneGroup } from './clone-group.ts';
export { cloneSlots } from './clone-slots.ts';
export { findOrphans } from './find-orphans.ts';
export { removeOrphans } from './remove-orphans.ts';
export { takeInventory } from './take-inventory.ts';
export { cloneFanOut } from './clone-fan-out.ts';
export { refreshClone } from './refresh-clone.ts';
export { planClones } from './plan-clones.ts';
export { cloneLease } from './clone-lease.ts';
export { copyVolume } from './copy-volume.ts';
export { undoCopy } from './undo-copy.ts';
export { scheduledRun } from './scheduled-run.ts';
export { runbook } from './runbook.ts';
