import { unwatchFile, watchFile } from 'node:fs';
import type { Logger } from 'pino';
import { createHooks, type Hooks } from '../activities/index.ts';
import type { Clusters } from './clusters.ts';
import type { WorkerConfig } from './config.ts';
import { reason } from './secrets.ts';

/** A file that is mounted into a container is exchanged by a link, which only a look at it notices for sure. */
const LOOK_MS = 5_000;

/** Hooks that can be exchanged for others; calls under way end as they began. */
export function liveHooks(configs: WorkerConfig['hooks']) {
  let hooks = createHooks(configs);
  return {
    names: () => hooks.names(),
    timeoutSeconds: (name) => hooks.timeoutSeconds(name),
    call: (name, request) => hooks.call(name, request),
    replace(next: WorkerConfig['hooks']) {
      const before = hooks;
      hooks = createHooks(next);
      void before.close();
    },
    close: () => hooks.close(),
  } satisfies Hooks & { replace(next: WorkerConfig['hooks']): void; close(): Promise<void> };
}

export interface ReloadOptions {
  file: string;
  load: () => Promise<WorkerConfig>;
  clusters: Clusters;
  hooks: ReturnType<typeof liveHooks>;
  log: Pick<Logger, 'info' | 'error'>;
  /** What is to follow the clusters. */
  onReload?: () => Promise<void>;
  /** Milliseconds between two looks at the file. @default 5_000 */
  lookMs?: number;
}

/**
 * Takes over clusters and hooks of a changed configuration: on SIGHUP, or when the file has changed. One that cannot be
 * used changes nothing.
 */
export function reloadOnChange({ file, load, clusters, hooks, log, onReload, lookMs = LOOK_MS }: ReloadOptions): {
  stop(): void;
} {
  let last = Promise.resolve();
  const reload = (why: string) => {
    last = last.then(async () => {
      try {
        const config = await load();
        clusters.replace(config);
        hooks.replace(config.hooks);
        await onReload?.();
        log.info({ file, why, clusters: clusters.known(), hooks: hooks.names() }, 'Configuration reloaded');
      } catch (err) {
        log.error({ file, why, error: reason(err) }, 'The changed configuration cannot be used; the one before stays');
      }
    });
  };
  const onSignal = () => reload('SIGHUP');
  const onLook = (now: { mtimeMs: number; size: number }, before: { mtimeMs: number; size: number }) => {
    if (now.mtimeMs !== before.mtimeMs || now.size !== before.size) reload('file changed');
  };
  process.on('SIGHUP', onSignal);
  watchFile(file, { interval: lookMs, persistent: false }, onLook);
  return {
    stop() {
      process.off('SIGHUP', onSignal);
      unwatchFile(file, onLook);
    },
  };
}
