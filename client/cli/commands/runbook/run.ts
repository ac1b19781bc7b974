import type { Command } from 'commander';
import { checkRequest } from '../../../../contracts/runbook/check.ts';
import type { Fault } from '../../../../contracts/runbook/fault.ts';
import type { RunbookHandle } from '../../../index.ts';
import { EXIT, UsageError, type ExitCode } from '../../errors.ts';
import type { Io } from '../../io.ts';
import { note, printJSON, printLine, withOutput, type OutputOptions } from '../../output.ts';
import { runbookPlanText } from '../../render/runbook-plan.ts';
import { inputsOf } from '../../runbook-inputs.ts';
import { withClient } from '../../session.ts';
import { repeatable } from '../clone-options.ts';
import { readDocument } from './read-document.ts';
import { planOf } from './validate.ts';
import { watchRunbook } from './watch.ts';

interface Options extends OutputOptions {
  input?: string[];
  requestId?: string;
  requestedBy?: string;
  detach?: boolean;
  dryRun?: boolean;
}

const EXAMPLES = `
Examples:
  element-clone runbook run refresh-uat.yaml --input source=42
  element-clone runbook run refresh-uat.yaml --input 'hosts=["uat-1","uat-2"]' --request-id uat-0412 --detach

The values of inputs are read by their types. Ctrl-C stops the watching, never the run, and exits with 130.
Exit codes: 0 done or started, 1 the run failed or was cancelled, 2 the document or an input cannot be used.`;

export function addRun(runbook: Command, io: Io, exit: (code: ExitCode) => void): void {
  const command = runbook
    .command('run')
    .summary('run a document, and watch its steps')
    .description('Runs a document of steps and shows the steps until the end.')
    .argument('<file>', 'the document as YAML or JSON; - reads standard input')
    .addOption(repeatable('--input <name=value>', 'value of an input'))
    .option('--request-id <key>', 'your key: the same one twice is the same run')
    .option('--requested-by <who>', 'who asks; shown to people')
    .option('--detach', 'print the workflow ID and end')
    .option('--dry-run', 'print the steps, the calls and the values, and do nothing')
    .addHelpText('after', EXAMPLES);
  withOutput(command).action(async (file: string, options: Options) => {
    const loaded = await readDocument(file, io);
    const { document } = loaded;
    const request = {
      runbook: document,
      inputs: inputsOf(options.input ?? [], document.inputs ?? {}),
      ...(options.requestId === undefined ? {} : { requestId: options.requestId }),
      ...(options.requestedBy === undefined ? {} : { requestedBy: options.requestedBy }),
    };
    const { faults } = checkRequest(request);
    if (faults.length > 0) throw new UsageError(faults.map((fault) => flagText(fault)).join('\n'));
    const plan = planOf(file, loaded, request.inputs);
    if (options.dryRun === true) {
      if (options.output === 'json') printJSON(io, plan);
      else
        printLine(
          io,
          `${io.out.colours.bold('Nothing was done. This would be:')}\n${runbookPlanText(plan, io.out.colours)}`,
        );
      return exit(EXIT.ok);
    }
    exit(
      await withClient(async (client) => {
        const run = await client.runbooks.start(request);
        return options.detach === true ? detached(run, options, io) : watched(run, document.name, options, io);
      }),
    );
  });
}

/** What is wrong with an input or a key, by its flag. */
function flagText({ path, message }: Fault): string {
  const [first, name] = path;
  if (first === 'inputs' && name !== undefined) return `--input ${[name, ...path.slice(2)].join('.')}: ${message}`;
  const flag = { requestId: '--request-id', requestedBy: '--requested-by' }[String(first)];
  return `${flag ?? (path.join('.') || 'FILE')}: ${message}`;
}

function detached(run: RunbookHandle, options: Options, io: Io): ExitCode {
  if (options.output === 'json') printJSON(io, { workflowId: run.workflowId, joined: run.joined });
  else printLine(io, run.workflowId);
  if (run.joined) note(io, 'This requestId had been used before: nothing new was started.');
  note(io, `Watch it: element-clone runbook show ${run.workflowId}`);
  return EXIT.ok;
}

async function watched(run: RunbookHandle, name: string, options: Options, io: Io): Promise<ExitCode> {
  note(io, `${run.joined ? 'Joined, by its requestId,' : 'Started'} ${io.err.colours.bold(run.workflowId)}`);
  const last = await watchRunbook(io, run);
  if (last === undefined) return EXIT.interrupted;
  const result = await run.result();
  if (options.output === 'json') printJSON(io, { workflowId: run.workflowId, ...result });
  else {
    const outputs = Object.entries(result.outputs).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}`);
    printLine(io, [`${io.out.colours.green('✓')} Runbook ${name} is done.`, ...outputs].join('\n'));
  }
  return EXIT.ok;
}
