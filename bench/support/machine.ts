import { availableParallelism, arch, cpus, loadavg, platform, totalmem } from 'node:os';
import { Connection } from '@temporalio/client';

/** What figures depend on, beside the code. */
export interface Machine {
  cores: number;
  cpu: string;
  memoryGiB: number;
  /** Of the last minute, before the first figure: above the number of cores, others were using the machine too. */
  load: number;
  platform: string;
  node: string;
  temporalServer: string;
}

export async function describeMachine(address: string): Promise<Machine> {
  const connection = await Connection.connect({ address });
  try {
    const { serverVersion } = await connection.workflowService.getSystemInfo({});
    return {
      cores: availableParallelism(),
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      load: Number((loadavg()[0] ?? 0).toFixed(1)),
      platform: `${platform()} ${arch()}`,
      node: process.versions.node,
      temporalServer: serverVersion,
    };
  } finally {
    await connection.close();
  }
}

export const machineLine = (m: Machine): string =>
  `${m.cores} cores (${m.cpu}), ${m.memoryGiB} GiB, load ${m.load}, ${m.platform}, Node ${m.node}, Temporal server ${m.temporalServer}`;
