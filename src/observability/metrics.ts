import { Injectable } from '@nestjs/common';
import { Counter, Histogram, Registry } from 'prom-client';

/** What this instance counts and measures, in Prometheus' terms. */
@Injectable()
export class Metrics {
  readonly registry = new Registry();

  readonly refreshes = new Counter({
    name: 'gatehouse_refreshes_total',
    help: 'Refreshes by what they came to: rotated, repeated, reused and so on.',
    labelNames: ['outcome'],
    registers: [this.registry],
  });

  readonly revocationPropagation = new Histogram({
    name: 'gatehouse_revocation_propagation_seconds',
    help: 'From appending a revocation to the feed to applying it on this instance.',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [this.registry],
  });
}
