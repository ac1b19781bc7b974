import type { ActivityInterceptorsFactory } from '@temporalio/worker';

/** Notes when an activity of this type was last done. */
export function noteCompletion(activityType: string, now: () => number) {
  let at: number | undefined;
  const interceptor: ActivityInterceptorsFactory = ({ info }) => ({
    inbound: {
      async execute(input, next) {
        const result = await next(input);
        if (info.activityType === activityType) at = now();
        return result;
      },
    },
  });
  return { interceptor, at: () => at };
}
