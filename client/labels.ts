/** What people read of a request, for the client and its command line. */
export * from '../contracts/labels.ts';
