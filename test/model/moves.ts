import { UNAWARE_MS } from '../../activities/step.ts';
import { readTag } from '../../contracts/tag.ts';
import { runAttempt } from './attempt.ts';
import { actLateAs, lateCalls, type Choose } from './calls.ts';
import { COPY, FIRST_ID } from './cluster.ts';
import {
  advance,
  DEADLINE_PASSED,
  end,
  goOn,
  notice,
  preflight,
  QUANTUM_MS,
  type Scenario,
  type World,
} from './world.ts';

const START = 'attempt begins';
const NOTICE = 'Temporal notices that the attempt is lost';
const WAIT = 'time passes';
const CANCEL = 'cancelled between attempts';
const DEADLINE = 'the deadline passes';
const RESET = 'the workflow is reset';
const TERMINATE = 'the workflow is terminated, and started anew under the same requestId';
/** By an operator, who keeps the heartbeat details. */
const BEGIN_ANEW = 'the activity is reset';
const MEDDLE = 'somebody touches the volume';

const ownVolume = ({ cluster }: World) => cluster.volumes.find((v) => v.volumeID >= FIRST_ID && v.status !== 'deleted');

function meddles(world: World, { meddling }: Scenario): boolean {
  const volume = ownVolume(world);
  if (meddling === undefined || world.meddled || volume === undefined) return false;
  return meddling !== 'copies when finished' || readTag(volume.attributes)?.volumeID === volume.volumeID;
}

function meddle(world: World, how: NonNullable<Scenario['meddling']>): void {
  const volume = ownVolume(world)!;
  world.meddled = true;
  if (how === 'removes the tag') volume.attributes = {};
  else if (how === 'renames') volume.name = 'mine now';
  else world.cluster.volumes.push({ ...volume, volumeID: COPY, groups: [] });
}

function restarts({ step }: World, { terminates, snapshot }: Scenario): string[] {
  if (terminates) return [TERMINATE];
  // In the midst of undoing it may lose a snapshot that was to be kept, to a late deletion: docs/guarantees.md.
  return step!.shielded && snapshot === 'keep' ? [] : [RESET];
}

/** Lets one thing happen to the world: time passes, an attempt runs, a late call acts, someone cancels. */
export async function move(world: World, scenario: Scenario, choose: Choose): Promise<void> {
  const step = world.step!;
  const { left, history } = world;
  const cancelled = history.cancelledAt === history.activities.length;
  const options = step.gone ? [NOTICE, WAIT] : world.now < step.due ? [WAIT] : [START, WAIT];
  if (!cancelled) {
    if (left.cancels > 0 && !step.shielded) options.push(CANCEL);
    if (left.deadlines > 0 && (!step.shielded || scenario.everything)) options.push(DEADLINE);
    if (left.resets > 0) options.push(...restarts(world, scenario));
  }
  if (scenario.everything && left.resets > 0 && !step.gone && step.memory !== undefined) options.push(BEGIN_ANEW);
  if (meddles(world, scenario)) options.push(MEDDLE);
  // Just before the next attempt looks is soon enough, unless it matters when a copy began.
  if (scenario.copyMs > 0) options.push(...lateCalls(world));
  const choice = options.length === 1 ? options[0]! : choose(options);
  switch (choice) {
    case START:
      return runAttempt(world, scenario, choose);
    case WAIT:
      return advance(world, scenario, QUANTUM_MS);
    case NOTICE:
      if (cancelled) return end(world, scenario, { how: 'cancelled' });
      notice(world, scenario);
      Object.assign(step, { gone: false, attempt: step.attempt + 1, due: world.now });
      return;
    case CANCEL:
      left.cancels -= 1;
      history.cancelledAt = history.activities.length;
      return end(world, scenario, { how: 'cancelled' });
    case DEADLINE:
      left.deadlines -= 1;
      return end(world, scenario, DEADLINE_PASSED);
    case RESET:
    case TERMINATE:
      left.resets -= 1;
      notice(world, scenario);
      world.history = {
        ...history,
        runId: 'run-2',
        activities: history.activities.slice(0, 1),
        cancelledAt: null,
      };
      if (choice === TERMINATE) {
        const mayCallUntil = new Date(world.now + UNAWARE_MS).toISOString();
        Object.assign(world.history, { firstExecutionRunId: 'run-2', activities: [preflight(scenario, mayCallUntil)] });
      }
      return goOn(world, scenario);
    case BEGIN_ANEW:
      left.resets -= 1;
      Object.assign(step, { attempt: 1, due: world.now });
      return;
    case MEDDLE:
      return meddle(world, scenario.meddling!);
    default:
      return actLateAs(world, scenario, choice);
  }
}
