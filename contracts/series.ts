/*
 * Series: the generations that one recurring refresh makes. Workflow code uses this at run time, so it imports nothing.
 */

/** Short enough for a name with a date behind it, and plain enough for names and IDs. */
export const SERIES = /^[A-Za-z0-9][A-Za-z0-9._-]{0,47}$/;

export const isSeries = (value: unknown): value is string => typeof value === 'string' && SERIES.test(value);

/**
 * The one workflow ID under which a series is refreshed. The server keeps it unique, which makes the series a lock: it is
 * free as soon as the run has ended, however that was.
 */
export const seriesWorkflowID = (cluster: string, series: string) => `refresh-${series}@${cluster}`;

/** Default names of generations; `{name}` tells the volumes of a group apart. */
export const defaultTemplate = (series: string, isGroup: boolean) =>
  `${series}${isGroup ? '-{name}' : ''}-{yyyy}{MM}{dd}-{HH}{mm}`;
