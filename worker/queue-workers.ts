import type { NativeConnection, Worker } from '@temporalio/worker';

export type QueueWorker = Pick<Worker, 'getState' | 'getStatus'>;

/** The workers of this process: one for each task queue that it serves. */
export interface QueueWorkers {
  /** Serves these queues, and no others from now on; what is under way on those that go ends as it began. */
  follow(taskQueues: readonly string[]): Promise<void>;
  all(): { taskQueue: string; worker: QueueWorker }[];
  /** Moves them to another connection, with their work. */
  use(connection: NativeConnection): void;
  /** Settles when the first of them ends that was not to, and then all have. */
  ended: Promise<void>;
  stop(): Promise<void>;
}

export function createQueueWorkers(create: (taskQueue: string) => Promise<Worker>): QueueWorkers {
  const running = new Map<string, { worker: Worker; done: Promise<void> }>();
  const leaving = new Map<string, Promise<void>>();
  let stopping = false;
  let end: (failure?: unknown) => void;
  const first = new Promise<void>((resolve, reject) => {
    end = (failure) => (failure === undefined ? resolve() : reject(failure));
  });

  const shutdown = ({ worker }: { worker: Worker }) => {
    if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  async function stop(): Promise<void> {
    stopping = true;
    const all = [...running.values()];
    all.forEach(shutdown);
    await Promise.allSettled(all.map(({ done }) => done));
  }
  async function add(taskQueue: string): Promise<void> {
    // Two workers of one process may not share a queue, not even for the time of a farewell.
    await leaving.get(taskQueue)?.catch(() => {});
    const worker = await create(taskQueue);
    // A signal has come in the meantime: a worker that runs now would never hear of it.
    if (stopping) return;
    const done = worker.run();
    running.set(taskQueue, { worker, done });
    // One that was dropped is no longer in the map; any other ends by a signal, or by a fault that ends the process.
    const isWanted = () => running.get(taskQueue)?.worker === worker;
    done.then(
      () => isWanted() && ((stopping = true), end()),
      (err: unknown) => isWanted() && ((stopping = true), end(err)),
    );
  }

  const ended = (async () => {
    try {
      await first;
    } finally {
      await stop();
    }
  })();
  // Whoever fails to start awaits it no more.
  ended.catch(() => {});
  return {
    async follow(taskQueues) {
      for (const queue of taskQueues) if (!running.has(queue)) await add(queue);
      for (const [queue, one] of running) {
        if (taskQueues.includes(queue) || stopping) continue;
        running.delete(queue);
        leaving.set(queue, one.done);
        shutdown(one);
      }
    },
    all: () => [...running].map(([taskQueue, { worker }]) => ({ taskQueue, worker })),
    use(connection) {
      for (const { worker } of running.values()) worker.connection = connection;
    },
    ended,
    stop,
  };
}
