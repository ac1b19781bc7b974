import { CancellationScope, condition, defineSignal, setHandler } from '@temporalio/workflow';
import { SLOTS } from '../contracts/slots.ts';
import { watches } from './activities.ts';

/** Our turn in the line for clone slots: heard by signal, and looked up now and then, should the signal be lost. */
export class Turn {
  private hasCome = false;

  constructor() {
    setHandler(defineSignal(SLOTS.granted), () => {
      this.hasCome = true;
    });
  }

  /** Until it is our turn (`granted`), or nobody knows our place any more. */
  async wait(cluster: string, scheduleToCloseTimeout: number): Promise<{ granted: boolean; apiCalls: number }> {
    const scope = new CancellationScope();
    try {
      return await scope.run(() =>
        Promise.race([
          condition(() => this.hasCome).then(() => ({ granted: true, apiCalls: 0 })),
          watches.waitForSlot
            .executeWithOptions({ summary: 'In line for a clone slot', scheduleToCloseTimeout }, [{ cluster }])
            .then(({ apiCalls }) => ({ granted: this.hasCome, apiCalls })),
        ]),
      );
    } finally {
      scope.cancel();
      this.hasCome = false;
    }
  }
}
