// Temporal's native module comes with a binary for each of five platforms, 137 MB; an image runs on one of them.
import { readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const bridge = join(process.cwd(), 'node_modules', '@temporalio', 'core-bridge');
const releases = join(bridge, 'releases');
const arch = { x64: 'x86_64', arm64: 'aarch64' }[process.arch];
const wanted = `${arch}-unknown-linux-gnu`;
const found = readdirSync(releases);
if (process.platform !== 'linux' || !found.includes(wanted)) {
  throw new Error(`core-bridge has no binary for ${process.platform} on ${process.arch}, only ${found.join(', ')}`);
}
for (const name of found) if (name !== wanted) rmSync(join(releases, name), { recursive: true });
// Its Rust sources, for those who build it themselves.
for (const name of ['sdk-core', 'src', 'Cargo.toml', 'Cargo.lock']) {
  rmSync(join(bridge, name), { recursive: true, force: true });
}
createRequire(join(process.cwd(), 'package.json'))('@temporalio/core-bridge');
console.log(`Only ${wanted} is left, and it loads.`);
