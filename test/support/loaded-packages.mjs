// Preloaded into a service: as it ends, it tells which packages of OpenTelemetry it has loaded. All are CommonJS.
import module from 'node:module';

process.on('exit', () => {
  const found = Object.keys(module._cache).map((file) => /node_modules.@opentelemetry.([^/\\]+)/.exec(file)?.[1]);
  const names = [...new Set(found.filter((name) => name !== undefined))].sort();
  process.stderr.write(`LOADED ${names.join()}\n`);
});
