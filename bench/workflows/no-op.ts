import { proxyActivities } from '@temporalio/workflow';

const { noOp } = proxyActivities<{ noOp(): Promise<void> }>({ startToCloseTimeout: '1m' });

/** The yardstick: as many activities as a clone has, one after another, and nothing else. */
export async function noOps(activities: number): Promise<void> {
  for (let i = 0; i < activities; i += 1) await noOp();
}
