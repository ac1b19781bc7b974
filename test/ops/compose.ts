import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const read = (path: string) => readFileSync(`${root}${path}`, 'utf8');

interface Service {
  image: string;
  build?: { context: string };
  user: string;
  restart: string;
  read_only: boolean;
  cap_drop: string[];
  security_opt: string[];
  ports?: string[];
  volumes?: string[];
  tmpfs?: string[];
  networks: string[];
  secrets?: string[];
  environment?: Record<string, string>;
  depends_on?: Record<string, { condition: string }>;
  healthcheck: { test?: string[]; disable?: boolean; interval?: string; timeout?: string; retries?: number };
  deploy: { resources: { limits: { cpus: string; memory: string; pids: number } } };
  stop_grace_period?: string;
  logging: unknown;
}

interface Compose {
  services: Record<string, Service>;
  secrets: Record<string, { file: string }>;
  volumes: Record<string, unknown>;
  networks: Record<string, unknown>;
}

export const compose = parse(read('docker-compose.yml'), { merge: true }) as Compose;
export const services = Object.entries(compose.services);
