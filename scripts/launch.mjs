// Runs one of the project's programs as a child of its launcher, with the terminal and the signals passed on.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { root } from './source-hash.mjs';

const SAME_KEYSTROKE_MS = 500;

/**
 * Runs `node …args` in the checkout and returns its exit code (128 + n after signal n).
 *
 * The child is in a process group of its own, since Ctrl-C under npm arrives several times: from the terminal, which
 * signals everyone in the foreground, and from npm, which passes its own on. Only this process hears both, and hands on one.
 */
export async function runNode(args, { env } = {}) {
  const child = spawn(process.execPath, ['--import', new URL('exit-with-parent.mjs', import.meta.url).href, ...args], {
    cwd: root,
    stdio: 'inherit',
    detached: process.platform !== 'win32',
    env: { ...process.env, ...env, ELEMENT_CLONE_LAUNCHER: String(process.pid) },
  });
  const lastSent = new Map();
  const passOn = (signal) => {
    const now = performance.now();
    if (now - (lastSent.get(signal) ?? -Infinity) < SAME_KEYSTROKE_MS) return;
    lastSent.set(signal, now);
    child.kill(signal);
  };
  const resize = () => child.kill('SIGWINCH');
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];
  for (const signal of signals) process.on(signal, passOn);
  process.on('SIGWINCH', resize);
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)));
    });
  } finally {
    for (const signal of signals) process.removeListener(signal, passOn);
    process.removeListener('SIGWINCH', resize);
  }
}
