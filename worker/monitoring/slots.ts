import type { Client } from '@temporalio/client';
import { SlotBroker } from '../../activities/index.ts';
import { METRICS } from '../../contracts/metrics.ts';
import type { LineView } from '../../contracts/slots.ts';
import { setGauge } from './metrics.ts';

/** Reads the line for clone slots of each cluster into gauges. A line that does not answer keeps its last figures. */
export function slotGauges(temporal: Client, aliases: () => string[], taskQueue: string): () => Promise<void> {
  const brokers = new Map<string, SlotBroker>();
  const brokerOf = (cluster: string) => {
    const known = brokers.get(cluster) ?? new SlotBroker(temporal, cluster, taskQueue);
    brokers.set(cluster, known);
    return known;
  };
  return async () => {
    await Promise.all(
      aliases().map(async (cluster) => {
        const line = await brokerOf(cluster)
          .view()
          .catch(() => 'unknown' as const);
        if (line !== 'unknown') show(cluster, line);
      }),
    );
  };
}

function show(cluster: string, line: LineView | undefined): void {
  const ours = line?.holding.reduce((sum, { volumes }) => sum + volumes.length, 0) ?? 0;
  setGauge(METRICS.slots, ours, { cluster, holder: 'ours' });
  setGauge(METRICS.slots, line?.foreign ?? 0, { cluster, holder: 'others' });
  setGauge(METRICS.slotsWaiting, line?.waiting.length ?? 0, { cluster });
  // Without a line nobody has asked for the limits.
  if (line !== undefined) setGauge(METRICS.slotsLimit, limitOf(line), { cluster });
}

function limitOf({ limits: { perNode, nodes, ours } }: LineView): number {
  const ofCluster = perNode * nodes;
  if (ours === undefined) return ofCluster;
  return ofCluster === 0 ? ours : Math.min(ours, ofCluster);
}
