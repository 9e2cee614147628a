/** Delays that a test measured, in milliseconds. */
export class Measured {
  private readonly delays: number[] = [];

  constructor(private readonly what: string) {}

  add(delayMs: number): void {
    this.delays.push(delayMs);
  }

  get count(): number {
    return this.delays.length;
  }

  get max(): number {
    return Math.max(0, ...this.delays);
  }

  /** @param share 0.5 is the median */
  quantile(share: number): number {
    const sorted = this.delays.toSorted((a, b) => a - b);
    return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
  }

  /** Tells whoever reads the run: its numbers are a result, too. */
  print(): void {
    const [p50, p99, max] = [this.quantile(0.5), this.quantile(0.99), this.max].map((delay) => delay.toFixed(1));
    process.stdout.write(`chaos: ${this.what}: n=${this.count} p50=${p50} p99=${p99} max=${max} ms\n`);
  }
}
