// Preloaded by launch.mjs: a launcher that was killed outright could pass no signal on, so its program looks for itself.
import { isMainThread } from 'node:worker_threads';

const launcher = Number(process.env.ELEMENT_CLONE_LAUNCHER);
// Whatever this process starts in turn has another parent, and is not to take that for a dead one.
delete process.env.ELEMENT_CLONE_LAUNCHER;

if (isMainThread && launcher > 0) {
  const look = setInterval(() => {
    if (process.ppid === launcher) return;
    clearInterval(look);
    process.kill(process.pid, 'SIGTERM');
  }, 500);
  look.unref();
}
