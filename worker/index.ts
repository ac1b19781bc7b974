/** Public entry `element-clone/worker`. */
export { runWorker, WorkerStartError, type RunWorkerOptions } from './run.ts';
export { nexusService } from './nexus.ts';
export { createClusters, type Clusters } from './clusters.ts';
export { ConfigError, loadConfig, type ClusterConfig, type WorkerConfig } from './config.ts';
export { ensureSearchAttributes } from './search-attributes.ts';
