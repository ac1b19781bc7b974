// Makes of workflows/clone-volume.ts what a later version may look like: a step more before access is granted, guarded as
// docs/decisions ask for, or on purpose not (`guarded: false`). Fails when the line is not there any more, so that no test runs over an unchanged bundle.
const LINE = 'await this.grant(plan, clone.volumeID);';

module.exports = function nextVersion(source) {
  if (source.split(LINE).length !== 2) throw new Error(`workflows/clone-volume.ts does not contain once: ${LINE}`);
  const guard = this.getOptions().guarded === false ? '' : `if (patched('next-version')) `;
  const step = `${guard}await sleep('1s', { summary: 'A step of the next version' });\n    ${LINE}`;
  return `import { ${guard === '' ? '' : 'patched, '}sleep } from '@temporalio/workflow';\n${source.replace(LINE, step)}`;
};
