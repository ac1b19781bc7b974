import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  getExternalWorkflowHandle,
  isCancellation,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import {
  SLOTS,
  type LineView,
  type SlotAnswer,
  type SlotExchange,
  type SlotsInput,
  type SlotsSeen,
} from '../contracts/slots.ts';
import { watches } from './activities.ts';
import { publish } from './search-attributes.ts';
import { lineDetails } from './slots/details.ts';
import { Line, type LineState } from './slots/line.ts';

const exchangeUpdate = defineUpdate<SlotAnswer, [SlotExchange]>(SLOTS.exchange);
const lineQuery = defineQuery<LineView>(SLOTS.line);
const grantedSignal = defineSignal(SLOTS.granted);

/** Without a clone for this long the line closes; the next clone opens a new one. */
const IDLE = '10m';
const FAILED_WATCH_PAUSE = '1m';

/**
 * The line for the clone slots of one cluster. Workers bring wishes, starts, ends and refusals by update; whoever has to
 * wait is told by signal when a slot is free. While somebody waits, an activity watches the cluster for jobs of others
 * that end and for holders that died. Runs as long as there are clones, for months if need be.
 */
export async function cloneSlots({ cluster, state }: SlotsInput): Promise<void> {
  const line = new Line(state as LineState | undefined);
  let signalling = 0;

  /** Gives away what is free; who asked in this very exchange hears it as the answer, all others by signal. */
  const grant = (asking: ReadonlySet<string> = new Set()) => {
    const granted = line.grant(Date.now());
    for (const workflowID of granted) if (!asking.has(workflowID)) void tell(workflowID);
    setCurrentDetails(lineDetails(line.view(cluster)));
  };
  const tell = async (workflowID: string) => {
    signalling += 1;
    try {
      await getExternalWorkflowHandle(workflowID).signal(grantedSignal);
    } catch {
      // It is over: its slot goes to the next.
      line.drop(workflowID);
      grant();
    } finally {
      signalling -= 1;
    }
  };

  setHandler(exchangeUpdate, (message) => {
    const asking = new Set([...message.wanted, ...message.refused].map((w) => w.workflowID));
    line.take(message, Date.now());
    grant(asking);
    return Object.fromEntries(
      [...asking].map((id) => [id, line.isHolding(id) ? 'granted' : (line.placeOf(id) ?? { place: 1, of: 1 })]),
    );
  });
  setHandler(lineQuery, () => line.view(cluster));

  publish({ cluster });
  const due = () => workflowInfo().continueAsNewSuggested && allHandlersFinished() && signalling === 0;
  const somebodyWaits = () => line.waiting.length > 0;
  grant();
  while (!due()) {
    if (somebodyWaits()) {
      const seen = await watchWhile(somebodyWaits, due, cluster, line);
      for (const workflowID of seen?.gone ?? []) line.drop(workflowID);
      if (seen) line.take(seen, Date.now());
      grant();
    } else if (line.isEmpty) {
      if (!(await condition(() => !line.isEmpty || due(), IDLE))) return;
    } else {
      await condition(() => somebodyWaits() || line.isEmpty || due());
    }
  }
  await continueAsNew<typeof cloneSlots>({ cluster, state: line.handOver() });
}

/** One watch, until it has seen something or nobody waits any more. */
async function watchWhile(
  somebodyWaits: () => boolean,
  due: () => boolean,
  cluster: string,
  line: Line,
): Promise<SlotsSeen | undefined> {
  const scope = new CancellationScope();
  const foreign = line.foreign().map(([, dst]) => dst);
  const holders = line.holding.map((h) => h.workflowID);
  const pausedMs = line.pausedFor(Date.now());
  try {
    return await scope.run(() =>
      Promise.race([
        watches.watchSlots.executeWithOptions({ summary: `Watch the clone jobs of cluster ${cluster}`.slice(0, 200) }, [
          { cluster, foreign, holders, pausedMs },
        ]),
        condition(() => !somebodyWaits() || due()).then(() => undefined),
      ]),
    );
  } catch (err) {
    if (isCancellation(err)) throw err;
    // The cluster says no, or no worker knows it any more: what is known goes on, and it is asked again later.
    await condition(() => !somebodyWaits() || due(), FAILED_WATCH_PAUSE);
    return undefined;
  } finally {
    scope.cancel();
  }
}
