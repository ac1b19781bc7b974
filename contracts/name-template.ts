/** What a template may name, each with the longest that may stand for it. */
const LONGEST = {
  yyyy: '2026',
  MM: '12',
  dd: '31',
  HH: '23',
  mm: '59',
  ss: '59',
  /** Number of the generation. */
  generation: '999999',
  /** Of a group: the volume's name in the request, else its source's ID. */
  name: '9999999999',
} as const;

type Placeholder = keyof typeof LONGEST;
export type NameParts = Record<Placeholder, string>;

const isPlaceholder = (text: string): text is Placeholder => text in LONGEST;
const PLACEHOLDERS = Object.keys(LONGEST).map((p) => `{${p}}`);

/** Longest name that the API takes. */
export const NAME_MAX = 64;

/** The name that a template gives. */
export const expandName = (template: string, parts: Readonly<Partial<NameParts>>): string =>
  template.replace(/\{(\w+)\}/g, (whole, key: string) => (isPlaceholder(key) ? (parts[key] ?? whole) : whole));

/** Why a template cannot be used, each with the remedy. `names`: what `{name}` may stand for. */
export function templateFaults(template: string, names: readonly string[] = []): string[] {
  const faults: string[] = [];
  for (const [whole, key = ''] of template.matchAll(/\{([^{}]*)\}/g)) {
    if (!isPlaceholder(key)) faults.push(`knows no ${whole}; there are ${PLACEHOLDERS.join(', ')}`);
  }
  if (/[{}]/.test(template.replace(/\{[^{}]*\}/g, ''))) faults.push('has a brace without its partner; close it');
  const name = names.reduce((a, b) => (b.length > a.length ? b : a), '');
  const longest = expandName(template, { ...LONGEST, ...(name === '' ? {} : { name }) });
  if (faults.length === 0 && longest.length > NAME_MAX) {
    faults.push(
      `makes names of up to ${longest.length} characters, such as ${JSON.stringify(longest)}; a volume's name has at most ${NAME_MAX}, so shorten it by ${longest.length - NAME_MAX}`,
    );
  }
  return faults;
}

/** The parts of a moment in a time zone (IANA name). */
export function timeParts(moment: Date, timeZone: string): Pick<NameParts, 'yyyy' | 'MM' | 'dd' | 'HH' | 'mm' | 'ss'> {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hourCycle: 'h23',
    ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' },
  }).formatToParts(moment);
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.find((p) => p.type === type)?.value ?? '';
  return {
    yyyy: part('year').padStart(4, '0'),
    MM: part('month'),
    dd: part('day'),
    HH: part('hour'),
    mm: part('minute'),
    ss: part('second'),
  };
}

export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-GB', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
