import { metricMeter } from '@temporalio/workflow';
import {
  METRICS,
  UNCHECKED_CLUSTER,
  type CompensationOutcome,
  type Metric,
  type RequestOutcome,
} from '../contracts/metrics.ts';
import type { Step } from './story.ts';

/** What a request tells the metrics. Nothing of it is in the history, and nothing is told during a replay. */
export class Measures {
  /** Whatever the request holds in its place is no label before preflight has found it in the configuration. */
  private cluster = UNCHECKED_CLUSTER;
  private readonly began = Date.now();
  private phase: Step | undefined;
  private phaseBegan = this.began;

  begin(phase: Step, cluster: string): void {
    // Steps that are made of several calls begin more than once.
    if (phase === this.phase) return;
    this.endPhase('done');
    if (phase !== 'preflight') this.cluster = cluster;
    this.phase = phase;
  }

  end(outcome: RequestOutcome, bytes = 0): void {
    this.endPhase(outcome);
    const { cluster } = this;
    observe(METRICS.requestDuration, this.began, { cluster, outcome });
    if (bytes > 0) add(METRICS.clonedBytes, { cluster }, bytes);
  }

  compensated(outcome: CompensationOutcome): void {
    add(METRICS.compensations, { cluster: this.cluster, outcome });
  }

  /** Undoing is no part of it. */
  endPhase(outcome: RequestOutcome): void {
    const { cluster, phase } = this;
    if (phase !== undefined) observe(METRICS.phaseDuration, this.phaseBegan, { cluster, phase, outcome });
    this.phase = undefined;
    this.phaseBegan = Date.now();
  }
}

const observe = ({ name, unit, help }: Metric, since: number, labels: Record<string, string>) =>
  metricMeter.createHistogram(name, 'float', unit, help).record(Math.max(0, Date.now() - since) / 1_000, labels);

export const add = ({ name, help }: Metric, labels: Record<string, string>, value = 1): void =>
  metricMeter.createCounter(name, undefined, help).add(value, labels);
