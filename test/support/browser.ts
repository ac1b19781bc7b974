import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright-core';

/** A browser of our own, with nothing remembered from before. */
export interface Browser {
  context: BrowserContext;
  close(): Promise<void>;
}

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Flags that keep the browser from calling home, and let it run as root and without a display. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The browser on the PATH. Its absence is an error with the remedy, since a skipped test proves nothing. */
export function findBrowser(env: NodeJS.ProcessEnv = process.env): string {
  for (const dir of (env['PATH'] ?? '').split(delimiter).filter((d) => d !== '')) {
    for (const name of NAMES) {
      try {
        accessSync(join(dir, name), constants.X_OK);
        return join(dir, name);
      } catch {
        // Not in this folder.
      }
    }
  }
  throw new Error(
    `The tests of the Temporal UI need a browser and none of ${NAMES.join(', ')} is on the PATH: install one (Debian: apt-get install -y chromium).`,
  );
}

export interface BrowserOptions {
  width?: number;
  height?: number;
}

/** Starts a headless browser in a profile folder of its own, which close() removes. */
export async function openBrowser({ width = 1600, height = 1200 }: BrowserOptions = {}): Promise<Browser> {
  const executablePath = findBrowser();
  const profile = await mkdtemp(join(tmpdir(), 'element-clone-browser-'));
  const forget = () => rm(profile, { recursive: true, force: true, maxRetries: 5 });
  try {
    const context = await chromium.launchPersistentContext(profile, {
      executablePath,
      headless: true,
      args: FLAGS,
      viewport: { width, height },
      locale: 'en-GB',
      timezoneId: 'UTC',
      // A loaded machine may take its time.
      timeout: 120_000,
    });
    context.setDefaultTimeout(90_000);
    return {
      context,
      close: async () => {
        await context.close();
        await forget();
      },
    };
  } catch (err) {
    await forget();
    throw err;
  }
}

/** What a person can read on the page, frames included (the UI shows Markdown in one), on one line with straight quotes. */
export async function pageText(page: Page): Promise<string> {
  const texts = await Promise.all(
    page.frames().map((frame) => frame.evaluate<string>('document.body?.innerText ?? ""').catch(() => '')),
  );
  return texts.join('\n').replace(/\s+/g, ' ').replace(/[“”]/g, '"');
}
