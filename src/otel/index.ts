/** The door of OpenTelemetry. Needs the package `@opentelemetry/api`. */
export { createClientTracing, createServerTracing, type TracingOptions } from "./tracing-interceptor.ts";
export { createTransitionSpanSink, type TransitionSpanOptions } from "./transition-span-sink.ts";
