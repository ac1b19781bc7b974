// Loaded by path, by workers and clients alike, and bundled with the workflows. Messages and stack traces of failures become a
// payload, which the codec then encrypts; without it they would stand in every history in clear.
const { DefaultFailureConverter } = require('@temporalio/common');

exports.failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
