import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';

const DURATION = 'gatehouse_http_request_duration_seconds';
/** In seconds. A guarded read takes one or two milliseconds, a sign-in 50 to 150. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** What an alert counts from the first on. */
const COUNTED_FROM_THE_START = [500, 503];
/** All that the API answers, and what browsers and probes ask besides. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const UNKNOWN = 'unknown';

/** The requests of one method to one route. */
export class RequestTally {
  /** By status; those whose client hung up before the answer was out under `aborted`. */
  readonly counts = new Map<number | 'aborted', number>();
  readonly buckets = new Float64Array(BOUNDS.length);
  sum = 0;
  timed = 0;
  readonly sharedLabels: Readonly<Record<string, string>>;

  constructor(
    readonly method: string,
    readonly route: string,
  ) {
    this.sharedLabels = { method, route };
  }

  count(status: number | 'aborted'): void {
    this.counts.set(status, (this.counts.get(status) ?? 0) + 1);
  }

  time(seconds: number): void {
    this.sum += seconds;
    this.timed += 1;
    let at = 0;
    while (at < BOUNDS.length && seconds > (BOUNDS[at] ?? Infinity)) at += 1;
    if (at < BOUNDS.length) this.buckets[at] = (this.buckets[at] ?? 0) + 1;
  }
}

/**
 * Requests by route, method and status: rate, errors and durations. They are counted in plain numbers and made into
 * series at a scrape, since each call of the library builds a string of its labels. Routes are those that the service
 * declares; whatever else is asked for is `unknown`, so that nobody can make series.
 */
export class RequestTallies {
  /** Those under way, the long-lived streams apart. */
  inFlight = 0;
  /** What was refused before it had a route. */
  readonly unrouted = new RequestTally(UNKNOWN, UNKNOWN);
  private readonly byRoute = new Map<string, Map<string, RequestTally>>();
  private readonly all: RequestTally[] = [this.unrouted];

  constructor(registry: Registry) {
    const collectInFlight = (gauge: Gauge): void => {
      gauge.set(this.inFlight);
    };
    const collectCounts = (counter: Counter): void => {
      this.writeCounts(counter);
    };
    new Counter({
      name: 'gatehouse_http_requests_total',
      help: 'Requests by method, route and status. A status of aborted: the client hung up before its answer was out.',
      labelNames: ['method', 'route', 'status'],
      registers: [registry],
      collect() {
        collectCounts(this);
      },
    });
    new Gauge({
      name: 'gatehouse_http_requests_in_flight',
      help: 'Requests that are being answered, streams of revocations apart.',
      registers: [registry],
      collect() {
        collectInFlight(this);
      },
    });
    registry.registerMetric(new RequestDurations(this.all));
  }

  /** Declares a route: its requests are told apart from those of others. */
  declare(method: string, route: string): void {
    const methods = this.byRoute.get(route) ?? new Map<string, RequestTally>();
    this.byRoute.set(route, methods);
    if (methods.has(method)) return;
    const tally = this.add(method, route);
    methods.set(method, tally);
    if (method !== 'HEAD') for (const status of COUNTED_FROM_THE_START) tally.counts.set(status, 0);
  }

  /** @param route the template that the router found; undefined where it found none */
  of(method: string | undefined, route: string | undefined): RequestTally {
    const known = route === undefined ? undefined : this.byRoute.get(route)?.get(method ?? '');
    return known ?? this.strangerOf(method ?? '');
  }

  private strangerOf(method: string): RequestTally {
    const name = METHODS.has(method) ? method : UNKNOWN;
    return this.all.find((each) => each.route === UNKNOWN && each.method === name) ?? this.add(name, UNKNOWN);
  }

  private add(method: string, route: string): RequestTally {
    const tally = new RequestTally(method, route);
    this.all.push(tally);
    return tally;
  }

  private writeCounts(counter: Counter): void {
    counter.reset();
    for (const { method, route, counts } of this.all)
      for (const [status, count] of counts) counter.inc({ method, route, status }, count);
  }
}

const DURATIONS = {
  name: DURATION,
  help: 'From the head of a request to the last byte of its answer, by method and route; aborted ones apart.',
};

/** A histogram whose numbers are those above. */
class RequestDurations extends Histogram {
  constructor(private readonly tallies: readonly RequestTally[]) {
    super({ ...DURATIONS, labelNames: ['method', 'route'], buckets: BOUNDS, registers: [] });
  }

  /** What the registry asks a histogram for; the library names it in no type. */
  getForPromString(): Promise<object> {
    const values = this.tallies.filter(({ timed }) => timed > 0).flatMap(seriesOf);
    return Promise.resolve({ ...DURATIONS, type: 'histogram', aggregator: 'sum', values });
  }
}

interface Series {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  /** The same for all of one route: the library spells these out once. */
  readonly sharedLabels: Readonly<Record<string, string>>;
  readonly value: number;
}

function seriesOf({ sharedLabels, buckets, sum, timed }: RequestTally): Series[] {
  let below = 0;
  const bounded = BOUNDS.map((le, at) => {
    below += buckets[at] ?? 0;
    return { metricName: `${DURATION}_bucket`, labels: { le }, sharedLabels, value: below };
  });
  return [
    ...bounded,
    { metricName: `${DURATION}_bucket`, labels: { le: '+Inf' }, sharedLabels, value: timed },
    { metricName: `${DURATION}_sum`, labels: {}, sharedLabels, value: sum },
    { metricName: `${DURATION}_count`, labels: {}, sharedLabels, value: timed },
  ];
}
