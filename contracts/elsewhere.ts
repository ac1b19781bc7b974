import type { StepMemory } from './progress.ts';

/** `details[0]` of a failure `ServedElsewhere`: the steps of this cluster are taken on another task queue. */
export interface Elsewhere {
  cluster: string;
  taskQueue: string;
  /** What earlier attempts of the step know. Without it there was none. */
  memory?: StepMemory;
}
