import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as der from './der.ts';

const day = 86_400_000;
const authorityName = 'element-clone simulator CA';

/** A certificate authority and a server certificate it signed, all PEM. */
export interface ServerCertificates {
  caPem: string;
  certificatePem: string;
  privateKeyPem: string;
}

interface Authority {
  certificatePem: string;
  privateKey: KeyObject;
}

const ecdsaWithSha256 = der.sequence(der.oid('1.2.840.10045.4.3.2'));

const nameOf = (commonName: string): der.Der =>
  der.sequence(der.set(der.sequence(der.oid('2.5.4.3'), der.utf8(commonName))));

const extension = (oid: string, critical: boolean, value: der.Der): der.Der =>
  der.sequence(der.oid(oid), ...(critical ? [der.boolean(true)] : []), der.octets(value));

/** SHA-1 of the key, as RFC 5280, 4.2.1.2 has it; it identifies and secures nothing. */
const keyIdentifier = (publicKey: KeyObject): Buffer =>
  createHash('sha1')
    .update(publicKey.export({ type: 'spki', format: 'der' }).subarray(-65))
    .digest();

/** Extensions of RFC 5280, 4.2.1. */
const authorityExtensions = (key: KeyObject): der.Der[] => [
  extension('2.5.29.19', true, der.sequence(der.boolean(true))),
  extension('2.5.29.15', true, der.bits(Buffer.from([0b0000_0110]), 1)), // keyCertSign, cRLSign
  extension('2.5.29.14', false, der.octets(keyIdentifier(key))),
];

const serverExtensions = (key: KeyObject, authorityKey: KeyObject, dnsNames: readonly string[]): der.Der[] => [
  extension('2.5.29.19', true, der.sequence()),
  extension('2.5.29.15', true, der.bits(Buffer.from([0b1000_0000]), 7)), // digitalSignature
  extension('2.5.29.37', false, der.sequence(der.oid('1.3.6.1.5.5.7.3.1'), der.oid('1.3.6.1.5.5.7.3.2'))), // serverAuth, clientAuth
  extension('2.5.29.14', false, der.octets(keyIdentifier(key))),
  extension('2.5.29.35', false, der.sequence(der.implicit(0, keyIdentifier(authorityKey)))),
  extension(
    '2.5.29.17',
    false,
    der.sequence(
      ...['localhost', ...dnsNames].map((name) => der.implicit(2, Buffer.from(name))),
      der.implicit(7, Buffer.from([127, 0, 0, 1])),
      der.implicit(7, Buffer.from([...Array.from({ length: 15 }, () => 0), 1])),
    ),
  ),
];

interface Issue {
  subject: string;
  publicKey: KeyObject;
  signingKey: KeyObject;
  days: number;
  extensions: der.Der[];
}

const issue = ({ subject, publicKey, signingKey, days, extensions }: Issue): string => {
  const now = Date.now();
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  const body = der.sequence(
    der.explicit(0, der.integer(Buffer.from([2]))),
    der.integer(serial),
    ecdsaWithSha256,
    nameOf(authorityName),
    // Valid since yesterday: the clock of a client may be a little behind.
    der.sequence(der.utcTime(now - day), der.utcTime(now + days * day)),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der.explicit(3, der.sequence(...extensions)),
  );
  const certificate = der.sequence(body, ecdsaWithSha256, der.bits(sign('sha256', body, signingKey)));
  const lines = certificate.toString('base64').replaceAll(/(.{64})(?!$)/g, '$1\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
};

const newKeys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });

const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

const newAuthority = (): Authority => {
  const { publicKey, privateKey } = newKeys();
  const extensions = authorityExtensions(publicKey);
  const wishes = { subject: authorityName, publicKey, signingKey: privateKey, days: 3650, extensions };
  return { certificatePem: issue(wishes), privateKey };
};

/** The CA kept in a directory, or a new one that is put there. */
const keptAuthority = (directory: string): Authority => {
  const certificateFile = path.join(directory, 'ca.pem');
  const keyFile = path.join(directory, 'ca-key.pem');
  if (existsSync(certificateFile) && existsSync(keyFile)) {
    const certificatePem = readFileSync(certificateFile, 'utf8');
    return { certificatePem, privateKey: createPrivateKey(readFileSync(keyFile, 'utf8')) };
  }
  const authority = newAuthority();
  mkdirSync(directory, { recursive: true });
  writeFileSync(keyFile, pemOf(authority.privateKey), { mode: 0o600 });
  writeFileSync(certificateFile, authority.certificatePem);
  return authority;
};

/** A server certificate for this machine's own names and `dnsNames`, signed by the CA of `caDir` or by one made for this run. */
export const makeCertificates = (caDir?: string, dnsNames: readonly string[] = []): ServerCertificates => {
  const authority = caDir === undefined ? newAuthority() : keptAuthority(caDir);
  const { publicKey, privateKey } = newKeys();
  const certificatePem = issue({
    subject: 'localhost',
    publicKey,
    signingKey: authority.privateKey,
    days: 365,
    extensions: serverExtensions(publicKey, createPublicKey(authority.privateKey), dnsNames),
  });
  return { caPem: authority.certificatePem, certificatePem, privateKeyPem: pemOf(privateKey) };
};
