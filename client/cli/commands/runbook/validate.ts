import type { Command } from 'commander';
import { planRunbook, type RunbookPlan } from '../../../../contracts/runbook/plan.ts';
import type { Fault } from '../../../../contracts/runbook/fault.ts';
import type { Json } from '../../../../contracts/runbook/types.ts';
import { RunbookFileError } from '../../../runbook-file/errors.ts';
import type { RunbookFile } from '../../../runbook-file/load.ts';
import { EXIT, errorDocument, errorText, UsageError, type ExitCode } from '../../errors.ts';
import type { Io } from '../../io.ts';
import { note, printJSON, printLine, withOutput, type OutputOptions } from '../../output.ts';
import { runbookPlanText } from '../../render/runbook-plan.ts';
import { plain } from '../../render/text.ts';
import { inputsOf } from '../../runbook-inputs.ts';
import { repeatable } from '../clone-options.ts';
import { readDocument } from './read-document.ts';

interface Options extends OutputOptions {
  input?: string[];
  quiet?: boolean;
}

const HELP = `
Examples:
  element-clone runbook validate refresh-uat.yaml --input source=42
  element-clone runbook validate --quiet runbooks/*.yaml

Asks neither Temporal nor a cluster. Values that show only in a run, such as the outputs of steps, stand as \${…}.
Exit codes: 0 all can be run, 2 one of them cannot: each fault is told with file, line and column.`;

export function addValidate(runbook: Command, io: Io, exit: (code: ExitCode) => void): void {
  const command = runbook
    .command('validate')
    .summary('check documents, and show what a run would do')
    .description('Checks documents and shows their steps in order, the calls that they would make, and the values.')
    .argument('<file...>', 'documents as YAML or JSON; - reads standard input')
    .addOption(repeatable('--input <name=value>', 'value of an input, for the values that are shown'))
    .option('--quiet', 'only say what is wrong')
    .addHelpText('after', HELP);
  withOutput(command).action(async (files: string[], options: Options) => {
    const results: object[] = [];
    let code: ExitCode = EXIT.ok;
    for (const file of files) {
      try {
        const plan = await planFile(file, options.input ?? [], io);
        results.push({ file, valid: true, plan });
        if (options.output === 'text' && options.quiet !== true) printLine(io, runbookPlanText(plan, io.out.colours));
        if (options.output === 'text') note(io, io.err.colours.green(`✓ ${file} can be run.`));
      } catch (err) {
        if (!(err instanceof RunbookFileError || err instanceof UsageError)) throw err;
        code = EXIT.usage;
        results.push({ file, valid: false, ...errorDocument(err) });
        note(io, io.err.colours.red(`✗ ${plain(errorText(err))}`));
      }
    }
    if (options.output === 'json') printJSON(io, results);
    exit(code);
  });
}

async function planFile(file: string, given: readonly string[], io: Io): Promise<RunbookPlan> {
  const loaded = await readDocument(file, io);
  return planOf(file, loaded, inputsOf(given, loaded.document.inputs ?? {}));
}

/** What a run would do. Throws `RunbookFileError` when the values of inputs do not fit where they stand. */
export function planOf(file: string, { document, place }: RunbookFile, inputs: Record<string, Json>): RunbookPlan {
  const { plan, faults } = planRunbook(document, inputs);
  if (faults.length > 0) {
    const withValues = (fault: Fault) => ({ ...place(fault), message: `with these inputs: ${fault.message}` });
    throw new RunbookFileError(file, faults.map(withValues));
  }
  return plan;
}
