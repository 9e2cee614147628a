import type { AppConfig } from '../config/app-config.js';
import { recordWith } from './spans.js';
import type { SpanRecorder } from './spans.js';

/**
 * Starts to trace, where the configuration says whither. Nothing of OpenTelemetry's SDK is loaded otherwise.
 * @returns what makes the spans; to be stopped with the application
 */
export async function startTracing({ tracing }: Pick<AppConfig, 'tracing'>): Promise<SpanRecorder | undefined> {
  if (!tracing) return undefined;
  const { openRecorder } = await import('./tracing-recorder.js');
  const recorder = openRecorder(tracing.endpoint);
  recordWith(recorder);
  return recorder;
}
