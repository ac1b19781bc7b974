/** Documents that cannot be run, each by one fault or few. */
const head = 'name: t\ncluster: lab\n';
export const BROKEN: [what: string, text: string, files?: Record<string, string>][] = [
  ['an unknown key', head + 'steps:\n  - { id: a, wait: { for: 1s }, neds: [] }\n'],
  ['an unknown key of the document', 'nmae: t\nsteps: [{ id: a, wait: { for: 1s } }]\n'],
  ['an unknown field of a request', head + 'steps:\n  - id: a\n    clone:\n      volumeID: 42\n      nmae: x\n'],
  [
    'a need that is not there',
    head + 'steps:\n  - { id: copy, wait: { for: 1s } }\n  - { id: b, needs: [coyp], wait: { for: 1s } }\n',
  ],
  [
    'a circle',
    head +
      'steps:\n  - { id: a, needs: [c], wait: { for: 1s } }\n  - { id: b, needs: [a], wait: { for: 1s } }\n  - { id: c, needs: [b], wait: { for: 1s } }\n',
  ],
  ['a step that needs itself', head + 'steps:\n  - { id: a, needs: [a], wait: { for: 1s } }\n'],
  ['an ID twice', head + 'steps:\n  - { id: a, wait: { for: 1s } }\n  - { id: a, wait: { for: 1s } }\n'],
  ['a step never reached', head + 'steps:\n  - { id: a, when: 1 > 2, wait: { for: 1s } }\n'],
  [
    'an outcome that cannot be',
    head +
      'steps:\n  - { id: a, wait: { for: 1s } }\n  - { id: b, needs: [a], when: steps.a.outcome == "failed", wait: { for: 1s } }\n',
  ],
  ['two actions', head + 'steps:\n  - { id: a, wait: { for: 1s }, delete: { volumeID: 1 } }\n'],
  ['no action', head + 'steps:\n  - { id: a }\n'],
  ['an input that is not declared', head + 'steps:\n  - { id: a, clone: { volumeID: "${inputs.source}", name: x } }\n'],
  [
    'a step that is not needed',
    head +
      'steps:\n  - { id: a, clone: { volumeID: 42, name: x } }\n  - { id: b, delete: { volumeID: "${steps.a.volumeID}" } }\n',
  ],
  [
    'an output that is not there',
    head +
      'steps:\n  - { id: a, clone: { volumeID: 42, name: x } }\n  - { id: b, needs: [a], delete: { volumeID: "${steps.a.volumeId}" } }\n',
  ],
  [
    'outputs of a loop',
    head +
      'steps:\n  - { id: a, forEach: "[1, 2]", clone: { volumeID: 42, name: "x${item}" } }\n  - { id: b, needs: [a], delete: { volumeID: "${steps.a.volumeID}" } }\n',
  ],
  [
    'a value of the wrong type',
    head + 'inputs: { s: { type: string } }\nsteps:\n  - { id: a, clone: { volumeID: "${inputs.s}", name: x } }\n',
  ],
  [
    'when that is no condition',
    head + 'inputs: { s: { type: string } }\nsteps:\n  - { id: a, when: inputs.s, wait: { for: 1s } }\n',
  ],
  ['an expression that does not parse', head + 'steps:\n  - { id: a, wait: { for: "${1 +}" } }\n'],
  [
    'a function that is not there',
    head + 'steps:\n  - { id: a, when: timestamp("2026-01-01T00:00:00Z") == null, wait: { for: 1s } }\n',
  ],
  [
    'a regular expression',
    head +
      'inputs: { s: { type: string } }\nsteps:\n  - { id: a, when: inputs.s.matches("(a+)+$"), wait: { for: 1s } }\n',
  ],
  ['a bad duration', head + 'steps:\n  - { id: a, wait: { for: 1x } }\n'],
  ['a wait of nothing', head + 'steps:\n  - { id: a, wait: {} }\n'],
  ['a path that climbs', head + 'steps:\n  - { id: a, http: { hook: h, path: /../x } }\n'],
  ['an address in place of a hook', head + 'steps:\n  - { id: a, http: { hook: "https://evil.example", path: / } }\n'],
  [
    'a hook by expression',
    head + 'inputs: { h: { type: string } }\nsteps:\n  - { id: a, http: { hook: "${inputs.h}" } }\n',
  ],
  ['no cluster', 'name: t\nsteps:\n  - { id: a, clone: { volumeID: 42, name: x } }\n'],
  ['a requestId', head + 'steps:\n  - { id: a, clone: { volumeID: 42, name: x, requestId: mine } }\n'],
  [
    'a default of the wrong type',
    head + 'inputs: { n: { type: integer, default: many } }\nsteps: [{ id: a, wait: { for: 1s } }]\n',
  ],
  ['undo of an approval', head + 'steps:\n  - { id: a, approval: { from: [x] }, undo: { wait: { for: 1s } } }\n'],
  ['an approval of nobody', head + 'steps:\n  - { id: a, approval: { from: [] } }\n'],
  ['too many attempts', head + 'steps:\n  - { id: a, wait: { for: 1s }, retry: { attempts: 1000 } }\n'],
  ['no steps', head + 'steps: []\n'],
  [
    'too many steps',
    head + `steps: [${Array.from({ length: 501 }, (_, i) => `{ id: s${i}, wait: { for: 1s } }`).join(', ')}]\n`,
  ],
  ['broken YAML', head + 'steps:\n  - { id: a, wait: { for: 1s }\n'],
  ['a YAML key twice', head + 'name: u\nsteps: [{ id: a, wait: { for: 1s } }]\n'],
  ['two documents', head + 'steps: [{ id: a, wait: { for: 1s } }]\n---\nname: u\n'],
  ['nothing', ''],
  ['a list', '[1]\n'],
  [
    'a bomb of aliases',
    head +
      'a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nsteps: [{ id: a, workflow: { type: t, input: [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c] } }]\n',
  ],
  [
    'a depth without end',
    head + `steps: [{ id: a, workflow: { type: t, input: ${'['.repeat(300)}${']'.repeat(300)} } }]\n`,
  ],
  ['a large value', head + `steps:\n  - { id: a, workflow: { type: t, input: "${'x'.repeat(600000)}" } }\n`],
  ['a file that is not there', head + 'steps:\n  - { id: a, runbook: { file: other.yaml } }\n'],
  ['a file that runs itself', head + 'steps:\n  - { id: a, runbook: { file: t.yaml } }\n'],
  [
    'a fault in another file',
    head + 'steps:\n  - { id: a, runbook: { file: other.yaml } }\n',
    { 'other.yaml': 'name: o\nsteps:\n  - { id: a, wait: { form: 1s } }\n' },
  ],
  [
    'an input of another file',
    head + 'steps:\n  - id: a\n    runbook: { file: other.yaml, inputs: { m: 1 } }\n',
    { 'other.yaml': 'name: o\ninputs: { n: { type: integer } }\nsteps: [{ id: a, wait: { for: 1s } }]\n' },
  ],
];
