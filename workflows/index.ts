/** Every exported function is a workflow type. */
export { cloneVolume } from './clone-volume.ts';
