import { metricMeter } from '@temporalio/activity';
import type { Metric } from '../contracts/metrics.ts';

type Labels = Record<string, string>;

export const add = ({ name, help }: Metric, labels: Labels): void =>
  metricMeter.createCounter(name, undefined, help).add(1, labels);

export const set = ({ name, help }: Metric, value: number, labels: Labels): void =>
  metricMeter.createGauge(name, 'int', undefined, help).set(value, labels);

export const observe = ({ name, unit, help }: Metric, value: number, labels: Labels): void =>
  metricMeter.createHistogram(name, 'float', unit, help).record(value, labels);
