import { log } from '@temporalio/activity';
import type { Place, SlotExchange, SlotLimits } from '../contracts/slots.ts';
import { ElementApiError, type CloneJob } from '../element/index.ts';
import { LineUnavailable, type SlotBroker } from './slot-broker.ts';
import { jobsSeen, ownWorkflowID, refusedBy, slotLimits, waitingForSlot } from './slots.ts';
import type { StepContext } from './step.ts';
import type { LinePass } from './types.ts';

/** What a creating step does about clone slots: one for each of `volumes`, the sources. */
export interface SlotTaker {
  /** A place in line, or `undefined` when it may go ahead. */
  take(): Promise<Place | undefined>;
  /** After a refusal in spite of the slot: the place in line, which is the head. */
  putBack(err: unknown): Promise<Place>;
  /** The jobs run. */
  started(dstVolumeIDs: number[]): void;
}

export function slotTaker(
  ctx: StepContext,
  broker: SlotBroker,
  volumes: number[],
  { priority, granted = false }: LinePass,
): SlotTaker {
  const workflowID = ownWorkflowID();
  return {
    async take() {
      if (granted && ctx.attempt === 1) return undefined;
      const { jobs, limits } = await look(ctx);
      try {
        const answer = await broker.want({ workflowID, volumes, priority }, inExchange({ jobs, limits }));
        return answer === 'granted' ? undefined : answer;
      } catch (err) {
        if (!(err instanceof LineUnavailable)) throw err;
        // Politely: only into what seems to be free.
        log.warn('Nobody keeps the line for clone slots, going on without it', {
          cluster: ctx.alias,
          error: err.cause instanceof Error ? err.cause.message : err.message,
        });
        const full =
          jobs && limits ? volumes.filter((v) => countOf(jobs, v) + countIn(volumes, v) > limits.perVolume) : [];
        if (full.length === 0) return undefined;
        throw await waitingForSlot(ctx, { volumes: full, by: 'volume', why: 'nobody keeps the line' });
      }
    },

    async putBack(err) {
      const why = err instanceof ElementApiError ? err.apiName : 'busy';
      const by = refusedBy(err);
      // The line did not know what is in the way.
      const seen = inExchange(await look(ctx, ctx.now()));
      try {
        const answer = await broker.refused(workflowID, by, seen);
        return answer === 'granted' ? { place: 1, of: 1 } : answer;
      } catch (cause) {
        if (!(cause instanceof LineUnavailable)) throw cause;
        throw await waitingForSlot(ctx, { volumes, by, why });
      }
    },

    started: (dstVolumeIDs) => broker.started(workflowID, dstVolumeIDs),
  };
}

interface Seen {
  jobs?: CloneJob[] | undefined;
  limits?: SlotLimits | undefined;
}

const inExchange = ({ jobs, limits }: Seen): Pick<SlotExchange, 'jobs' | 'limits'> => ({
  ...(jobs === undefined ? {} : { jobs: jobsSeen(jobs) }),
  ...(limits === undefined ? {} : { limits }),
});

/** What the cluster shows. It only helps: the line goes by what it knows, and the cluster itself decides. */
async function look(ctx: StepContext, since = -Infinity): Promise<Seen> {
  try {
    const [{ jobs }, limits] = await Promise.all([ctx.look(since), slotLimits(ctx)]);
    return { jobs, limits };
  } catch (err) {
    ctx.signal.throwIfAborted();
    log.warn('The clone jobs of the cluster could not be seen', { cluster: ctx.alias, error: String(err) });
    return {};
  }
}

const countOf = (jobs: readonly CloneJob[], volumeID: number) => jobs.filter((j) => j.srcVolumeID === volumeID).length;
const countIn = (volumes: readonly number[], volumeID: number) => volumes.filter((v) => v === volumeID).length;
