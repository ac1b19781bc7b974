/** Every exported function is a workflow type. */
export { cloneVolume } from './clone-volume.ts';
export { cloneSlots } from './clone-slots.ts';
