export class SetupError extends Error {}
export function ensureReady(options?: { build?: boolean }): Promise<void>;
export function main(run: () => Promise<void>): Promise<void>;
export function requireNode(version: string): void;
