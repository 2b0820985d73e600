export { createMetrics, type GaugeGroup, type Metrics, type MetricsOptions } from './metrics.js';
export { gaugeTable, type GaugeName, type GaugeReading } from './gauge-table.js';
export { createTelemetry, type Telemetry } from './telemetry.js';
export { startTracing, type Span, type Tracing } from './tracing.js';
export { isScrapeToken } from './scrape-token.js';
