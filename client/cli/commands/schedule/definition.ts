import { Option, type Command } from 'commander';
import { parse as parseYAML } from 'yaml';
import type { RunbookDocument } from '../../../../contracts/runbook/types.ts';
import { OVERLAP_POLICIES } from '../../../../contracts/schedule-names.ts';
import { SCHEDULE_TYPES } from '../../../schedule-types.ts';
import { UsageError } from '../../errors.ts';
import type { Io } from '../../io.ts';
import { readObject, type Fields } from '../../read-object.ts';
import { merge } from '../../request-from-flags.ts';
import { inputsOf } from '../../runbook-inputs.ts';
import { repeatable } from '../clone-options.ts';
import { readDocument } from '../runbook/read-document.ts';
import { isObject } from '../../../../contracts/json-object.ts';

/** Flags that say what a schedule is. */
export interface DefinitionFlags {
  file?: string;
  type?: string;
  request?: string;
  set?: string[];
  runbook?: string;
  input?: string[];
  cron?: string[];
  at?: string[];
  every?: string[];
  timeZone?: string;
  jitter?: string;
  from?: string;
  until?: string;
  overlap?: string;
  catchUp?: string;
  pauseOnFailure?: boolean;
  note?: string;
}

/** The flag beside each field, for faults. */
export const SCHEDULE_FLAGS: Record<string, string> = {
  type: '--type',
  request: '--request',
  cron: '--cron',
  at: '--at',
  every: '--every',
  timeZone: '--time-zone',
  jitter: '--jitter',
  from: '--from',
  until: '--until',
  overlap: '--overlap',
  catchUp: '--catch-up',
  note: '--note',
};

export function definitionOptions(command: Command): Command {
  command.optionsGroup('What:');
  command
    .option('--file <path>', 'the whole schedule as JSON or YAML; - reads standard input')
    .addOption(new Option('--type <type>', 'type of workflow').choices([...SCHEDULE_TYPES]))
    .option('--request <path>', 'what each run is asked for, as JSON or YAML; - reads standard input')
    .addOption(repeatable('--set <field=value>', 'field of the request, such as volumeID=42 or modify.qosPolicyID=3'))
    .option('--runbook <file>', 'a document that each run carries out, as YAML or JSON: --type runbook')
    .addOption(repeatable('--input <name=value>', 'value of an input of the runbook'));
  command.optionsGroup('When:');
  return command
    .addOption(repeatable('--cron <expression>', 'such as "30 2 * * MON-FRI"'))
    .addOption(repeatable('--at <time>', 'time of day, such as 02:30 or "MON-FRI 02:30"'))
    .addOption(repeatable('--every <duration>', 'such as 6h, counted from 1970 in UTC; 6h/30m shifts it by 30 minutes'))
    .option('--time-zone <name>', 'of --cron and --at, such as Europe/Berlin (default UTC)')
    .option('--jitter <duration>', 'each run begins up to this much later, by chance')
    .option('--from <time>', 'nothing runs before (ISO 8601)')
    .option('--until <time>', 'nothing runs after (ISO 8601)')
    .optionsGroup('How:')
    .addOption(
      new Option('--overlap <policy>', 'when the run before still runs (default skip)').choices([...OVERLAP_POLICIES]),
    )
    .option('--catch-up <duration>', 'how late a run may begin after Temporal was down (default 4h)')
    .option('--pause-on-failure', 'pause when a run fails, until somebody resumes it')
    .option('--no-pause-on-failure')
    .option('--note <text>', 'for people: why there is this schedule')
    .optionsGroup('Options:');
}

const TIMES = ['cron', 'at', 'calendars', 'every'] as const;

/** The schedule, unchecked: what there is already, over it the file's fields, and over those the flags. */
export async function definitionFromFlags(
  id: string | undefined,
  f: DefinitionFlags,
  io: Pick<Io, 'readStdin'>,
  present: Fields = {},
): Promise<Fields> {
  if (f.file === '-' && f.request === '-') throw new UsageError('--file and --request cannot both read standard input');
  const file = f.file === undefined ? present : await readObject('--file', f.file, io);
  const times = { cron: f.cron, at: f.at, every: f.every?.map(interval) };
  // New times stand instead of the old ones.
  const timesGiven = Object.values(times).some((t) => t !== undefined);
  const base = timesGiven ? Object.fromEntries(Object.entries(file).filter(([k]) => !isTime(k))) : file;
  const given = f.request === undefined ? base['request'] : await readObject('--request', f.request, io);
  const request = await withRunbook(given, f, io);
  const set = (f.set ?? []).map(setting).reduce<Fields>(merge, {});
  const fields: Fields = {
    ...base,
    ...(id === undefined ? {} : { id }),
    ...defined({
      type: f.type ?? (f.runbook === undefined ? undefined : 'runbook'),
      ...times,
      timeZone: f.timeZone,
      jitter: f.jitter,
      from: f.from,
      until: f.until,
    }),
    ...defined({ overlap: f.overlap, catchUp: f.catchUp, pauseOnFailure: f.pauseOnFailure, note: f.note }),
    ...(request === undefined || isObject(request) ? { request: merge(request ?? {}, set) } : { request }),
  };
  if (id !== undefined && f.file !== undefined && file['id'] !== undefined && file['id'] !== id) {
    throw new UsageError(
      `The file is for schedule ${JSON.stringify(file['id'])}, not "${id}"; leave one of the two out`,
    );
  }
  return fields;
}

/** The request with the document of `--runbook`, checked, and with the inputs. */
async function withRunbook(request: unknown, f: DefinitionFlags, io: Pick<Io, 'readStdin'>): Promise<unknown> {
  if (f.runbook === undefined && f.input === undefined) return request;
  const before = (request ?? {}) as { runbook?: unknown; inputs?: object };
  const runbook = f.runbook === undefined ? before.runbook : (await readDocument(f.runbook, io)).document;
  if (runbook === undefined) throw new UsageError('--input is for a runbook; give it with --runbook');
  const declared = (runbook as RunbookDocument).inputs ?? {};
  // Inputs that another document no longer has go with the old one: no flag could take them away.
  const kept = Object.entries(before.inputs ?? {}).filter(
    ([name]) => f.runbook === undefined || Object.hasOwn(declared, name),
  );
  return { ...before, runbook, inputs: { ...Object.fromEntries(kept), ...inputsOf(f.input ?? [], declared) } };
}

const isTime = (key: string) => (TIMES as readonly string[]).includes(key);

const defined = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/** `6h`, or `6h/30m`. */
function interval(text: string): Fields {
  const at = text.indexOf('/');
  return at < 0 ? { every: text } : { every: text.slice(0, at), offset: text.slice(at + 1) };
}

/** `modify.qosPolicyID=3`: the value as YAML has it, so that 3 is a number and [1, 2] a list. */
function setting(text: string): Fields {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError(`--set: "${text}" is no field=value`);
  let value: unknown;
  try {
    value = parseYAML(text.slice(at + 1));
  } catch {
    value = text.slice(at + 1);
  }
  return text
    .slice(0, at)
    .split('.')
    .reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Fields;
}
