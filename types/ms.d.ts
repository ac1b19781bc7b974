/**
 * The SDK's durations are typed by `ms`, whose package does not say where its types are; under nodenext they would
 * silently become `any`, and '5 secnds' would compile. A tsconfig path would do too, but tsx follows those at run time.
 */
declare module 'ms' {
  type Unit =
    | ('years' | 'year' | 'yrs' | 'yr' | 'y')
    | ('weeks' | 'week' | 'w')
    | ('days' | 'day' | 'd')
    | ('hours' | 'hour' | 'hrs' | 'hr' | 'h')
    | ('minutes' | 'minute' | 'mins' | 'min' | 'm')
    | ('seconds' | 'second' | 'secs' | 'sec' | 's')
    | ('milliseconds' | 'millisecond' | 'msecs' | 'msec' | 'ms');
  /** A duration such as '30s' or '24 hours'. */
  export type StringValue = `${number}` | `${number}${Unit}` | `${number} ${Unit}`;
  /** Milliseconds of a duration. Throws when it is none. */
  export default function ms(value: StringValue): number;
}
