import type { Command } from 'commander';
import type { Check } from '../../../worker/doctor.ts';
import { EXIT, type ExitCode } from '../errors.ts';
import type { Io } from '../io.ts';
import { printJSON, printLine, withOutput, type OutputOptions } from '../output.ts';
import { plain } from '../render/text.ts';

export function addDoctor(program: Command, io: Io, exit: (code: ExitCode) => void): void {
  const command = program
    .command('doctor')
    .summary('check everything that a clone depends on')
    .description('Checks Temporal, the configuration and each cluster; changes nothing.')
    .option('--config <path>', 'configuration (default: ELEMENT_CLONE_CONFIG, else ./element-clone.yaml)')
    .addHelpText(
      'after',
      `
Example:
  LAB_PASSWORD=… element-clone doctor

Exit codes: 0 nothing is in the way of a clone (warnings may be), 1 something is.`,
    );
  withOutput(command).action(async (options: OutputOptions & { config?: string }) => {
    const { examine } = await import('../../../worker/doctor.ts');
    const checks: Check[] = [];
    const settings = { env: io.env, ...(options.config === undefined ? {} : { configPath: options.config }) };
    for await (const check of examine(settings)) {
      checks.push(check);
      if (options.output === 'text') printLine(io, checkText(check, io));
    }
    const failed = checks.filter((c) => c.ok === 'fail').length;
    const warned = checks.filter((c) => c.ok === 'warn').length;
    if (options.output === 'json') printJSON(io, { ok: failed === 0, checks });
    else printLine(io, `\n${summary(failed, warned, io)}`);
    exit(failed === 0 ? EXIT.ok : EXIT.failed);
  });
}

const CHECK_WIDTH = 27;

function checkText({ check, ok, message, remedy }: Check, io: Io): string {
  const { green, yellow, red, bold, dim } = io.out.colours;
  const mark = { ok: green('✓'), warn: yellow('!'), fail: red('✗') }[ok];
  const lines = [`${mark} ${bold(check.padEnd(CHECK_WIDTH))}  ${plain(message)}`];
  if (remedy !== undefined) lines.push(`  ${dim('→')} ${plain(remedy)}`);
  return lines.join('\n');
}

function summary(failed: number, warned: number, io: Io): string {
  const { green, red } = io.out.colours;
  const warnings = warned === 0 ? '' : ` (${warned} warning${warned === 1 ? '' : 's'})`;
  return failed === 0 ? green(`All well${warnings}.`) : red(`${failed} in the way of a clone${warnings}.`);
}
