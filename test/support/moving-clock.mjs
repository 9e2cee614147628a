// Preloaded into a server under test: its wall clock is off by as many milliseconds as the test last wrote to its standard
// input, as `clock 2000`. Timers and the monotonic clock go on as they are, as they do where an operator or NTP sets the time.
// A proxy and no subclass: what is a Date to one must be one to the other, whoever made it.
let offsetMs = 0;
const now = () => RealDate.now() + offsetMs;
const RealDate = Date;

globalThis.Date = new Proxy(RealDate, {
  apply: (target) => new target(now()).toString(),
  construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
});

let heard = '';
process.stdin.on('data', (text) => {
  heard += text;
  const lines = heard.split('\n');
  heard = lines.pop() ?? '';
  for (const line of lines) offsetMs = Number(/^clock (-?\d+)$/.exec(line)?.[1] ?? offsetMs);
});
